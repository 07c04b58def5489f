"""oauth.v2.access, oauth.v2.exchange and openid.connect.token: the methods that take a client's secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.emulator.errors import JsonObject, SlackError
from app.emulator.openid import id_token
from app.emulator.web_api.arguments import IncomingCall

if TYPE_CHECKING:
    from app.emulator.slack import Slack


def access(slack: Slack, call: IncomingCall) -> JsonObject:
    """https://docs.slack.dev/reference/methods/oauth.v2.access"""
    _check_client(slack, call)
    match call.args.get("grant_type") or "authorization_code":
        case "authorization_code":
            return slack.installs.install(slack.installs.take_code(_text(call, "code"), _text(call, "redirect_uri")))
        case "refresh_token":
            return slack.installs.refresh(_text(call, "refresh_token"))
        case _:
            raise SlackError("invalid_grant_type")


def exchange(slack: Slack, call: IncomingCall) -> JsonObject:
    """https://docs.slack.dev/reference/methods/oauth.v2.exchange"""
    _check_client(slack, call)
    if call.token is None:
        raise SlackError("not_authed")
    return slack.installs.exchange(call.token)


def openid_token(slack: Slack, call: IncomingCall) -> JsonObject:
    """https://docs.slack.dev/reference/methods/openid.connect.token"""
    _check_client(slack, call)
    if call.args.get("grant_type") == "refresh_token":
        issued = slack.installs.refresh(_text(call, "refresh_token"))
        return _bearer(slack, issued, nonce=None)
    code, redirect_uri = _text(call, "code"), _text(call, "redirect_uri")
    consent = slack.installs.take_code(code, redirect_uri, is_sign_in=True)
    return _bearer(slack, slack.installs.install(consent)["authed_user"], consent.nonce)


def _bearer(slack: Slack, issued: JsonObject, nonce: str | None) -> JsonObject:
    token = issued["access_token"]
    caller = slack.caller(token)
    if caller is None:
        raise SlackError("internal_error")
    person = caller.workspace.users[caller.grant.user_id]
    signed = id_token(slack, caller.workspace, person, token, nonce)
    more = {name: issued[name] for name in ("refresh_token", "expires_in") if name in issued}
    return {"access_token": token, "token_type": "Bearer", "id_token": signed} | more


def _check_client(slack: Slack, call: IncomingCall) -> None:
    client_id, secret = call.credentials()
    if client_id != slack.app.client_id:
        raise SlackError("invalid_client_id")
    if secret != slack.app.client_secret:
        raise SlackError("bad_client_secret")


def _text(call: IncomingCall, name: str) -> str | None:
    value: Any = call.args.get(name)
    return str(value) if value else None


OPEN_METHODS = {
    "oauth.v2.access": access,
    "oauth.v2.exchange": exchange,
    "openid.connect.token": openid_token,
}
