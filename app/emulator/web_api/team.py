"""team.info and bots.info."""

from __future__ import annotations

from app.emulator.errors import JsonObject, SlackError
from app.emulator.rate_limits import TIER_3
from app.emulator.web_api.context import Context
from app.emulator.web_api.method import Method

_ICON_SIZES = ("34", "44", "68", "88", "102", "132", "230")


def info(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/team.info"""
    workspace = context.workspace
    wanted = context.args.text("team")
    if wanted is not None and wanted != workspace.team_id:
        raise SlackError("team_not_found")
    team: JsonObject = {
        "id": workspace.team_id,
        "name": workspace.name,
        "domain": workspace.domain,
        "url": f"https://{workspace.domain}.slack.com/",
        "email_domain": "example.com",
        "icon": {f"image_{size}": f"https://avatars.example.com/team_{size}.png" for size in _ICON_SIZES}
        | {"image_default": True},
        "avatar_base_url": "https://avatars.example.com/",
        "is_verified": False,
    }
    if workspace.enterprise:
        team |= {"enterprise_id": workspace.enterprise.id, "enterprise_name": workspace.enterprise.name}
    return {"team": team}


def bot_info(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/bots.info"""
    bot_id = context.args.text("bot") or context.grant.bot_id
    if bot_id is None or bot_id != context.workspace.bot_id:
        raise SlackError("bot_not_found")
    profile = context.workspace.bot_profile(bot_id)
    kept = ("id", "deleted", "name", "updated", "app_id", "icons")
    user_id = context.workspace.bot_grant().user_id
    return {"bot": {name: profile[name] for name in kept} | {"user_id": user_id}}


METHODS = (
    Method("bots.info", bot_info, ("users:read",), TIER_3, allows_get=True),
    Method("team.info", info, ("team:read",), TIER_3, allows_get=True),
)
