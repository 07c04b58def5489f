"""The cast of every new workspace: three people, two bots, five conversations, one bot token.

Every team gets the same ids for people and channels on purpose: an app that forgets the team in one of its keys
is found out as soon as there are two teams.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.emulator.workspace import Channel, Grant, User, Workspace

TEAM_ID = "T0LOCAL"
TEAM_NAME = "Local"
BOT_TOKEN = "xoxb-local"  # noqa: S105 - public: it opens nothing but an emulator
APP_TOKEN = "xapp-local"  # noqa: S105
BOT_USER_ID = "U0BOT"
BOT_ID = "B0BOT"
BOT_SCOPES = (
    "calls:read",
    "calls:write",
    "chat:write",
    "chat:write.public",
    "commands",
    "users:read",
    "users:read.email",
    "im:write",
)


def settle(workspace: Workspace, token: str | None, scopes: Iterable[str] = BOT_SCOPES) -> Workspace:
    """Fill an empty workspace with the cast and give its bot the token, if there is one."""
    for user in _people():
        workspace.add_user(user)
    workspace.add_user(User(BOT_USER_ID, "switchboard", workspace.app.name, is_bot=True))
    workspace.add_user(User("USLACKBOT", "slackbot", "Slackbot", is_bot=True))
    for channel in _conversations():
        workspace.add_channel(channel)
    if token is not None:
        workspace.add_grant(Grant(token, BOT_USER_ID, frozenset(scopes), BOT_ID))
    return workspace


def _people() -> list[User]:
    return [
        User("U0ADA", "ada", "Ada Lovelace", "ada@example.com", is_admin=True),
        User("U0GRACE", "grace", "Grace Hopper", "grace@example.com"),
        User("U0ALAN", "alan", "Alan Turing", "alan@example.com"),
    ]


def _conversations() -> list[Channel]:
    everyone = ["U0ADA", "U0GRACE", "U0ALAN"]
    return [
        Channel("C0GENERAL", "general", members=list(everyone)),
        Channel("C0RANDOM", "random", members=list(everyone)),
        Channel("G0SECRET", "secret", "private", members=["U0ADA", "U0GRACE"]),
        Channel("D0ADAGRACE", "directmessage", "im", members=["U0ADA", "U0GRACE"]),
        Channel("C0ARCHIVED", "archived", members=list(everyone), is_archived=True),
    ]
