"""Messages: what stands in the channels and what single people were shown, with live call cards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from app.emulator.block_kit.interactive import with_ids
from app.emulator.call_shapes import card, expanded_block
from app.emulator.calls import CallBook
from app.emulator.errors import JsonObject, SlackError
from app.emulator.ids import Ids

MAX_TEXT = 40_000
"""Longer texts are cut: https://docs.slack.dev/reference/methods/chat.postMessage#truncating"""


@dataclass(frozen=True)
class Author:
    """Who a message is from, with the keys that Slack shows for such an author."""

    user_id: str
    bot_id: str | None = None
    bot_profile: JsonObject | None = None

    def shown(self) -> JsonObject:
        """The author's part of a message."""
        if self.bot_id is None:
            return {"user": self.user_id}
        return {"user": self.user_id, "bot_id": self.bot_id, "bot_profile": self.bot_profile}


@dataclass(frozen=True)
class Draft:
    """What an app wants to say."""

    text: str = ""
    blocks: list[JsonObject] = field(default_factory=list)
    attachments: list[JsonObject] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: JsonObject | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.text.strip() or self.blocks or self.attachments)


@dataclass
class Message:
    """A draft that was posted. `seen_by` names the only person who sees an ephemeral message."""

    ts: str
    channel: str
    author: Author
    draft: Draft
    seen_by: str | None = None
    edited_ts: str | None = None
    replies: list[Message] = field(default_factory=list)

    @property
    def is_in_channel(self) -> bool:
        """Whether it stands in the channel itself, not only in a thread."""
        return self.draft.thread_ts in (None, self.ts)


class MessageBook:
    """All messages of one workspace. The caller holds the workspace's lock."""

    def __init__(self, team_id: str, app_id: str, calls: CallBook, ids: Ids, now: Callable[[], float]) -> None:
        self._team_id = team_id
        self._app_id = app_id
        self._calls = calls
        self._ids = ids
        self._now = now
        self._last_ts = 0
        self._messages: list[Message] = []

    def post(self, channel: str, author: Author, draft: Draft, seen_by: str | None = None) -> Message:
        """Post a message, for all or for one; a card posted for all marks its call as shown there."""
        message = Message(self._next_ts(), channel, author, self._finished(draft), seen_by)
        self._messages.append(message)
        root = self.find(channel, draft.thread_ts) if draft.thread_ts and seen_by is None else None
        if root is not None:
            root.replies.append(message)
        if seen_by is None:
            self._mark_calls(message)
        return message

    def edit(self, message: Message, draft: Draft) -> Message:
        """Replace what a message says; it keeps its place and its ts."""
        message.draft = self._finished(replace(draft, thread_ts=message.draft.thread_ts))
        message.edited_ts = self._next_ts()
        if message.seen_by is None:
            self._mark_calls(message)
        return message

    def delete(self, message: Message) -> None:
        """Take a message away; deleting it a second time changes nothing."""
        self._messages = [each for each in self._messages if each is not message]
        root = self.find(message.channel, message.draft.thread_ts) if message.draft.thread_ts else None
        if root is not None and message in root.replies:
            root.replies.remove(message)

    def attach(self, message: Message, attachments: list[JsonObject]) -> None:
        """Show something below a message, in the place of what was shown there for the same links."""
        links = {each["from_url"] for each in attachments}
        kept = [each for each in message.draft.attachments if each.get("from_url") not in links]
        finished = [*kept, *map(self._finished_attachment, attachments)]
        numbered = [each | {"id": number} for number, each in enumerate(finished, 1)]
        message.draft = replace(message.draft, attachments=numbered)
        self._mark_calls(message)

    def unfurl_id(self, message: Message) -> str:
        """The name under which the links of a message can be shown."""
        digest = hashlib.sha256(f"{message.channel}{message.ts}".encode()).hexdigest()
        return f"{message.channel}.{message.ts}.{digest}"

    def find_unfurl(self, unfurl_id: str) -> Message | None:
        """The message with that unfurl id."""
        channel, _, rest = unfurl_id.partition(".")
        message = self.find(channel, rest.rpartition(".")[0])
        return message if message is not None and self.unfurl_id(message) == unfurl_id else None

    def find(self, channel: str, ts: str) -> Message | None:
        """The message that everybody in the channel sees under this ts."""
        return next((each for each in self.in_channel(channel) if each.ts == ts), None)

    def in_channel(self, channel: str) -> list[Message]:
        """What everybody in the channel sees, oldest first."""
        return [each for each in self._messages if each.channel == channel and each.seen_by is None]

    def only_for(self, user_id: str) -> list[Message]:
        """The ephemeral messages of one person, oldest first, whatever the channel."""
        return [each for each in self._messages if each.seen_by == user_id]

    def cards(self, channel: str) -> list[JsonObject]:
        """The call cards that stand in a channel, in the order of their messages."""
        blocks = [block for message in self.in_channel(channel) for block in _call_blocks(message)]
        return [card(self._calls.get(block["call_id"]), self._app_id) for block in blocks]

    def shown(self, message: Message, *, with_metadata: bool = False) -> JsonObject:
        """A message as it is read back, its call blocks filled in with how the calls stand now."""
        draft = message.draft
        shown: JsonObject = {
            "type": "message",
            **message.author.shown(),
            "text": draft.text,
            "ts": message.ts,
            "team": self._team_id,
        }
        if message.author.bot_id:
            shown["app_id"] = self._app_id
        if draft.blocks:
            shown["blocks"] = [self._expanded(block) for block in draft.blocks]
        if draft.metadata:
            shown["metadata"] = draft.metadata if with_metadata else {"event_type": draft.metadata.get("event_type")}
        return shown | self._extras(message) | _thread(message)

    def _extras(self, message: Message) -> JsonObject:
        draft = message.draft
        extras: JsonObject = {}
        if draft.attachments:
            extras["attachments"] = [self._shown_attachment(each) for each in draft.attachments]
        if message.edited_ts:
            extras["edited"] = {"user": message.author.user_id, "ts": message.edited_ts}
        if message.seen_by:
            extras |= {"is_ephemeral": True, "channel": message.channel}
        return extras

    def _shown_attachment(self, attachment: JsonObject) -> JsonObject:
        if "blocks" not in attachment:
            return attachment
        return attachment | {"blocks": [self._expanded(block) for block in attachment["blocks"]]}

    def _expanded(self, block: JsonObject) -> JsonObject:
        if block["type"] != "call":
            return block
        return expanded_block(block, self._calls.get(block["call_id"]), self._app_id)

    def _finished(self, draft: Draft) -> Draft:
        """The draft as Slack keeps it: the text cut to size, every block and element with an id."""
        return replace(
            draft,
            text=draft.text[:MAX_TEXT],
            blocks=with_ids(draft.blocks, self._ids),
            attachments=[self._finished_attachment(each) for each in draft.attachments],
        )

    def _finished_attachment(self, attachment: JsonObject) -> JsonObject:
        """An attachment whose blocks have ids too; one that says it has none does without the key."""
        if attachment.get("blocks") is None:
            return {name: value for name, value in attachment.items() if name != "blocks"}
        return attachment | {"blocks": with_ids(attachment["blocks"], self._ids)}

    def _mark_calls(self, message: Message) -> None:
        for block in _call_blocks(message):
            self._calls.get(block["call_id"]).stands_in(message.channel)

    def _next_ts(self) -> str:
        """A message id that is also a time; two messages of one microsecond get different ones."""
        self._last_ts = max(int(self._now() * 1_000_000), self._last_ts + 1)
        seconds, micros = divmod(self._last_ts, 1_000_000)
        return f"{seconds}.{micros:06d}"


def _call_blocks(message: Message) -> list[JsonObject]:
    """The call blocks of a message, also of what hangs below it."""
    draft = message.draft
    blocks = [*draft.blocks, *(block for each in draft.attachments for block in each.get("blocks") or [])]
    return [block for block in blocks if block["type"] == "call"]


def _thread(message: Message) -> JsonObject:
    """What a message says about the thread it is in or has."""
    if not message.replies:
        return {"thread_ts": message.draft.thread_ts} if message.draft.thread_ts else {}
    users = list(dict.fromkeys(reply.author.user_id for reply in message.replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(message.replies),
        "reply_users_count": len(users),
        "latest_reply": message.replies[-1].ts,
        "reply_users": users,
        "is_locked": False,
        "subscribed": False,
    }


def check_call_blocks(blocks: list[JsonObject]) -> None:
    """Refuse call blocks, for the places where a switch says that Slack does not show them."""
    if any(block["type"] == "call" for block in blocks):
        raise SlackError("invalid_blocks", "unsupported type: call [json-pointer:/blocks]")
