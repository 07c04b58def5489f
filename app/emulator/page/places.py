"""The sidebar: conversations under their headings, with a light where a call is going on."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.emulator.page.faces import Face, user_face
from app.emulator.page.reader import Reader, conversations
from app.emulator.workspace import Channel, User, Workspace


@dataclass(frozen=True)
class Place:
    """A line of the sidebar."""

    id: str
    name: str
    kind: str
    address: str
    is_here: bool
    live_calls: int
    faces: list[Face] = field(default_factory=list)
    is_archived: bool = False


@dataclass(frozen=True)
class Sidebar:
    """Conversations by heading."""

    channels: list[Place]
    direct: list[Place]
    home: Place


def sidebar(reader: Reader) -> Sidebar:
    """What this person can open."""
    shown = [_place(reader, channel) for channel in conversations(reader.workspace, reader.user)]
    home = Place("home", reader.workspace.app.name, "app", reader.address(channel="", view="home"), reader.is_home, 0)
    return Sidebar(
        [each for each in shown if each.kind in ("public", "private")],
        [each for each in shown if each.kind in ("im", "mpim")],
        home,
    )


def place_name(workspace: Workspace, channel: Channel, reader: User) -> str:
    """A channel's name, or who else is in a direct conversation."""
    if channel.kind in ("public", "private"):
        return channel.name
    return ", ".join(each.name for each in others(workspace, channel, reader))


def others(workspace: Workspace, channel: Channel, reader: User) -> list[Face]:
    """Who else is in a conversation; in one with oneself, oneself."""
    members = [user for user in channel.members if user != reader.id] or channel.members
    return [user_face(workspace, user) for user in members]


def _place(reader: Reader, channel: Channel) -> Place:
    workspace = reader.workspace
    is_direct = channel.kind in ("im", "mpim")
    return Place(
        channel.id,
        place_name(workspace, channel, reader.user),
        channel.kind,
        reader.address(channel=channel.id),
        reader.channel is channel,
        sum(not card["has_ended"] for card in workspace.messages.cards(channel.id)),
        others(workspace, channel, reader.user) if is_direct else [],
        channel.is_archived,
    )
