"""Everything one pretended Slack knows: its workspaces, its one app, its limits, faults, switches and journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.emulator import local_team
from app.emulator.app_link import AppLink
from app.emulator.call_shapes import card
from app.emulator.errors import JsonObject, SlackError
from app.emulator.faults import Faults
from app.emulator.ids import Ids
from app.emulator.journal import Journal
from app.emulator.rate_limits import RateLimits
from app.emulator.switches import Switches
from app.emulator.web_api import METHODS
from app.emulator.web_api.answer import Caller
from app.emulator.workspace import AppIdentity, Workspace


class Slack:
    """The state behind the HTTP surface; all of it can be used without HTTP too."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.base_url = ""
        self.app = AppIdentity()
        self.ids = Ids(start=int(now() * 1000))
        self.switches = Switches()
        self.faults = Faults()
        self.journal = Journal()
        self.limits = RateLimits(_tier_limits(), now)
        self.app_link = AppLink(self.app.signing_secret, now, self.journal)
        self.workspaces: dict[str, Workspace] = {}
        self.add_team(local_team.TEAM_ID, local_team.TEAM_NAME, local_team.BOT_TOKEN)

    def add_team(self, team_id: str, name: str, token: str, scopes: Iterable[str] = local_team.BOT_SCOPES) -> Workspace:
        """One more workspace where the app is installed, with the usual cast."""
        workspace = Workspace(team_id, name, self.app, self.ids, self.now, self.switches)
        self.workspaces[team_id] = local_team.settle(workspace, token, scopes)
        return workspace

    def workspace(self, team_id: str | None = None) -> Workspace:
        """A workspace by its team id; the local one if none is given."""
        workspace = self.workspaces.get(team_id or local_team.TEAM_ID)
        if workspace is None:
            raise SlackError("team_not_found")
        return workspace

    def caller(self, token: str | None) -> Caller | None:
        """Whom a token stands for and where, if anybody gave it out."""
        for workspace in list(self.workspaces.values()):
            grant = workspace.grants.get(token or "")
            if grant is not None:
                return Caller(workspace, grant)
        return None

    def reset(self) -> None:
        """Start over with one untouched workspace; the app stays connected."""
        self.faults.clear()
        self.switches.reset()
        self.limits.reset()
        self.journal.clear()
        self.workspaces.clear()
        self.add_team(local_team.TEAM_ID, local_team.TEAM_NAME, local_team.BOT_TOKEN)

    def messages(self, channel: str, team: str | None = None) -> list[JsonObject]:
        """What everybody in a channel sees, newest last, with the cards as they are now."""
        workspace = self.workspace(team)
        with workspace.lock:
            book = workspace.messages
            return [book.shown(message) for message in book.in_channel(workspace.channel(channel).id)]

    def ephemerals(self, user: str, team: str | None = None) -> list[JsonObject]:
        """What only one person sees, newest last, in whatever channel."""
        workspace = self.workspace(team)
        with workspace.lock:
            return [workspace.messages.shown(message) for message in workspace.messages.only_for(user)]

    def cards(self, channel: str, team: str | None = None) -> list[JsonObject]:
        """The `call.v1` of every call card standing in a channel."""
        workspace = self.workspace(team)
        with workspace.lock:
            return workspace.messages.cards(workspace.channel(channel).id)

    def call(self, call_id: str) -> JsonObject:
        """The `call.v1` of a call, posted or not; call ids are unique over all teams."""
        for workspace in list(self.workspaces.values()):
            with workspace.lock:
                if call_id in workspace.calls:
                    return card(workspace.calls.get(call_id), self.app.app_id)
        raise SlackError("invalid_call_id")


def _tier_limits() -> dict[str, int]:
    return {name: method.per_minute for name, method in METHODS.items()}
