"""From a request that was read to Slack's answer: token, limit, scope, arguments, method, warnings, headers.

The order is the one in which Slack reports when several things are wrong at once, as far as it is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.emulator.errors import JsonObject, SlackError
from app.emulator.rate_limits import RateLimits
from app.emulator.reply import Reply, rate_limited
from app.emulator.web_api import METHODS
from app.emulator.web_api.arguments import IncomingCall
from app.emulator.web_api.auth import api_test
from app.emulator.web_api.context import Arguments, Context
from app.emulator.web_api.method import Method
from app.emulator.workspace import Grant, Workspace


@dataclass(frozen=True)
class Caller:
    """Whose token it is, and where."""

    workspace: Workspace
    grant: Grant


def answer(name: str, http_method: str, call: IncomingCall, caller: Caller | None, limits: RateLimits) -> Reply:
    """The answer to one request of the Web API. Refusals are HTTP 200, except for too many requests."""
    try:
        if call.error is not None:
            raise call.error
        if name == "api.test":
            return _finished({"ok": True, **api_test(call.args)}, call)
        method = _method(name, http_method)
        caller = _known(caller, call)
    except SlackError as error:
        return _finished(error.body(), call)
    wait = limits.admit(name, caller.workspace.team_id, _paced_channel(method, call))
    if wait is not None:
        return rate_limited(wait)
    reply = _finished(_run(method, call, caller), call)
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


def _known(caller: Caller | None, call: IncomingCall) -> Caller:
    if caller is None:
        raise SlackError("invalid_auth" if call.token else "not_authed")
    return caller


def _run(method: Method, call: IncomingCall, caller: Caller) -> JsonObject:
    args = Arguments(call.args, call.is_json)
    try:
        method.check_scopes(caller.grant)
        method.check_required(args)
        with caller.workspace.lock:
            return {"ok": True, **method.run(Context(caller.workspace, caller.grant, args))}
    except SlackError as error:
        return error.body()


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
