"""openid.connect.userInfo."""

from __future__ import annotations

from app.emulator.errors import JsonObject
from app.emulator.openid import claims_about
from app.emulator.rate_limits import TIER_3
from app.emulator.web_api.context import Context
from app.emulator.web_api.method import Method


def user_info(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/openid.connect.userInfo"""
    person = context.workspace.users[context.grant.user_id]
    return claims_about(context.workspace, person, context.grant.scopes)


METHODS = (Method("openid.connect.userInfo", user_info, ("openid",), TIER_3, allows_get=True, asker="user"),)
