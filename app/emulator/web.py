"""The HTTP surface: `/api/<method>` and response URLs for apps, control API and page for people."""

from __future__ import annotations

from flask import Flask, Request, Response, request

from app.emulator.consent import add_consent
from app.emulator.control import control
from app.emulator.errors import JsonObject, SlackError
from app.emulator.exchange import Arrival, exchange
from app.emulator.nesting import read_json
from app.emulator.page import add_pages
from app.emulator.reply import Reply
from app.emulator.response_urls import respond
from app.emulator.slack import Slack
from app.emulator.sockets import add_sockets
from app.emulator.web_api.answer import answer
from app.emulator.web_api.arguments import read_request
from app.emulator.web_api.context import Arguments
from app.emulator.web_api.drafts import read_draft
from app.emulator.workspace import Workspace

# Always this machine: a page of a foreign name that resolves to it must not reach us.
_OUR_NAMES = ["127.0.0.1", "localhost"]
_GONE = {"expired_url", "used_url"}


def create_app(slack: Slack) -> Flask:
    """The emulator as a WSGI application: what apps ask, the control API, and the page."""
    app = Flask(__name__)
    app.config["TRUSTED_HOSTS"] = _OUR_NAMES

    @app.route("/api/<name>", methods=["GET", "POST"])
    def web_api(name: str) -> Response:
        return _web_api(slack, request, name)

    @app.post("/commands/<team_id>/<path:_tail>")
    def response_url(team_id: str, _tail: str) -> Response:
        return _response_url(slack, request, team_id)

    app.register_blueprint(control(slack))
    add_consent(app, slack)
    add_sockets(app, slack)
    add_pages(app, slack)
    return app


def _web_api(slack: Slack, request: Request, name: str) -> Response:
    call = read_request(request)
    caller = slack.caller(call.token, str(call.args.get("team_id") or ""))
    arrival = Arrival(name, call.args, caller.workspace.team_id if caller else None)
    return exchange(slack, request, arrival, lambda: answer(slack, name, request.method, call))


def _response_url(slack: Slack, request: Request, team_id: str) -> Response:
    payload = _payload(request)
    workspace = slack.workspaces.get(team_id)
    arrival = Arrival("response_url", payload or {}, team_id)
    return exchange(slack, request, arrival, lambda: _answer_through(workspace, request.path, payload))


def _payload(request: Request) -> JsonObject | None:
    """A response URL takes JSON, or a form whose `payload` is JSON."""
    raw = request.form.get("payload") if request.mimetype != "application/json" else None
    try:
        value = read_json(raw if raw is not None else request.get_data())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _answer_through(workspace: Workspace | None, path: str, payload: JsonObject | None) -> Reply:
    """What a response URL answers: plain words, and 404 once it is worn out."""
    if workspace is None:
        return Reply("expired_url", 404)
    if payload is None:
        return Reply("invalid_payload", 400)
    try:
        with workspace.lock:
            url = workspace.response_urls.use(path)
            draft = read_draft(Arguments(payload, is_json=True), workspace)
            respond(url, payload, draft, workspace.author(workspace.bot_grant()), workspace.messages)
    except SlackError as error:
        return Reply(error.code, 404 if error.code in _GONE else 400)
    return Reply("ok")
