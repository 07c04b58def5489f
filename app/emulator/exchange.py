"""One request from its arrival to the journal, with whatever fault stands in its way."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Request, Response

from app.emulator.errors import JsonObject
from app.emulator.faults import Fault
from app.emulator.journal import RecordedRequest, masked, masked_headers
from app.emulator.reply import Reply
from app.emulator.slack import Slack

HANG_UP = "emulator.hang_up"
"""The key of the request's environ under which the server offers to close the connection without an answer."""


@dataclass(frozen=True)
class Arrival:
    """What is known of a request before it is answered."""

    method: str
    args: JsonObject
    team_id: str | None


def exchange(slack: Slack, request: Request, arrival: Arrival, work: Callable[[], Reply]) -> Response:
    """Answer a request by doing the work, unless a fault prevents it, and record what happened."""
    started = time.perf_counter()
    fault = slack.faults.take(arrival.method)
    reply = fault.reply_to(work) if fault else work()
    _record(slack, request, arrival, None if fault and fault.hangs_up else reply, fault, started)
    if fault:
        slack.faults.hold(fault.holds_seconds)
    if fault and fault.hangs_up:
        request.environ[HANG_UP]()
    response = Response(reply.data(), reply.status, reply.headers, content_type=reply.content_type())
    response.headers["X-Slack-Req-Id"] = slack.ids.secret()
    return response


def _answer(reply: Reply | None) -> JsonObject | str | None:
    if reply is None:
        return None
    return masked(reply.body) if isinstance(reply.body, dict) else reply.body


def _record(
    slack: Slack, request: Request, arrival: Arrival, reply: Reply | None, fault: Fault | None, started: float
) -> None:
    slack.journal.record(
        RecordedRequest(
            method=arrival.method,
            args=masked(arrival.args),
            status=reply.status if reply else 0,
            answer=_answer(reply),
            at=slack.now(),
            http_method=request.method,
            path=request.path,
            headers=masked_headers(dict(request.headers)),
            team_id=arrival.team_id,
            fault=fault.kind if fault else None,
            duration_ms=(time.perf_counter() - started) * 1000,
        )
    )
