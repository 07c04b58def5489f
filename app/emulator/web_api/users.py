"""users.info, users.list and users.lookupByEmail."""

from __future__ import annotations

from app.emulator.errors import JsonObject, SlackError
from app.emulator.rate_limits import TIER_2, TIER_3, TIER_4
from app.emulator.web_api.context import Context
from app.emulator.web_api.method import Method
from app.emulator.web_api.paging import metadata, page_of
from app.emulator.workspace import User


def info(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/users.info"""
    return {"user": _shown(context, context.user())}


def everybody(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/users.list"""
    shown, cursor = page_of(list(context.workspace.users.values()), context.args, usual=1000)
    answer = {"members": [_shown(context, user) for user in shown], "cache_ts": int(context.workspace.now())}
    return answer | metadata(cursor)


def lookup_by_email(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/users.lookupByEmail; deactivated people are not found."""
    wanted = context.args.required("email").lower()
    active = (user for user in context.workspace.users.values() if user.email and not user.deleted)
    user = next((user for user in active if user.email.lower() == wanted), None)
    if user is None:
        raise SlackError("users_not_found")
    return {"user": _shown(context, user)}


def _shown(context: Context, user: User) -> JsonObject:
    return {
        "id": user.id,
        "team_id": context.workspace.team_id,
        "name": user.name,
        "deleted": user.deleted,
        "color": "9f69e7",
        "real_name": user.real_name,
        "tz": "Europe/London",
        "tz_label": "Greenwich Mean Time",
        "tz_offset": 0,
        "profile": profile_of(context, user),
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "updated": 1557835614,
        "is_email_confirmed": bool(user.email),
        "who_can_share_contact_card": "EVERYONE",
    }


def profile_of(context: Context, user: User) -> JsonObject:
    """The profile; an e-mail address is in it only with the scope for it."""
    first, _, last = user.real_name.partition(" ")
    profile: JsonObject = {
        "real_name": user.real_name,
        "real_name_normalized": user.real_name,
        "display_name": user.name,
        "display_name_normalized": user.name,
        "first_name": first,
        "last_name": last,
        "title": "",
        "phone": "",
        "status_text": "",
        "status_emoji": "",
        "team": context.workspace.team_id,
    }
    profile |= {
        f"image_{size}": f"https://avatars.example.com/{user.id}_{size}.png"
        for size in ("24", "32", "48", "72", "192", "512")
    }
    profile |= {name: value for name, value in user.profile.items() if name != "email"}
    if user.email and "users:read.email" in context.grant.scopes:
        profile["email"] = user.email
    return profile


METHODS = (
    Method("users.info", info, ("users:read",), TIER_4, ("user",), allows_get=True),
    Method("users.list", everybody, ("users:read",), TIER_2, allows_get=True, needs_team=True),
    Method("users.lookupByEmail", lookup_by_email, ("users:read.email",), TIER_3, ("email",), allows_get=True),
)
