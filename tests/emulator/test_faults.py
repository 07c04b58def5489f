"""Faults: what an app can be made to suffer."""

from __future__ import annotations

import threading
import time

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from app.emulator import Emulator
from app.emulator.errors import Misused
from app.emulator.faults import Faults
from tests.emulator.slack_side import error_of

CALL = {"external_unique_id": "meeting-1", "join_url": "https://example.com/j/1"}


def calls_made(emulator: Emulator) -> int:
    return len(emulator.workspace().calls.all())


def test_too_many_requests_on_order(client: WebClient, emulator: Emulator) -> None:
    emulator.faults.add("calls.add", "status", status=429, retry_after=3, times=1)
    with pytest.raises(SlackApiError) as caught:
        client.api_call("calls.add", params=CALL)
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "3"
    assert caught.value.response["error"] == "ratelimited"
    assert calls_made(emulator) == 0
    assert client.api_call("calls.add", params=CALL)["ok"]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_broken_slack(http: httpx.Client, emulator: Emulator, status: int) -> None:
    emulator.faults.add("calls.add", "status", status=status)
    assert http.post("/api/calls.add", data=CALL).status_code == status
    assert calls_made(emulator) == 0


def test_an_error_of_choice(client: WebClient, emulator: Emulator) -> None:
    emulator.faults.add("calls.add", "error", error="not_authorized")
    assert error_of(lambda: client.api_call("calls.add", params=CALL)) == "not_authorized"
    assert calls_made(emulator) == 0


def test_an_error_inside_a_success(client: WebClient, emulator: Emulator) -> None:
    emulator.faults.add("calls.participants.add", "ok_true_error", error="bad_users")
    answer = client.api_call("calls.participants.add", params={"id": "R1"})
    assert answer.data == {"ok": True, "error": "bad_users"}


def test_an_answer_that_is_not_json(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("calls.add", "malformed")
    answer = http.post("/api/calls.add", data=CALL)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
    assert calls_made(emulator) == 0


def test_too_many_requests_without_a_word_on_how_long_to_wait(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("calls.add", "status", status=429, retry_after=None)
    answer = http.post("/api/calls.add", data=CALL)
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, False)


@pytest.mark.parametrize("kind", ["status", "error", "ok_true_error", "malformed"])
def test_an_answer_that_hides_what_was_done(http: httpx.Client, emulator: Emulator, kind: str) -> None:
    emulator.faults.add("calls.add", kind, has_effect=True, times=1)  # type: ignore[arg-type]
    answer = http.post("/api/calls.add", data=CALL)
    assert '"call"' not in answer.text
    assert calls_made(emulator) == 1


def test_an_answer_that_is_json_and_no_object(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("calls.add", "malformed", body="[]")
    assert http.post("/api/calls.add", data=CALL).json() == []


@pytest.mark.parametrize(("kind", "calls"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_with_and_without_effect(
    http: httpx.Client, emulator: Emulator, kind: str, calls: int
) -> None:
    emulator.faults.add("calls.add", kind, times=1)  # type: ignore[arg-type]
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/api/calls.add", data=CALL)
    assert calls_made(emulator) == calls
    (request,) = emulator.requests("calls.add")
    assert (request.status, request.answer, request.fault) == (0, None, kind)


@pytest.mark.parametrize(("kind", "calls"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_held_connection_with_and_without_effect(
    http: httpx.Client, emulator: Emulator, kind: str, calls: int
) -> None:
    emulator.faults.add("calls.add", kind, seconds=60)  # type: ignore[arg-type]
    with pytest.raises(httpx.ReadTimeout):
        http.post("/api/calls.add", data=CALL, timeout=httpx.Timeout(10, read=0.05))
    assert emulator.wait_until(lambda: emulator.requests("calls.add"))
    assert calls_made(emulator) == calls
    assert [request.status for request in emulator.requests("calls.add")] == [0]


def test_a_held_connection_is_closed_in_the_end(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("calls.add", "timeout_before", seconds=0.02)
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/api/calls.add", data=CALL)


@pytest.mark.parametrize("release", [lambda emulator: emulator.faults.clear(), lambda emulator: emulator.stop()])
def test_held_connections_are_let_go(emulator: Emulator, release: object) -> None:
    assert callable(release)
    emulator.faults.add("*", "timeout_before", seconds=600)
    ended = threading.Event()

    def wait_for_an_answer() -> None:
        with pytest.raises(httpx.HTTPError):
            httpx.post(emulator.api_url + "calls.add", timeout=600)
        ended.set()

    threading.Thread(target=wait_for_an_answer).start()
    assert emulator.wait_until(lambda: emulator.requests("calls.add"))
    release(emulator)
    assert ended.wait(5)


def test_a_slow_slack(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("*", "slow", seconds=0.05)
    started = time.perf_counter()
    assert http.post("/api/calls.add", data=CALL).json()["ok"]
    assert time.perf_counter() - started >= 0.05


def test_a_slow_answer_to_what_is_done_already(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("*", "slow", seconds=600, has_effect=True)
    answers: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: answers.append(http.post("/api/calls.add", data=CALL, timeout=600)))
    asking.start()
    assert emulator.wait_until(lambda: emulator.requests("calls.add"))
    assert (calls_made(emulator), answers) == (1, [])
    emulator.faults.clear()
    asking.join(5)
    assert [answer.json()["ok"] for answer in answers] == [True]


def test_latency_and_another_fault_come_together(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("*", "slow", seconds=0.02)
    emulator.faults.add("calls.add", "error", error="internal_error")
    started = time.perf_counter()
    assert http.post("/api/calls.add", data=CALL).json()["error"] == "internal_error"
    assert time.perf_counter() - started >= 0.02


def test_a_response_url_can_fail_too(http: httpx.Client, emulator: Emulator) -> None:
    emulator.faults.add("response_url", "status", status=503, times=1)
    assert http.post("/commands/T0LOCAL/1/x", json={"text": "Hello"}).status_code == 503


def test_a_fault_strikes_only_its_method() -> None:
    faults = Faults()
    faults.add("calls.add", "error")
    assert faults.take("calls.end") is None
    assert faults.take("calls.add") is not None


def test_a_fault_for_all_strikes_everything() -> None:
    faults = Faults()
    fault = faults.add("*", "error")
    assert [faults.take(method) for method in ("calls.add", "response_url")] == [fault, fault]


def test_a_fault_strikes_as_often_as_it_was_told() -> None:
    faults = Faults()
    faults.add("calls.add", "error", times=2, skip=1)
    struck = [faults.take("calls.add") is not None for _ in range(5)]
    assert struck == [False, True, True, False, False]


def test_faults_strike_one_after_the_other() -> None:
    faults = Faults()
    faults.add("calls.add", "error", error="first", times=1)
    faults.add("calls.add", "error", error="second", times=1)
    struck = [faults.take("calls.add") for _ in range(3)]
    assert [fault.error if fault else None for fault in struck] == ["first", "second", None]


def test_cleared_faults_are_gone() -> None:
    faults = Faults()
    faults.add("*", "error")
    faults.clear()
    assert faults.take("calls.add") is None


def test_there_are_only_so_many_kinds() -> None:
    with pytest.raises(Misused, match="explode"):
        Faults().add("*", "explode")  # type: ignore[arg-type]
