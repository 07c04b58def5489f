"""The control API under `/emulator/`: look at the workspace, set faults and switches, type commands.

It is for people, scripts and pages, not for apps. Bodies are JSON objects; a refusal is `{"error": "…"}` with a
status of 400 or more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Request, Response, jsonify, redirect, request

from app.emulator import inspector, outgoing
from app.emulator.acts import ACTS, Act
from app.emulator.app_link import NoAppConnected
from app.emulator.errors import JsonObject, Misused, SlackError
from app.emulator.faults import read_fault
from app.emulator.journal import SentRequest
from app.emulator.slack import Slack

_WORDS = {"team", "user", "channel", "thread", "ts", "view", "command", "block", "action", "call"}
"""Names that mean a word wherever they stand in a body."""

_NOT_FOUND = {"channel_not_found", "invalid_call_id", "team_not_found", "user_not_found"}


def control(slack: Slack) -> Blueprint:
    """The routes of the control API for one emulator."""
    blueprint = Blueprint("control", __name__, url_prefix="/emulator")
    for methods, path, view in _ROUTES:
        blueprint.add_url_rule(path, view.__name__, partial(_answered, slack, view), methods=[methods])
    for name, act in ACTS.items():
        blueprint.add_url_rule(
            f"/{name}", f"act_{name}", partial(_answered, slack, partial(_acted, act)), methods=["POST"]
        )
    return blueprint


def is_foreign(request: Request) -> bool:
    """Whether another site's page sends this: browsers say so, and nobody else has an origin."""
    origin = request.headers.get("Origin")
    return origin is not None and origin != f"{request.scheme}://{request.host}"


def _answered(slack: Slack, view: Callable[..., Any], **path: str) -> Response:
    if request.method != "GET" and is_foreign(request):
        return _refused("requests of other sites' pages are not taken", 403)
    try:
        answer = view(slack, request, **path)
    except SlackError as error:
        return _refused(error.code, 404 if error.code in _NOT_FOUND else 400)
    except Misused as error:
        return _refused(str(error), 400)
    except NoAppConnected as error:
        return _refused(str(error), 409)
    finally:
        if request.method != "GET":
            slack.journal.touch()
    return answer if isinstance(answer, Response) else jsonify(answer)


def _acted(act: Act, slack: Slack, request: Request) -> Any:
    """What somebody does on the page. A browser without JavaScript sends a form and is led back."""
    if request.mimetype != "application/x-www-form-urlencoded":
        return act(slack, _body(request))
    fields = request.form.to_dict()
    try:
        act(slack, fields)
    except (SlackError, Misused, NoAppConnected) as error:
        return _back_to_page(fields, notice=str(error))
    return _back_to_page(fields)


def _refused(reason: str, status: int) -> Response:
    response = jsonify({"error": reason})
    response.status_code = status
    return response


def _body(request: Request) -> JsonObject:
    value = request.get_json(force=True, silent=True)
    if not isinstance(value, dict):
        raise Misused("the body must be a JSON object")
    for name in _WORDS & value.keys():
        if not isinstance(value[name], str | None):
            raise Misused(f"{name} must be a string")
    return value


def requests(slack: Slack, request: Request) -> JsonObject:
    """`?method=calls.add` for one method, `?last=50` for the newest; both directions, oldest first."""
    method = request.args.get("method")
    last = request.args.get("last", 1000, type=int)
    received = slack.journal.received(method)[-last:]
    return {
        "received": [asdict(each) | {"error": each.error} for each in received],
        "sent": [_without_body(each) for each in slack.journal.sent()[-last:]],
    }


def _without_body(sent: SentRequest) -> JsonObject:
    """What was sent, without the bytes: they hold the secrets that its other parts hide."""
    return {name: value for name, value in asdict(sent).items() if name != "body"}


def messages(slack: Slack, request: Request, channel: str) -> JsonObject:
    """What everybody sees in a channel, newest last."""
    return {"messages": slack.messages(channel, request.args.get("team"))}


def ephemerals(slack: Slack, request: Request, user: str) -> JsonObject:
    """What only one person sees, newest last."""
    return {"messages": slack.ephemerals(user, request.args.get("team"))}


def call(slack: Slack, _request: Request, call_id: str) -> JsonObject:
    """A call as its card shows it."""
    return {"call": slack.call(call_id)}


def faults(slack: Slack, _request: Request) -> JsonObject:
    """The faults that stand."""
    return {"faults": slack.faults.described()}


def add_fault(slack: Slack, request: Request) -> JsonObject:
    """`{"method": "calls.add", "kind": "status", "status": 429, "times": 1, …}`"""
    slack.faults.put(read_fault(_body(request)))
    return faults(slack, request)


def remove_fault(slack: Slack, request: Request, position: str) -> JsonObject:
    """Take one fault away, by its place in the list."""
    slack.faults.remove(_number(position, -1))
    return faults(slack, request)


def _number(text: str, otherwise: int) -> int:
    """A number from a path; there are digits beside 0 to 9, and numbers longer than Python reads."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else otherwise


def clear_faults(slack: Slack, request: Request) -> JsonObject:
    """Take all faults away."""
    slack.faults.clear()
    return faults(slack, request)


def switches(slack: Slack, _request: Request) -> JsonObject:
    """Every switch with its position, its possible positions and what it is about."""
    return {"switches": slack.switches.described()}


def change_switches(slack: Slack, request: Request) -> JsonObject:
    """`{"removal_matches": "id", …}`: all or none."""
    slack.switches.change(_body(request))
    return switches(slack, request)


def limits(slack: Slack, _request: Request) -> JsonObject:
    """The rate limits in force."""
    return slack.limits.described()


def change_limits(slack: Slack, request: Request) -> JsonObject:
    """`{"on": false}`, `{"per_minute": {"calls.participants.add": 20}}`, or both."""
    slack.limits.change(_body(request))
    return slack.limits.described()


def slash(slack: Slack, request: Request) -> Any:
    """`{"user", "channel", "command", "text", "team"}`; without a command, the text starts with it.

    The page sends the same as a form and is led back to itself.
    """
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    fields = request.form.to_dict() if is_form else _body(request)
    try:
        answer = _slash(slack, fields)
    except (SlackError, NoAppConnected) as error:
        if not is_form:
            raise
        return _back_to_page(fields, notice=str(error))
    return _back_to_page(fields) if is_form else asdict(answer)


def _slash(slack: Slack, fields: JsonObject) -> outgoing.SlashAnswer:
    command, text = str(fields.get("command", "")), str(fields.get("text", ""))
    if not command:
        command, _, text = text.strip().partition(" ")
    if not command.startswith("/"):
        raise SlackError("invalid_command")
    user, channel = str(fields.get("user", "U0ADA")), str(fields.get("channel", "C0GENERAL"))
    return outgoing.slash(slack, command, text, user, channel, fields.get("team"))


def _back_to_page(fields: JsonObject, **more: str) -> Any:
    kept = {name: str(fields[name]) for name in ("user", "channel", "thread", "team") if fields.get(name)}
    return redirect("/?" + urlencode(kept | more), 303)


def app(slack: Slack, _request: Request) -> JsonObject:
    """Where the app listens."""
    return {"request_url": slack.app_link.request_url}


def connect_app(slack: Slack, request: Request) -> JsonObject:
    """`{"request_url": "http://127.0.0.1:8000/slack/events"}`"""
    slack.app_link.connect(str(_body(request).get("request_url")))
    return app(slack, request)


def replay(slack: Slack, _request: Request, number: str) -> JsonObject:
    """Send a request of the inspector's list to the app once more."""
    answered = inspector.replay(slack, _number(number, 0))
    return {"status": answered.status, "body": answered.body}


def reset(slack: Slack, _request: Request) -> JsonObject:
    """Start over; the app stays connected."""
    slack.reset()
    return {}


_ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "/requests", requests),
    ("GET", "/messages/<channel>", messages),
    ("GET", "/ephemerals/<user>", ephemerals),
    ("GET", "/calls/<call_id>", call),
    ("GET", "/faults", faults),
    ("POST", "/faults", add_fault),
    ("DELETE", "/faults", clear_faults),
    ("DELETE", "/faults/<position>", remove_fault),
    ("GET", "/switches", switches),
    ("PATCH", "/switches", change_switches),
    ("GET", "/limits", limits),
    ("PATCH", "/limits", change_limits),
    ("POST", "/slash", slash),
    ("GET", "/app", app),
    ("POST", "/app", connect_app),
    ("POST", "/replay/<number>", replay),
    ("POST", "/reset", reset),
)
