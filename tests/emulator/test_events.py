"""Events: https://docs.slack.dev/apis/events-api"""

from __future__ import annotations

from typing import Any

from flask import request

from app.emulator import Emulator
from tests.emulator.slack_side import Connect


def test_an_event_comes_in_its_envelope(emulator: Emulator, connect: Connect) -> None:
    received: list[Any] = []

    def answer() -> str:
        received.append(request.get_json())
        return ""

    connect(answer)
    event = {"type": "app_uninstalled"}
    assert emulator.send_event(event).status == 200
    assert (received[0]["type"], received[0]["event"], received[0]["team_id"]) == (
        "event_callback",
        event,
        "T0LOCAL",
    )
    assert (received[0]["api_app_id"], received[0]["event_time"]) == ("A0LOCAL", 1_700_000_000)
    assert received[0]["event_id"].startswith("Ev")


def test_a_retry_says_so_and_keeps_its_id(emulator: Emulator, connect: Connect) -> None:
    connect(lambda: f"{request.headers.get('X-Slack-Retry-Num')} {request.headers.get('X-Slack-Retry-Reason')}")
    first = emulator.send_event({"type": "app_uninstalled"}, event_id="Ev1")
    again = emulator.send_event({"type": "app_uninstalled"}, event_id="Ev1", retry=(1, "http_timeout"))
    assert (first.body, again.body) == ("None None", "1 http_timeout")
    assert [sent.args["event_id"] for sent in emulator.journal.sent("event")] == ["Ev1", "Ev1"]
