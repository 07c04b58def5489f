"""The messages of a conversation as one person sees them, and threads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from markupsafe import Markup

from app.emulator.errors import JsonObject
from app.emulator.messages import Message
from app.emulator.page.block_views import BlockReader, BlockView
from app.emulator.page.faces import Face, user_face
from app.emulator.page.moments import Moment, moment
from app.emulator.page.reader import Reader
from app.emulator.workspace import Channel

_MOST_MESSAGES = 200
_CLOSE_SECONDS = 300
"""Messages of one author that follow so soon are drawn as one group."""


@dataclass(frozen=True)
class MessageView:
    """One message. `follows` says that it continues the group of the one before; `new_day` that a day begins."""

    ts: str
    author: Face
    at: Moment
    text: Markup
    blocks: list[BlockView]
    attached: list[list[BlockView]]
    only_you: bool
    is_edited: bool
    follows: bool = False
    new_day: bool = False
    replies: int = 0
    repliers: list[Face] = field(default_factory=list)
    last_reply: Moment | None = None
    words: str = ""


@dataclass(frozen=True)
class Timeline:
    """What stands in a conversation, and the thread that is open beside it."""

    messages: list[MessageView]
    thread: list[MessageView] = field(default_factory=list)


def timeline(reader: Reader, channel: Channel) -> Timeline:
    """A conversation for one person: what all see, and what only they see."""
    book = reader.workspace.messages
    private = [each for each in book.only_for(reader.user.id) if each.channel == channel.id]
    everything = sorted([*book.in_channel(channel.id), *private], key=lambda message: message.ts)
    writer = _Writer(reader, channel)
    roots = [each for each in everything if not _is_reply(each)][-_MOST_MESSAGES:]
    thread = [each for each in everything if reader.thread in (each.ts, each.draft.thread_ts)] if reader.thread else []
    views = [writer.with_replies(message, _replies(message, everything)) for message in roots]
    return Timeline(_grouped(views), _grouped([writer.view(message) for message in thread]))


def _is_reply(message: Message) -> bool:
    return message.draft.thread_ts not in (None, message.ts)


def _replies(message: Message, everything: list[Message]) -> list[Message]:
    return [each for each in everything if _is_reply(each) and each.draft.thread_ts == message.ts]


class _Writer:
    """Turns messages into views."""

    def __init__(self, reader: Reader, channel: Channel) -> None:
        self._workspace = reader.workspace
        self._blocks = BlockReader(reader.workspace, reader.user.id if channel.kind == "im" else None)

    def view(self, message: Message) -> MessageView:
        shown = self._workspace.messages.shown(message)
        blocks: list[JsonObject] = shown.get("blocks", [])
        return MessageView(
            ts=message.ts,
            author=user_face(self._workspace, message.author.user_id),
            at=moment(float(message.ts)),
            text=Markup("") if blocks else self._blocks.text(shown["text"]),
            blocks=self._blocks.all(blocks),
            attached=[self._attachment(each) for each in shown.get("attachments", [])],
            only_you=message.seen_by is not None,
            is_edited=message.edited_ts is not None,
            words=shown["text"][:200],
        )

    def with_replies(self, message: Message, replies: list[Message]) -> MessageView:
        view = self.view(message)
        if not replies:
            return view
        users = dict.fromkeys(each.author.user_id for each in replies)
        faces = [user_face(self._workspace, user) for user in users][:3]
        return replace(view, replies=len(replies), repliers=faces, last_reply=moment(float(replies[-1].ts)))

    def _attachment(self, attachment: JsonObject) -> list[BlockView]:
        """An attachment's blocks; an old-style one has texts, which are drawn as sections."""
        if attachment.get("blocks"):
            return self._blocks.all(attachment["blocks"])
        texts = [attachment.get(name) for name in ("pretext", "title", "text")]
        said = [text for text in texts if text] or [attachment.get("fallback", "")]
        return [BlockView("section", text=self._blocks.text(text)) for text in said]


def _grouped(views: list[MessageView]) -> list[MessageView]:
    """The same views, knowing which begins a day and which continues a group."""
    found: list[MessageView] = []
    for view in views:
        before = found[-1] if found else None
        new_day = before is None or before.at.day != view.at.day
        found.append(replace(view, new_day=new_day, follows=not new_day and _continues(before, view)))
    return found


def _continues(before: MessageView | None, view: MessageView) -> bool:
    if before is None or before.author != view.author or before.only_you != view.only_you or before.replies:
        return False
    return float(view.ts) - float(before.ts) < _CLOSE_SECONDS
