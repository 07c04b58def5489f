"""auth.test, auth.revoke and api.test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.emulator.errors import JsonObject, SlackError
from app.emulator.events import happened
from app.emulator.rate_limits import SPECIAL, TIER_3
from app.emulator.web_api.arguments import IncomingCall
from app.emulator.web_api.context import Context
from app.emulator.web_api.method import Method

if TYPE_CHECKING:
    from app.emulator.slack import Slack


def auth_test(context: Context) -> JsonObject:
    """Who a token is: https://docs.slack.dev/reference/methods/auth.test."""
    workspace, grant = context.workspace, context.grant
    answer: JsonObject = {
        "url": f"https://{workspace.domain}.slack.com/",
        "team": workspace.name,
        "user": workspace.users[grant.user_id].name,
        "team_id": workspace.team_id,
        "user_id": grant.user_id,
        "is_enterprise_install": grant.enterprise_id is not None,
    }
    if grant.bot_id:
        answer["bot_id"] = grant.bot_id
    if workspace.enterprise:
        answer["enterprise_id"] = workspace.enterprise.id
    if grant.expires_at is not None:
        answer["expires_in"] = int(grant.expires_at - context.slack.now())
    return answer


def revoke(context: Context) -> JsonObject:
    """Give up a token, only this one: https://docs.slack.dev/reference/methods/auth.revoke."""
    if context.args.flag("test"):
        return {"revoked": False}
    grant = context.grant
    kind = "bot" if grant.bot_id else "oauth"
    tokens: JsonObject = {"oauth": [], "bot": [], kind: [grant.user_id]}
    happened(context.slack, context.workspace, {"type": "tokens_revoked", "tokens": tokens})
    context.slack.installs.revoke(grant.token)
    return {"revoked": True}


def api_test(_slack: Slack, call: IncomingCall) -> JsonObject:
    """Echo, or fail on request; needs no token.

    https://docs.slack.dev/reference/methods/api.test
    """
    if call.args.get("error"):
        raise SlackError(str(call.args["error"]))
    return {"args": call.args} if call.args else {}


METHODS = (
    Method("auth.revoke", revoke, per_minute=TIER_3, allows_get=True),
    Method("auth.test", auth_test, per_minute=SPECIAL, allows_get=True),
)
