"""``/metrics``."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from app.emulator import Emulator
from tests.clocks import MovedClock
from tests.db.given import set_aside
from tests.running import Running

TOKEN = "a-token-that-nobody-guesses"
SAMPLE = re.compile(r'[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? [0-9.e+]+')


def asked(app: Running, token: str = TOKEN) -> httpx.Response:
    return app.http.get("/metrics", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def app(run_app: Callable[..., Running]) -> Running:
    return run_app(METRICS_TOKEN=TOKEN, LINK_TEMPLATE="https://meet.example.com/{slug}")


def test_without_a_token_there_are_none(run_app: Callable[..., Running]) -> None:
    assert asked(run_app(LINK_TEMPLATE="https://meet.example.com/{slug}")).status_code == 404


@pytest.mark.parametrize("token", ["another", TOKEN + "x", "ü"])
def test_with_another_token_nothing_is_shown(app: Running, token: str) -> None:
    header = f"Bearer {token}".encode()
    answer = app.http.get("/metrics", headers=[(b"Authorization", header)])
    assert (answer.status_code, "switchboard" in answer.text) == (401, False)


def test_what_runs_and_what_was_done_is_counted(app: Running, slack: Emulator) -> None:
    before = _value(asked(app).text, 'switchboard_operations_total{operation="PostCall",outcome="done"}')
    slack.slash("/ring", "Weekly sync")
    app.settle(within_seconds=5)
    shown = asked(app).text
    assert _value(shown, 'switchboard_calls_running{provider="link"}') == 1
    assert _value(shown, 'switchboard_operations_total{operation="PostCall",outcome="done"}') == before + 1
    assert _value(shown, "switchboard_lag_seconds") == 0
    assert _value(shown, "switchboard_lanes_parked") == 0


def test_a_call_that_waits_is_seen(app: Running, slack: Emulator, clock: MovedClock) -> None:
    slack.slash("/ring", "Weekly sync")
    clock.move(7)
    assert _value(asked(app).text, "switchboard_lag_seconds") == 7


def test_calls_that_fail_again_and_again_are_counted_and_told(app: Running, slack: Emulator) -> None:
    slack.slash("/ring", "Weekly sync")
    assert _value(asked(app).text, "switchboard_calls_set_aside") == 0
    set_aside(app.switchboard.database)
    assert _value(asked(app).text, "switchboard_calls_set_aside") == 1
    ready = app.http.get("/readyz")
    assert (ready.status_code, "set aside: 1" in ready.text) == (200, True)

    app.settle(within_seconds=5)
    assert _value(asked(app).text, "switchboard_calls_set_aside") == 0
    assert app.http.get("/readyz").text == "ok"


def test_it_is_prometheus_s_text_and_tells_of_nobody(app: Running, slack: Emulator) -> None:
    slack.slash("/ring", "Weekly sync")
    app.settle(within_seconds=5)
    answer = asked(app)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = [line for line in answer.text.splitlines() if not line.startswith("# ")]
    assert samples
    assert [line for line in samples if not SAMPLE.fullmatch(line)] == []
    assert [word for word in ("Weekly", "U0", "T0LOCAL", "C0", "call-") if word in answer.text] == []


def _value(shown: str, sample: str) -> float:
    values = [line.rpartition(" ")[2] for line in shown.splitlines() if line.rpartition(" ")[0] == sample]
    return float(values[0]) if values else 0.0
