"""users.profile.get and users.profile.set."""

from __future__ import annotations

from app.emulator.errors import JsonObject, SlackError
from app.emulator.rate_limits import TIER_3, TIER_4
from app.emulator.web_api.context import Context
from app.emulator.web_api.method import Method
from app.emulator.web_api.users import profile_of
from app.emulator.workspace import User

_CAN_BE_SET = (
    "display_name",
    "email",
    "first_name",
    "last_name",
    "phone",
    "pronouns",
    "real_name",
    "status_emoji",
    "status_expiration",
    "status_text",
    "title",
)
_MOST_STATUS_TEXT = 100


def get(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/users.profile.get; one's own if nobody is named."""
    return {"profile": profile_of(context, _whose(context))}


def change(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/users.profile.set; others' only as an administrator."""
    person = _whose(context)
    myself = context.workspace.users[context.grant.user_id]
    if person is not myself and not myself.is_admin:
        raise SlackError("not_admin")
    changes = _changes(context)
    if "real_name" in changes:
        person.real_name = str(changes["real_name"])
    person.profile |= {name: value for name, value in changes.items() if name != "real_name"}
    return {"profile": profile_of(context, person)}


def _whose(context: Context) -> User:
    return context.user() if context.args.has("user") else context.workspace.users[context.grant.user_id]


def _changes(context: Context) -> JsonObject:
    """The fields to set: one by `name` and `value`, or many in `profile`."""
    if context.args.has("name"):
        changes: JsonObject = {context.args.required("name"): context.args.text("value") or ""}
    else:
        given = context.args.array_or_text("profile")
        if not isinstance(given, dict) or not given:
            raise SlackError("invalid_profile")
        changes = given
    if not set(changes) <= set(_CAN_BE_SET):
        raise SlackError("profile_set_failed")
    if len(str(changes.get("status_text", ""))) > _MOST_STATUS_TEXT:
        raise SlackError("too_long")
    return changes


METHODS = (
    Method("users.profile.get", get, ("users.profile:read",), TIER_4, allows_get=True),
    Method("users.profile.set", change, ("users.profile:write",), TIER_3, asker="user"),
)
