"""chat.postMessage, chat.postEphemeral and chat.update."""

from __future__ import annotations

from app.emulator.errors import JsonObject, SlackError
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
    return {"channel": channel.id, "ts": message.ts, "message": book.shown(message)}


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
    message = _own_message(context)
    draft = read_draft(context.args, context.workspace)
    if draft.is_empty:
        raise SlackError("no_text")
    book = context.workspace.messages
    book.edit(message, draft)
    shown = book.shown(message)
    return {"channel": message.channel, "ts": message.ts, "text": shown["text"], "message": shown}


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


def _own_message(context: Context) -> Message:
    channel = context.workspace.channel(context.args.required("channel"))
    message = context.workspace.messages.find(channel.id, context.args.required("ts"))
    if message is None:
        raise SlackError("message_not_found")
    if message.author.user_id != context.grant.user_id:
        raise SlackError("cant_update_message")
    return message


_WRITE = ("chat:write",)
METHODS = (
    Method("chat.postMessage", post_message, _WRITE, SPECIAL, ("channel",), paced_by_channel=True),
    Method("chat.postEphemeral", post_ephemeral, _WRITE, TIER_4, ("channel", "user")),
    Method("chat.update", update, _WRITE, TIER_3, ("channel", "ts")),
)
