"""Events on their way to the app: at once, and again as Slack does when it fails."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from flask import Flask, Response, redirect, request

from app.emulator import Emulator
from app.emulator.app_link import Answered
from app.emulator.deliveries import Deliveries, Delivery
from app.emulator.errors import Misused
from tests.emulator.slack_side import Clock, Connect, Serve

Attempt = tuple[str | None, str | None, str]


@pytest.fixture
def attempts() -> list[Attempt]:
    return []


@pytest.fixture
def answers() -> list[Any]:
    """What the app answers in turn; the last answer stays."""
    return [""]


@pytest.fixture
def app(connect: Connect, attempts: list[Attempt], answers: list[Any]) -> None:
    def answer() -> Any:
        headers = request.headers
        event_id = request.get_json()["event_id"]
        attempts.append((headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason"), event_id))
        return answers.pop(0) if len(answers) > 1 else answers[0]

    connect(answer)


def numbers(attempts: list[Attempt]) -> list[str | None]:
    return [number for number, _, _ in attempts]


@pytest.mark.parametrize("url", ["http://[::1", "http://", "ftp://127.0.0.1/", "127.0.0.1:8000"])
def test_an_app_cannot_be_where_no_request_could_go(emulator: Emulator, url: str) -> None:
    with pytest.raises(Misused):
        emulator.connect_app(url)
    assert emulator.app_link.request_url is None


def test_an_event_that_cannot_be_sent_is_not_the_last() -> None:
    sent: list[str] = []
    both = threading.Event()

    def send(delivery: Delivery) -> Answered:
        sent.append(delivery.envelope["event_id"])
        if len(sent) == 1:
            raise RuntimeError("the first one cannot be sent")
        both.set()
        return Answered(200, "", "", 0.0, False)

    deliveries = Deliveries(send, time.time)
    deliveries.add("T0LOCAL", {"event_id": "Ev1"})
    deliveries.add("T0LOCAL", {"event_id": "Ev2"})
    deliveries.start()
    assert both.wait(5)
    deliveries.stop()
    assert sent == ["Ev1", "Ev2"]


@pytest.mark.usefixtures("app")
def test_what_arrives_is_sent_once(emulator: Emulator, attempts: list[Attempt]) -> None:
    assert emulator.open_home("U0ADA").status == 200
    assert numbers(attempts) == [None]
    assert emulator.deliveries.pending() == []


@pytest.mark.usefixtures("app")
def test_a_failure_is_retried_at_once_after_a_minute_and_after_five(
    emulator: Emulator, attempts: list[Attempt], answers: list[Any], clock: Clock
) -> None:
    answers[:] = [("broken", 500)]
    emulator.open_home("U0ADA")
    assert numbers(attempts) == [None, "1"]
    for seconds, expected in ((59, 2), (1, 3), (299, 3), (1, 4), (3600, 4)):
        clock.forward(seconds)
        emulator.deliver_due()
        assert len(attempts) == expected
    assert [reason for _, reason, _ in attempts] == [None, "http_error", "http_error", "http_error"]
    assert len({event_id for _, _, event_id in attempts}) == 1


@pytest.mark.usefixtures("app")
def test_a_retry_that_arrives_ends_it(
    emulator: Emulator, attempts: list[Attempt], answers: list[Any], clock: Clock
) -> None:
    answers[:] = [("broken", 503), ""]
    emulator.open_home("U0ADA")
    clock.forward(3600)
    assert (emulator.deliver_due(), numbers(attempts)) == ([], [None, "1"])


@pytest.mark.usefixtures("app")
def test_an_app_may_want_no_retries(emulator: Emulator, attempts: list[Attempt], answers: list[Any]) -> None:
    answers[:] = [Response("no", 500, {"X-Slack-No-Retry": "1"})]
    emulator.open_home("U0ADA")
    assert (numbers(attempts), emulator.deliveries.pending()) == ([None], [])


def test_an_app_that_is_not_there_is_retried(emulator: Emulator) -> None:
    emulator.connect_app("http://127.0.0.1:1/slack/events")
    assert emulator.open_home("U0ADA").status == 0
    assert [(each.retry, each.reason) for each in emulator.deliveries.pending()] == [(2, "connection_failed")]


def test_an_app_that_takes_too_long_is_retried(emulator: Emulator, connect: Connect) -> None:
    connect(lambda: str(emulator.journal.wait_until(lambda: False, 0.2)))
    emulator.app_link.budget_seconds = 0.02
    answered = emulator.open_home("U0ADA")
    assert (answered.status, answered.reason, answered.is_late) == (0, "http_timeout", True)


@pytest.mark.parametrize(("redirects", "reason"), [(2, ""), (3, "too_many_redirects")])
def test_two_redirects_are_followed(emulator: Emulator, serve: Serve, redirects: int, reason: str) -> None:
    app = Flask("app")

    @app.post("/<int:left>")
    def hop(left: int) -> Any:
        return redirect(f"/{left - 1}", 307) if left else ""

    emulator.connect_app(f"{serve(app)}/{redirects}")
    assert emulator.open_home("U0ADA").reason == reason


def test_without_an_app_events_are_lost(emulator: Emulator) -> None:
    assert emulator.open_home("U0ADA").status == 0
    assert (emulator.deliveries.pending(), emulator.journal.sent()) == ([], [])


def test_by_the_real_clock_events_go_out_by_themselves(serve: Serve) -> None:
    app = Flask("app")
    app.add_url_rule("/slack/events", view_func=lambda: "", methods=["POST"], endpoint="slack")
    with Emulator() as emulator:
        emulator.connect_app(serve(app) + "/slack/events")
        assert emulator.now is time.time
        emulator.deliveries.add("T0LOCAL", {"event_id": "Ev1", "event": {"type": "call_rejected"}})
        assert emulator.wait_until(lambda: emulator.journal.sent("event"))


def test_a_reset_forgets_what_is_under_way(emulator: Emulator) -> None:
    emulator.connect_app("http://127.0.0.1:1/slack/events")
    emulator.open_home("U0ADA")
    emulator.reset()
    assert emulator.deliveries.pending() == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda: request.get_json()["challenge"],
        lambda: {"challenge": request.get_json()["challenge"]},
        lambda: Response(f"challenge={request.get_json()['challenge']}", content_type="text/plain"),
    ],
)
def test_a_request_url_can_be_verified(emulator: Emulator, serve: Serve, answer: Any) -> None:
    app = Flask("app")
    app.add_url_rule("/slack/events", view_func=answer, methods=["POST"], endpoint="slack")
    emulator.connect_app(serve(app) + "/slack/events", verify=True)
    (sent,) = emulator.journal.sent("url_verification")
    assert set(sent.args) == {"token", "challenge", "type"}


@pytest.mark.parametrize("answer", [lambda: "", lambda: ("no", 404), lambda: (request.get_json()["challenge"], 500)])
def test_a_request_url_that_cannot_answer_is_not_taken(emulator: Emulator, serve: Serve, answer: Any) -> None:
    app = Flask("app")
    app.add_url_rule("/slack/events", view_func=answer, methods=["POST"], endpoint="slack")
    with pytest.raises(Misused, match="challenge"):
        emulator.connect_app(serve(app) + "/slack/events", verify=True)
    assert emulator.app_link.request_url is None
