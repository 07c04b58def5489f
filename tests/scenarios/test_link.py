"""Calls with plain links, from the command to the end."""

from __future__ import annotations

from collections.abc import Callable

from app.emulator import Emulator
from tests.clocks import MovedClock
from tests.running import Running

TEMPLATE = "https://meet.example.com/{slug}"


def test_a_call_is_started_shown_and_ended(run_app: Callable[..., Running], slack: Emulator, clock: MovedClock) -> None:
    app = run_app(LINK_TEMPLATE=TEMPLATE)

    answer = slack.slash("/ring", "Weekly sync", user="U0GRACE", channel="C0GENERAL")
    app.settle()

    assert answer.text == "Starting *Weekly sync* …"
    [card] = slack.cards("C0GENERAL")
    assert card["name"] == "Weekly sync"
    assert card["created_by"] == "U0GRACE"
    assert card["join_url"].startswith("https://meet.example.com/weekly-sync-")
    assert not card["has_ended"]

    clock.move(720)
    assert slack.slash("/ring", "end", user="U0GRACE", channel="C0GENERAL").text == (
        "The call *Weekly sync* is over in Slack. Its link goes on working."
    )
    app.settle()

    [card] = slack.cards("C0GENERAL")
    assert card["has_ended"]
    assert card["date_end"] - card["date_start"] == 720
    counted = [len(slack.requests(method)) for method in ("calls.add", "chat.postMessage", "calls.end")]
    assert counted == [1, 1, 1]
