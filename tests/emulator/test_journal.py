"""The journal: what was asked, what was answered, and nothing that is secret."""

from __future__ import annotations

import threading

import httpx
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.journal import LENGTH, Journal, RecordedRequest


def entry(method: str = "calls.add") -> RecordedRequest:
    return RecordedRequest(method, {}, 200, {}, 0.0, "POST", "/", {}, None, None, 0.0)


def test_every_request_is_recorded_in_order(emulator: Emulator, client: WebClient, http: httpx.Client) -> None:
    client.auth_test()
    http.post("/api/nonsense")
    client.auth_test()
    assert [request.method for request in emulator.requests()] == ["auth.test", "nonsense", "auth.test"]
    assert len(emulator.requests("auth.test")) == 2


def test_a_request_is_recorded_with_its_answer(emulator: Emulator, http: httpx.Client) -> None:
    answer = http.post("/api/users.info", data={"user": "U0ADA"})
    (request,) = emulator.requests("users.info")
    assert (request.args, request.status, request.answer) == ({"user": "U0ADA"}, 200, answer.json())
    assert (request.http_method, request.path, request.team_id) == ("POST", "/api/users.info", "T0LOCAL")
    assert (request.at, request.error, request.fault) == (1_700_000_000.25, None, None)
    assert request.duration_ms > 0


def test_a_refusal_is_recorded_with_its_code(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/api/users.info", data={"user": "U0NOBODY"})
    assert [request.error for request in emulator.requests()] == ["user_not_found"]


def test_a_request_that_came_too_soon_is_recorded(emulator: Emulator, http: httpx.Client) -> None:
    emulator.limits.set("auth.test", 1)
    for _ in range(2):
        http.post("/api/auth.test")
    assert [request.status for request in emulator.requests("auth.test")] == [200, 429]


def test_json_arguments_are_recorded_as_they_came(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/api/calls.add", json={"users": [{"slack_id": "U0ADA"}]})
    assert emulator.requests()[0].args == {"users": [{"slack_id": "U0ADA"}]}


def test_no_token_is_recorded(emulator: Emulator) -> None:
    secret = "xoxb-very-secret"
    httpx.post(emulator.api_url + "auth.test", headers={"Authorization": f"Bearer {secret}"}, data={"token": secret})
    httpx.post(emulator.api_url + "auth.test", json={"token": secret})
    httpx.get(emulator.api_url + "auth.test", params={"token": secret})
    httpx.post(emulator.api_url + "auth.test", content=f"token={secret}&\xff[]=1".encode())
    assert len(emulator.requests()) == 4
    assert secret not in repr(emulator.requests())


def test_the_journal_is_bounded() -> None:
    journal = Journal()
    journal.record(entry("first"))
    for _ in range(LENGTH):
        journal.record(entry())
    assert len(journal.received()) == LENGTH
    assert journal.received("first") == []


def test_one_can_wait_for_a_request() -> None:
    journal = Journal()
    waiting = threading.Event()

    def look() -> bool:
        waiting.set()
        return bool(journal.received("calls.end"))

    def record() -> None:
        waiting.wait()
        journal.record(entry("calls.add"))
        journal.record(entry("calls.end"))

    threading.Thread(target=record).start()
    assert journal.wait_until(look, timeout=5)


def test_waiting_in_vain_ends() -> None:
    assert Journal().wait_until(lambda: False, timeout=0.01) is False


def test_the_last_look_decides() -> None:
    looks = iter([False, True])
    assert Journal().wait_until(lambda: next(looks), timeout=0) is True
