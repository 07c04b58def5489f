"""conversations.info, conversations.list and conversations.open."""

from __future__ import annotations

from app.emulator.errors import JsonObject, SlackError
from app.emulator.rate_limits import TIER_2, TIER_3
from app.emulator.web_api.context import Context
from app.emulator.web_api.method import Method
from app.emulator.web_api.paging import metadata, page_of
from app.emulator.workspace import Channel

_READ = {"public": "channels:read", "private": "groups:read", "mpim": "mpim:read", "im": "im:read"}
_OPEN = {"im": "im:write", "mpim": "mpim:write"}
_TYPES = {"public_channel": "public", "private_channel": "private", "mpim": "mpim", "im": "im"}
_MOST_OTHERS = 8


def info(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/conversations.info: what the bot may see, it may look up."""
    channel = context.readable_channel()
    context.require_scope(_READ[channel.kind])
    shown = _shown(context, channel)
    if context.args.flag("include_num_members"):
        shown["num_members"] = len(channel.members)
    return {"channel": shown}


def listing(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/conversations.list: public channels, and what the bot is in."""
    kinds = _wanted_kinds(context)
    for kind in kinds:
        context.require_scope(_READ[kind])
    without_archived = context.args.flag("exclude_archived")
    found = [
        channel
        for channel in context.workspace.channels.values()
        if channel.kind in kinds
        and (channel.kind == "public" or context.grant.user_id in channel.members)
        and not (without_archived and channel.is_archived)
    ]
    shown, cursor = page_of(found, context.args)
    return {"channels": [_shown(context, channel) for channel in shown]} | metadata(cursor)


def _wanted_kinds(context: Context) -> list[str]:
    names = [name.strip() for name in (context.args.text("types") or "public_channel").split(",")]
    if not set(names) <= set(_TYPES):
        raise SlackError("invalid_types")
    return [_TYPES[name] for name in names]


def open_conversation(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/conversations.open: the direct conversation with some users."""
    if context.args.has("channel"):
        channel, existed = context.workspace.channel(context.args.required("channel")), True
        if context.grant.user_id not in channel.members or channel.kind not in _OPEN:
            raise SlackError("channel_not_found")
    else:
        channel, existed = _with_users(context)
    shown = _shown(context, channel) if context.args.flag("return_im") else {"id": channel.id}
    return {"channel": shown} | ({"no_op": True, "already_open": True} if existed else {})


def _with_users(context: Context) -> tuple[Channel, bool]:
    listed = (context.args.text("users") or "").split(",")
    users = [user.strip() for user in listed if user.strip()]
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > _MOST_OTHERS:
        raise SlackError("too_many_users")
    if any(user not in context.workspace.users for user in users):
        raise SlackError("user_not_found")
    context.require_scope(_OPEN["im" if len(set(users)) == 1 else "mpim"])
    return context.workspace.open_conversation([*users, context.grant.user_id])


def _shown(context: Context, channel: Channel) -> JsonObject:
    if channel.kind == "im":
        return _direct_message(context, channel)
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "public",
        "is_group": channel.kind == "private",
        "is_im": False,
        "is_mpim": channel.kind == "mpim",
        "is_private": channel.kind != "public",
        "is_archived": channel.is_archived,
        "is_general": channel.name == "general",
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
        "is_member": context.grant.user_id in channel.members,
        "created": 1449252889,
        "creator": channel.members[0] if channel.members else "",
        "context_team_id": context.workspace.team_id,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def _direct_message(context: Context, channel: Channel) -> JsonObject:
    others = [user for user in channel.members if user != context.grant.user_id]
    return {
        "id": channel.id,
        "created": 1449252889,
        "is_im": True,
        "is_org_shared": False,
        "is_archived": False,
        "context_team_id": context.workspace.team_id,
        "user": others[0] if others else context.grant.user_id,
        "is_user_deleted": False,
        "priority": 0,
    }


METHODS = (
    Method(
        "conversations.info",
        info,
        ("channels:read", "groups:read", "mpim:read", "im:read"),
        TIER_3,
        ("channel",),
        allows_get=True,
    ),
    Method(
        "conversations.list",
        listing,
        ("channels:read", "groups:read", "mpim:read", "im:read"),
        TIER_2,
        allows_get=True,
        needs_team=True,
    ),
    Method(
        "conversations.open",
        open_conversation,
        ("channels:manage", "groups:write", "im:write", "mpim:write"),
        TIER_3,
    ),
)
