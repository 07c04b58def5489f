"""chat.unfurl."""

from __future__ import annotations

from app.emulator.block_kit.messages import checked_blocks
from app.emulator.errors import JsonObject, SlackError
from app.emulator.links import is_below, links_in
from app.emulator.messages import Message
from app.emulator.rate_limits import TIER_3
from app.emulator.web_api.context import Context
from app.emulator.web_api.method import Method

_ATTACHMENT_FIELDS = {
    "author_icon",
    "author_link",
    "author_name",
    "color",
    "fallback",
    "fields",
    "footer",
    "footer_icon",
    "image_url",
    "pretext",
    "preview",
    "text",
    "thumb_url",
    "title",
    "title_link",
}


def unfurl(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/chat.unfurl"""
    message = _message(context)
    attachments = [_attachment(context, message, url, shown) for url, shown in _unfurls(context).items()]
    context.workspace.messages.attach(message, attachments)
    return {}


def _message(context: Context) -> Message:
    """The message, by channel and ts or by the id that the event gave."""
    args, book = context.args, context.workspace.messages
    if args.has("unfurl_id") or args.has("source"):
        for name in ("unfurl_id", "source"):
            if not args.has(name):
                raise SlackError(f"missing_{name}")
        if args.text("source") != "conversations_history":
            raise SlackError("invalid_source")
        message = book.find_unfurl(args.required("unfurl_id"))
        if message is None:
            raise SlackError("invalid_unfurl_id")
        return message
    for name in ("channel", "ts"):
        if not args.has(name):
            raise SlackError(f"missing_{name}")
    channel = args.required("channel")
    if channel not in context.workspace.channels:
        raise SlackError("cannot_find_channel")
    message = book.find(channel, args.required("ts"))
    if message is None:
        raise SlackError("cannot_find_message")
    return message


def _unfurls(context: Context) -> dict[str, JsonObject]:
    if not context.args.has("unfurls"):
        raise SlackError("missing_unfurls")
    try:
        value = context.args.array_or_text("unfurls")
    except SlackError:
        raise SlackError("invalid_unfurls_format") from None
    if not isinstance(value, dict) or not all(isinstance(each, dict) for each in value.values()):
        raise SlackError("invalid_unfurls_format")
    return value


def _attachment(context: Context, message: Message, url: str, shown: JsonObject) -> JsonObject:
    if url not in links_in(message.draft.text):
        raise SlackError("cannot_unfurl_url")
    manifest = context.slack.manifest
    if manifest is not None and not is_below(url, manifest.unfurl_domains):
        raise SlackError("cannot_unfurl_url")
    if message.author.bot_id is not None and message.author.bot_id == context.grant.bot_id:
        raise SlackError("cannot_unfurl_message")
    attachment: JsonObject = {"from_url": url, "is_app_unfurl": True, "app_unfurl_url": url}
    attachment |= {"app_id": context.slack.app.app_id, "bot_id": context.grant.bot_id}
    attachment |= {name: part for name, part in shown.items() if name in _ATTACHMENT_FIELDS}
    if "blocks" in shown:
        attachment["blocks"] = checked_blocks(shown["blocks"], context.workspace.calls.__contains__)
    elif not set(shown) & _ATTACHMENT_FIELDS:
        raise SlackError("invalid_unfurls_format")
    return attachment


METHODS = (Method("chat.unfurl", unfurl, ("links:write",), TIER_3),)
