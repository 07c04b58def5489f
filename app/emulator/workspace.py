"""A workspace: one team with its people, conversations and tokens, and the books of what happens in it.

Pure Python without HTTP. One lock guards the whole workspace; whoever reads or changes it holds the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from app.emulator.calls import CallBook
from app.emulator.errors import JsonObject, SlackError
from app.emulator.ids import Ids
from app.emulator.messages import Author, MessageBook
from app.emulator.response_urls import ResponseUrls
from app.emulator.switches import Switches
from app.emulator.triggers import Triggers
from app.emulator.views import View, ViewBook

if TYPE_CHECKING:
    from app.emulator.steps import Step

ChannelKind = Literal["public", "private", "im", "mpim"]


@dataclass(frozen=True)
class AppIdentity:
    """The one app whose tokens and secrets the emulator knows."""

    app_id: str = "A0LOCAL"
    name: str = "Switchboard"
    signing_secret: str = "local-secret"  # noqa: S105 - public: it guards nothing real
    verification_token: str = "local-verification-token"  # noqa: S105
    client_id: str = "1000000000.2000000000"
    client_secret: str = "local-client-secret"  # noqa: S105


@dataclass(frozen=True)
class Enterprise:
    """An organisation that several workspaces belong to."""

    id: str
    name: str


@dataclass
class User:
    """A member of a workspace, a person or a bot."""

    id: str
    name: str
    real_name: str
    email: str = ""
    is_admin: bool = False
    is_bot: bool = False
    deleted: bool = False
    profile: JsonObject = field(default_factory=dict)


@dataclass
class Channel:
    """A conversation; `members` are user ids, the bot's among them where it takes part."""

    id: str
    name: str
    kind: ChannelKind = "public"
    members: list[str] = field(default_factory=list)
    is_archived: bool = False


@dataclass(frozen=True)
class Grant:
    """What a token stands for: whom it acts as, and which scopes it has. `bot_id` is None for a user token.

    `expires_at` is None for one that lasts; `enterprise_id` is set for one that an organisation gave for all its
    workspaces; `is_temporary` marks the token of a workflow step.
    """

    token: str
    user_id: str
    scopes: frozenset[str]
    bot_id: str | None = None
    expires_at: float | None = None
    enterprise_id: str | None = None
    is_temporary: bool = False


class Workspace:
    """One team's state."""

    def __init__(
        self,
        team_id: str,
        name: str,
        app: AppIdentity,
        ids: Ids,
        now: Callable[[], float],
        switches: Switches,
    ) -> None:
        self.team_id = team_id
        self.name = name
        self.domain = name.lower().replace(" ", "-")
        self.app = app
        self.switches = switches
        self.now = now
        self.lock = threading.RLock()
        self.enterprise: Enterprise | None = None
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.grants: dict[str, Grant] = {}
        self.calls = CallBook(ids, now, switches)
        self.messages = MessageBook(team_id, app.app_id, self.calls, ids, now)
        self.response_urls = ResponseUrls(team_id, ids, now)
        self.triggers = Triggers(ids, now)
        self.steps: dict[str, Step] = {}
        self.views = ViewBook(team_id, app.app_id, ids, now)
        self._ids = ids

    def add_user(self, user: User) -> User:
        """Let somebody in, or replace who has that id."""
        self.users[user.id] = user
        return user

    def add_channel(self, channel: Channel) -> Channel:
        """Open a conversation, or replace the one with that id."""
        self.channels[channel.id] = channel
        return channel

    def add_grant(self, grant: Grant) -> Grant:
        """Issue a token, or change the scopes of one already issued."""
        self.grants[grant.token] = grant
        return grant

    def channel(self, channel_id: str) -> Channel:
        """The conversation, or `channel_not_found`."""
        if channel_id not in self.channels:
            raise SlackError("channel_not_found")
        return self.channels[channel_id]

    def channel_named(self, name: str) -> Channel | None:
        """The public or private channel with that name, given with or without its #."""
        wanted = name.removeprefix("#")
        named = (each for each in self.channels.values() if each.kind in ("public", "private"))
        return next((each for each in named if each.name == wanted), None)

    def open_conversation(self, members: Iterable[str]) -> tuple[Channel, bool]:
        """The direct conversation of exactly these users, and whether it existed before."""
        wanted = set(members)
        for channel in self.channels.values():
            if channel.kind in ("im", "mpim") and set(channel.members) == wanted:
                return channel, True
        kind: ChannelKind = "im" if len(wanted) <= 2 else "mpim"
        channel_id = self._ids.next("D" if kind == "im" else "G")
        name = "directmessage" if kind == "im" else "mpdm-" + "--".join(sorted(wanted)).lower()
        return self.add_channel(Channel(channel_id, name, kind, sorted(wanted))), False

    def bot_grant(self) -> Grant:
        """The grant of the app's bot, under whose name response URLs and commands are answered."""
        grant = self._find_bot_grant()
        if grant is None:
            raise SlackError("app_not_installed")
        return grant

    @property
    def bot_id(self) -> str | None:
        """The app's bot; None where the app is not installed."""
        grant = self._find_bot_grant()
        return grant.bot_id if grant else None

    def shown_view(self, view: View) -> JsonObject:
        """A view of the app as Slack tells of it."""
        grant = self._find_bot_grant()
        installed_in = grant.enterprise_id if grant and grant.enterprise_id else self.team_id
        return self.views.shown(view, self.bot_id, installed_in)

    def _find_bot_grant(self) -> Grant | None:
        """The newest grant of the bot that is not only for one workflow step."""
        return next((each for each in reversed(self.grants.values()) if each.bot_id and not each.is_temporary), None)

    def author(self, grant: Grant) -> Author:
        """The author of what is posted with a token."""
        profile = self.bot_profile(grant.bot_id) if grant.bot_id else None
        return Author(grant.user_id, grant.bot_id, profile)

    def bot_profile(self, bot_id: str) -> JsonObject:
        """The `bot_profile` that Slack attaches to a bot's messages."""
        icon = f"https://avatars.example.com/{self.app.app_id}"
        return {
            "id": bot_id,
            "deleted": False,
            "name": self.app.name,
            "updated": 1557835614,
            "app_id": self.app.app_id,
            "icons": {f"image_{size}": f"{icon}_{size}.png" for size in ("36", "48", "72")},
            "team_id": self.team_id,
        }
