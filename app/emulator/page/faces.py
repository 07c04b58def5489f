"""How a person is drawn: a name, initials on one of eight colours, a badge for apps."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from app.emulator.participants import Person
from app.emulator.workspace import User, Workspace

_COLOURS = 8


@dataclass(frozen=True)
class Face:
    """Somebody as a small round picture. `colour` is one of eight, always the same for the same id."""

    id: str
    name: str
    initials: str
    colour: int
    is_app: bool = False
    is_admin: bool = False


def face(key: str, name: str, is_app: bool = False, is_admin: bool = False) -> Face:
    """The picture for anybody who has a key and a name."""
    return Face(key, name, _initials(name), zlib.adler32(key.encode()) % _COLOURS, is_app, is_admin)


def user_face(workspace: Workspace, user_id: str) -> Face:
    """The picture of a user; one who is not known is shown by the id."""
    user = workspace.users.get(user_id)
    if user is None:
        return face(user_id, user_id)
    # Slackbot is Slack itself, not an app.
    return face(user.id, user.real_name, user.is_bot and user.id != "USLACKBOT", user.is_admin)


def participant_face(workspace: Workspace, person: Person) -> Face:
    """The picture of somebody on a call: a user of the workspace, or whoever the app says."""
    if "slack_id" in person:
        return user_face(workspace, person["slack_id"])
    return face(person["external_id"], person.get("display_name") or person["external_id"])


def cast(workspace: Workspace) -> list[User]:
    """The people one can act as."""
    return [user for user in workspace.users.values() if not (user.is_bot or user.deleted)]


def names_of(workspace: Workspace) -> dict[str, str]:
    """Names by id, of people and channels, for mentions."""
    people = {user.id: user.real_name for user in workspace.users.values()}
    return people | {channel.id: channel.name for channel in workspace.channels.values()}


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()] or name.split() or ["?"]
    ends = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in ends).upper()
