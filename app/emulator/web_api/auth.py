"""auth.test and api.test."""

from __future__ import annotations

from app.emulator.errors import JsonObject, SlackError
from app.emulator.rate_limits import SPECIAL
from app.emulator.web_api.context import Context
from app.emulator.web_api.method import Method


def auth_test(context: Context) -> JsonObject:
    """Who a token is: https://docs.slack.dev/reference/methods/auth.test."""
    workspace, grant = context.workspace, context.grant
    answer: JsonObject = {
        "url": f"https://{workspace.domain}.slack.com/",
        "team": workspace.name,
        "user": workspace.users[grant.user_id].name,
        "team_id": workspace.team_id,
        "user_id": grant.user_id,
        "is_enterprise_install": False,
    }
    return answer | ({"bot_id": grant.bot_id} if grant.bot_id else {})


def api_test(args: JsonObject) -> JsonObject:
    """Echo, or fail on request; the one method without a token.

    https://docs.slack.dev/reference/methods/api.test
    """
    if args.get("error"):
        raise SlackError(str(args["error"]))
    return {"args": args} if args else {}


METHODS = (Method("auth.test", auth_test, per_minute=SPECIAL, allows_get=True),)
