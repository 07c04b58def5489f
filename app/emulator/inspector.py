"""Requests in both directions as the inspector shows them, and sending one to the app again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from app.emulator.app_link import Answered
from app.emulator.errors import JsonObject, Misused
from app.emulator.journal import Journal, Numbered, RecordedRequest, SentRequest
from app.emulator.slack import Slack

FROM_APP = "from-app"
TO_APP = "to-app"
_MADE_ANEW = {"x-slack-signature", "x-slack-request-timestamp", "user-agent"}


@dataclass(frozen=True)
class Entry:
    """One request. `outcome` is the status, the error inside a success, or that no answer came."""

    number: int
    direction: str
    method: str
    detail: str
    verb: str
    address: str
    at: str
    iso: str
    status: int
    outcome: str
    is_bad: bool
    duration: str
    fault: str
    headers: dict[str, str]
    sent: str
    answered: str


def entries(journal: Journal, after: int, most: int) -> list[JsonObject]:
    """The newest requests with a number above the one given, oldest first."""
    return [asdict(entry(each)) for each in journal.numbered(after, most)]


def entry(numbered: Numbered) -> Entry:
    """A request in words."""
    request = numbered.request
    at = datetime.fromtimestamp(request.at, UTC)
    is_from_app = isinstance(request, RecordedRequest)
    error = _error(request)
    return Entry(
        number=numbered.number,
        direction=FROM_APP if is_from_app else TO_APP,
        method=request.method if isinstance(request, RecordedRequest) else request.kind,
        detail="" if isinstance(request, RecordedRequest) else _detail(request),
        verb=request.http_method if isinstance(request, RecordedRequest) else "POST",
        address=request.path if isinstance(request, RecordedRequest) else request.url,
        at=f"{at:%H:%M:%S}",
        iso=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        status=request.status,
        outcome=error or (str(request.status) if request.status else "no answer"),
        is_bad=bool(error) or not 200 <= request.status < 300,
        duration=_duration(request.duration_ms),
        fault=(request.fault or "") if isinstance(request, RecordedRequest) else "",
        headers=request.headers,
        sent=_pretty(request.args),
        answered=_pretty(request.answer),
    )


def replay(slack: Slack, number: int) -> Answered:
    """Send a request to the app once more, freshly signed, as Slack does when it tries again."""
    sent = slack.journal.find_sent(number)
    if sent is None or not sent.body:
        raise Misused(f"number {number} is not a request to the app that can be sent again")
    return slack.app_link.post(sent.kind, sent.team_id, _payload(sent.body), sent.body, _headers(sent.headers))


def _payload(body: bytes) -> JsonObject:
    """What was sent before its secrets were masked: JSON, a form, or JSON in a form's `payload`."""
    text = body.decode()
    if text.startswith("{"):
        return dict(json.loads(text))
    fields = dict(parse_qsl(text, keep_blank_values=True))
    return dict(json.loads(fields["payload"])) if "payload" in fields else fields


def _headers(sent: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in sent.items() if name.lower() not in _MADE_ANEW}


def _detail(sent: SentRequest) -> str:
    """What a request to the app is about, in few words."""
    args = sent.args
    if sent.kind == "slash":
        return f"{args.get('command', '')} {args.get('text', '')}".strip()
    about = args.get("event") if isinstance(args.get("event"), dict) else args
    return str(about.get("type", "")) if isinstance(about, dict) else ""


def _error(request: RecordedRequest | SentRequest) -> str | None:
    """The error inside an answer that is a success by its status."""
    if isinstance(request, SentRequest) or request.status != 200:
        return None
    return request.error


def _duration(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.1f} s" if milliseconds >= 1000 else f"{milliseconds:.0f} ms"


def _pretty(value: Any) -> str:
    """A body for people; JSON is indented, also where it hides in a text."""
    value = _opened(value)
    if isinstance(value, str):
        return value
    opened = {name: _opened(each) for name, each in value.items()} if isinstance(value, dict) else value
    return json.dumps(opened, indent=2, ensure_ascii=False) if opened else ""


def _opened(value: Any) -> Any:
    """What a text holds, if that is JSON with something inside: forms carry their arrays like this."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
