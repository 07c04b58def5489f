"""From a request that was read to Slack's answer: token, limit, scope, arguments, method, warnings, headers.

The order is the one in which Slack reports when several things are wrong at once, as far as it is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.emulator.errors import JsonObject, SlackError
from app.emulator.reply import Reply, rate_limited
from app.emulator.web_api import METHODS, OPEN_METHODS
from app.emulator.web_api.arguments import IncomingCall
from app.emulator.web_api.context import Arguments, Context
from app.emulator.web_api.method import Method
from app.emulator.workspace import Grant, Workspace

if TYPE_CHECKING:
    from app.emulator.slack import Slack


@dataclass(frozen=True)
class Caller:
    """Whose token it is, and where."""

    workspace: Workspace
    grant: Grant


def answer(slack: Slack, name: str, http_method: str, call: IncomingCall) -> Reply:
    """The answer to one request of the Web API. Refusals are HTTP 200, except for too many requests."""
    try:
        if call.error is not None:
            raise call.error
        if name in OPEN_METHODS:
            return _finished({"ok": True, **OPEN_METHODS[name](slack, call)}, call)
        method = _method(name, http_method)
        caller = _known(slack, call, method)
    except SlackError as error:
        return _finished(error.body(), call)
    wait = slack.limits.admit(name, caller.workspace.team_id, _paced_channel(method, call))
    if wait is not None:
        return rate_limited(wait)
    reply = _finished(_run(slack, method, call, caller), call)
    reply.headers |= _scope_headers(method, caller.grant)
    return reply


def _method(name: str, http_method: str) -> Method:
    method = METHODS.get(name)
    if method is None:
        raise SlackError("unknown_method")
    if http_method == "GET" and not method.allows_get:
        # Slack names no code for this; the documentation of these methods says POST.
        raise SlackError("invalid_post_type")
    return method


def _known(slack: Slack, call: IncomingCall, method: Method) -> Caller:
    """Whose token it is, if the token is good for this method."""
    token = call.token or ""
    if token in slack.app_tokens:
        caller = Caller(next(iter(slack.workspaces.values())), Grant(token, "", slack.app_tokens[token]))
    else:
        found = slack.caller(token, str(call.args.get("team_id") or "") or None)
        if found is None:
            raise SlackError(slack.installs.why_dead(call.token))
        caller = found
    if caller.grant.expires_at is not None and caller.grant.expires_at <= slack.now():
        raise SlackError("token_expired")
    if not method.takes(caller.grant):
        raise SlackError("not_allowed_token_type")
    return caller


def _run(slack: Slack, method: Method, call: IncomingCall, caller: Caller) -> JsonObject:
    args = Arguments(call.args, call.is_json)
    try:
        method.check_scopes(caller.grant)
        method.check_required(args)
        _check_team(method, args, caller)
        with caller.workspace.lock:
            return {"ok": True, **method.run(Context(caller.workspace, caller.grant, args, slack))}
    except SlackError as error:
        return error.body()


def _check_team(method: Method, args: Arguments, caller: Caller) -> None:
    """An organisation's token must say which workspace it means, where that matters.

    https://docs.slack.dev/enterprise/developing-for-enterprise-orgs
    """
    if caller.grant.enterprise_id is None:
        return
    team_id = args.text("team_id")
    if team_id is None and method.needs_team:
        raise SlackError("missing_argument", "missing required field: team_id")
    if team_id is not None and team_id != caller.workspace.team_id:
        raise SlackError("team_access_not_granted")


def _paced_channel(method: Method, call: IncomingCall) -> str | None:
    return str(call.args.get("channel", "")) if method.paced_by_channel else None


def _finished(body: JsonObject, call: IncomingCall) -> Reply:
    """The body with Slack's warnings about how it was asked."""
    if call.warnings:
        body["warning"] = ",".join(call.warnings)
        body.setdefault("response_metadata", {})["warnings"] = list(call.warnings)
    return Reply(body)


def _scope_headers(method: Method, grant: Grant) -> dict[str, str]:
    return {
        "X-OAuth-Scopes": ",".join(sorted(grant.scopes)),
        "X-Accepted-OAuth-Scopes": ",".join(method.scopes),
    }
