"""Who looks at what. It all stands in the address, so each tab of a browser may be somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from app.emulator.page.faces import cast
from app.emulator.slack import Slack
from app.emulator.workspace import Channel, User, Workspace

HOME = "home"


@dataclass(frozen=True)
class Reader:
    """One person before one conversation or before the app's Home; `thread` is the ts of an open thread."""

    workspace: Workspace
    user: User
    channel: Channel | None
    thread: str | None = None
    notice: str = ""

    @property
    def is_home(self) -> bool:
        """Whether the app's Home is looked at instead of a conversation."""
        return self.channel is None

    def address(self, **changes: str) -> str:
        """The address of another place for the same person, or of the same place for another one."""
        here = {"user": self.user.id, "channel": self.channel.id if self.channel else ""}
        if self.is_home:
            here["view"] = HOME
        if self.workspace.team_id != "T0LOCAL":
            here["team"] = self.workspace.team_id
        merged = here | changes
        if changes.get("channel"):
            merged.pop("view", None)
        return "/?" + urlencode({name: value for name, value in merged.items() if value})


def read_reader(slack: Slack, args: Mapping[str, str]) -> Reader:
    """The reader that an address names; what it does not know is replaced by what there is."""
    workspace = slack.workspaces.get(args.get("team", "")) or slack.workspace()
    user = _user(workspace, args.get("user", ""))
    places = conversations(workspace, user)
    channel = next((each for each in places if each.id == args.get("channel")), places[0])
    is_home = args.get("view") == HOME
    return Reader(workspace, user, None if is_home else channel, args.get("thread") or None, args.get("notice", ""))


def conversations(workspace: Workspace, user: User) -> list[Channel]:
    """The conversations a person can open: every public one, and where they are a member."""
    return [each for each in workspace.channels.values() if each.kind == "public" or user.id in each.members]


def _user(workspace: Workspace, user_id: str) -> User:
    people = cast(workspace)
    return next((each for each in people if each.id == user_id), people[0])
