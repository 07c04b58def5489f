"""chat.postMessage, chat.postEphemeral, chat.update, chat.delete and chat.getPermalink."""

from __future__ import annotations

from app.emulator.errors import JsonObject, SlackError
from app.emulator.events import message_happened
from app.emulator.messages import Message, check_call_blocks
from app.emulator.rate_limits import SPECIAL, TIER_3, TIER_4
from app.emulator.web_api.context import Context
from app.emulator.web_api.drafts import read_draft
from app.emulator.web_api.method import Method
from app.emulator.workspace import Channel


def post_message(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/chat.postMessage"""
    channel = _channel_to_post_in(context, context.args.required("channel"))
    draft = read_draft(context.args, context.workspace)
    if draft.is_empty:
        raise SlackError("no_text")
    book = context.workspace.messages
    message = book.post(channel.id, context.workspace.author(context.grant), draft)
    shown = book.shown(message)
    message_happened(context.slack, context.workspace, channel, shown)
    return {"channel": channel.id, "ts": message.ts, "message": shown}


def post_ephemeral(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/chat.postEphemeral"""
    channel = _channel_to_post_in(context, context.args.required("channel"))
    user_id = context.args.required("user")
    if user_id not in channel.members:
        raise SlackError("user_not_in_channel")
    draft = read_draft(context.args, context.workspace)
    if draft.is_empty:
        raise SlackError("no_text")
    if context.workspace.switches.call_block_in_ephemeral == "invalid_blocks":
        check_call_blocks(draft.blocks)
    author = context.workspace.author(context.grant)
    return {"message_ts": context.workspace.messages.post(channel.id, author, draft, user_id).ts}


def update(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/chat.update"""
    message = _own_message(context, "cant_update_message")
    draft = read_draft(context.args, context.workspace)
    if draft.is_empty:
        raise SlackError("no_text")
    book = context.workspace.messages
    book.edit(message, draft)
    shown = book.shown(message)
    return {"channel": message.channel, "ts": message.ts, "text": shown["text"], "message": shown}


def delete(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/chat.delete: a bot only deletes what it posted."""
    message = _own_message(context, "cant_delete_message")
    context.workspace.messages.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def permalink(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/chat.getPermalink"""
    channel, ts = context.readable_channel(), context.args.required("message_ts")
    message = context.workspace.messages.find(channel.id, ts)
    if message is None:
        raise SlackError("message_not_found")
    link = f"https://{context.workspace.domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    root = message.draft.thread_ts
    return {"channel": channel.id, "permalink": link + (f"?thread_ts={root}&cid={channel.id}" if root else "")}


def _channel_to_post_in(context: Context, name: str) -> Channel:
    """The channel an app named by id, by #name, or by the user at the other end of a direct message."""
    workspace = context.workspace
    if name in workspace.users:
        channel, _ = workspace.open_conversation([name, context.grant.user_id])
    elif name in workspace.channels:
        channel = workspace.channels[name]
    else:
        channel = workspace.channel_named(name) or workspace.channel(name)
    _check_may_post(context, channel)
    return channel


def _check_may_post(context: Context, channel: Channel) -> None:
    takes_part = context.grant.user_id in channel.members
    if not takes_part and channel.kind != "public":
        raise SlackError("channel_not_found")
    if channel.is_archived:
        raise SlackError("is_archived")
    if not takes_part and "chat:write.public" not in context.grant.scopes:
        raise SlackError("not_in_channel")


def _own_message(context: Context, refusal: str) -> Message:
    channel = context.workspace.channel(context.args.required("channel"))
    message = context.workspace.messages.find(channel.id, context.args.required("ts"))
    if message is None:
        raise SlackError("message_not_found")
    if message.author.user_id != context.grant.user_id:
        raise SlackError(refusal)
    return message


_WRITE = ("chat:write",)
METHODS = (
    Method("chat.delete", delete, _WRITE, TIER_3, ("channel", "ts")),
    Method("chat.getPermalink", permalink, (), SPECIAL, ("channel", "message_ts"), allows_get=True),
    Method("chat.postMessage", post_message, _WRITE, SPECIAL, ("channel",), paced_by_channel=True),
    Method("chat.postEphemeral", post_ephemeral, _WRITE, TIER_4, ("channel", "user")),
    Method("chat.update", update, _WRITE, TIER_3, ("channel", "ts")),
)
