"""conversations.history, conversations.replies and conversations.members."""

from __future__ import annotations

import re

from app.emulator.errors import JsonObject, SlackError
from app.emulator.messages import Message
from app.emulator.rate_limits import TIER_3, TIER_4
from app.emulator.web_api.context import Context
from app.emulator.web_api.method import Method
from app.emulator.web_api.paging import metadata, page_of
from app.emulator.workspace import Channel

_HISTORY = {"public": "channels:history", "private": "groups:history", "mpim": "mpim:history", "im": "im:history"}
_READ = {"public": "channels:read", "private": "groups:read", "mpim": "mpim:read", "im": "im:read"}
_TIME = re.compile(r"\d{1,12}(\.\d{1,6})?")


def history(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/conversations.history: newest first, without replies in threads."""
    channel = _joined(context)
    roots = [message for message in context.workspace.messages.in_channel(channel.id) if message.is_in_channel]
    shown, cursor = page_of(list(reversed(_between(context, roots))), context.args, usual=100, most=999)
    more = metadata(cursor) if cursor else {}
    return {"messages": _shown(context, shown), "has_more": bool(cursor), "pin_count": 0} | more


def replies(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/conversations.replies: a message and its replies, oldest first."""
    channel = _joined(context)
    ts = context.args.required("ts")
    message = context.workspace.messages.find(channel.id, ts)
    if message is None:
        raise SlackError("thread_not_found")
    root = message.draft.thread_ts or ts
    thread = [
        each for each in context.workspace.messages.in_channel(channel.id) if root in (each.ts, each.draft.thread_ts)
    ]
    shown, cursor = page_of(_between(context, thread), context.args, usual=1000, most=1000)
    more = metadata(cursor) if cursor else {}
    return {"messages": _shown(context, shown), "has_more": bool(cursor)} | more


def members(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/conversations.members"""
    channel = context.readable_channel()
    context.require_scope(_READ[channel.kind])
    shown, cursor = page_of(channel.members, context.args)
    return {"members": shown} | metadata(cursor)


def _joined(context: Context) -> Channel:
    channel = context.readable_channel()
    context.require_scope(_HISTORY[channel.kind])
    if context.grant.user_id not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _between(context: Context, messages: list[Message]) -> list[Message]:
    """The messages between `oldest` and `latest`, themselves only with `inclusive`."""
    oldest, latest = _time(context, "oldest"), _time(context, "latest")
    inclusive = context.args.flag("inclusive")

    def is_wanted(message: Message) -> bool:
        at = float(message.ts)
        if inclusive and at in (oldest, latest):
            return True
        return (oldest is None or at > oldest) and (latest is None or at < latest)

    return [message for message in messages if is_wanted(message)]


def _time(context: Context, name: str) -> float | None:
    text = context.args.text(name)
    if text is not None and not _TIME.fullmatch(text):
        raise SlackError(f"invalid_ts_{name}")
    return None if text is None else float(text)


def _shown(context: Context, messages: list[Message]) -> list[JsonObject]:
    with_metadata = context.args.flag("include_all_metadata")
    return [context.workspace.messages.shown(message, with_metadata=with_metadata) for message in messages]


METHODS = (
    Method("conversations.history", history, tuple(_HISTORY.values()), TIER_3, ("channel",), allows_get=True),
    Method("conversations.members", members, tuple(_READ.values()), TIER_4, ("channel",), allows_get=True),
    Method("conversations.replies", replies, tuple(_HISTORY.values()), TIER_3, ("channel", "ts"), allows_get=True),
)
