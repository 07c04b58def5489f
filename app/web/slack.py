"""``/slack/events``: everything Slack sends, verified here and handed to Bolt."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request
from slack_bolt import App, BoltRequest
from slack_sdk.signature import Clock as SlackClock
from slack_sdk.signature import SignatureVerifier

from app import logs
from app.clock import Clock
from app.web import limits

log = logs.get(__name__)


class _UnixClock(SlackClock):
    """Our clock, as the SDK's verifier wants it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now().timestamp()


def make_blueprint(bolt_app: App, signing_secret: str, clock: Clock) -> Blueprint:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    blueprint = Blueprint("slack", __name__)
    verifier = SignatureVerifier(signing_secret, _UnixClock(clock))

    @blueprint.post("/slack/events")
    def slack_events() -> Response:
        if not _is_genuine(verifier):
            limits.warn(log, "request not from Slack", path=request.path)
            return Response("not signed by Slack", 401)
        body = _read_body()
        if body is None:
            return Response("not a body that Slack sends", 400)
        return _dispatch(bolt_app, body)

    return blueprint


def _is_genuine(verifier: SignatureVerifier) -> bool:
    headers = request.headers
    timestamp, signature = headers.get("X-Slack-Request-Timestamp", ""), headers.get("X-Slack-Signature", "")
    try:
        return verifier.is_valid(request.get_data(), timestamp, signature)
    except (ValueError, TypeError):
        # A timestamp that is no number, a signature or a body that is no text.
        return False


def _read_body() -> dict[str, Any] | None:
    """A command is a form; an interaction is a form with one JSON field; an event is JSON. None for all else."""
    try:
        if request.mimetype == "application/x-www-form-urlencoded":
            fields = dict(parse_qsl(request.get_data().decode(), keep_blank_values=True))
            body = fields if "payload" not in fields else json.loads(fields["payload"])
        else:
            body = json.loads(request.get_data())
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) and body else None


def _dispatch(bolt_app: App, body: dict[str, Any]) -> Response:
    # "socket_mode" tells Bolt that the body is read and verified already.
    answer = bolt_app.dispatch(BoltRequest(body=body, headers=dict(request.headers), mode="socket_mode"))
    response = Response(answer.body, answer.status)
    for name, values in answer.headers.items():
        response.headers[name] = ", ".join(values)
    return response
