"""Requests that claim to come from Slack."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import httpx
import pytest

from app.emulator import Emulator
from tests.clocks import MovedClock
from tests.running import Running

COMMAND = b"command=%2Fring&text=help&team_id=T0LOCAL&channel_id=C0GENERAL&user_id=U0GRACE&trigger_id=1.2"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def app(run_app: Callable[..., Running]) -> Running:
    return run_app(LINK_TEMPLATE="https://meet.example.com/{slug}")


@pytest.fixture
def send(app: Running, slack: Emulator) -> Callable[..., httpx.Response]:
    """Post a body as Slack would; ``changed`` replaces headers, and with None leaves them out."""

    def post(
        body: bytes = COMMAND, kind: str = FORM, changed: Mapping[str, str | None] | None = None
    ) -> httpx.Response:
        headers = {"Content-Type": kind, **slack.signed_headers(body), **(changed or {})}
        given = [(name.encode(), value.encode()) for name, value in headers.items() if value is not None]
        return app.http.post("/slack/events", content=body, headers=given)

    return post


def test_a_signed_command_is_answered(send: Callable[..., httpx.Response]) -> None:
    answer = send()
    assert answer.status_code == 200
    assert "starts a call" in answer.text


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"X-Slack-Signature": "v0=" + "0" * 64}, id="wrong signature"),
        pytest.param({"X-Slack-Signature": None}, id="no signature"),
        pytest.param({"X-Slack-Signature": ""}, id="empty signature"),
        pytest.param({"X-Slack-Signature": "v0=größer"}, id="signature that is no ASCII"),
        pytest.param({"X-Slack-Request-Timestamp": None}, id="no timestamp"),
        pytest.param({"X-Slack-Request-Timestamp": ""}, id="empty timestamp"),
        pytest.param({"X-Slack-Request-Timestamp": "yesterday"}, id="timestamp that is no number"),
        pytest.param({"X-Slack-Request-Timestamp": "1e9"}, id="timestamp with an exponent"),
        pytest.param({"X-Slack-Request-Timestamp": "9" * 40}, id="timestamp beyond all time"),
        pytest.param({"X-Slack-Request-Timestamp": "-1"}, id="timestamp before all time"),
    ],
)
def test_what_is_not_signed_by_slack_is_refused(
    send: Callable[..., httpx.Response], changed: Mapping[str, str | None]
) -> None:
    assert send(changed=changed).status_code == 401


def test_a_signature_is_good_for_five_minutes(
    send: Callable[..., httpx.Response], slack: Emulator, clock: MovedClock
) -> None:
    then = slack.signed_headers(COMMAND)
    clock.move(299)
    assert send(changed=then).status_code == 200
    clock.move(2)
    assert send(changed=then).status_code == 401


def test_a_changed_body_is_refused(app: Running, slack: Emulator) -> None:
    headers = {"Content-Type": FORM, **slack.signed_headers(COMMAND)}
    answer = app.http.post("/slack/events", content=COMMAND.replace(b"help", b"end"), headers=headers)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param("application/json", b"[]", id="a list"),
        pytest.param("application/json", b"null", id="nothing"),
        pytest.param("application/json", b"17", id="a number"),
        pytest.param("application/json", b"{", id="half an object"),
        pytest.param("application/json", b"[" * 100_000, id="a deep list"),
        pytest.param("application/json", b"", id="empty"),
        pytest.param(FORM, b"", id="an empty form"),
        pytest.param(FORM, b"payload=", id="an empty interaction"),
        pytest.param(FORM, b"payload=%5B%5D", id="an interaction that is a list"),
        pytest.param(FORM, b"payload=not+json", id="an interaction that is no JSON"),
        pytest.param("text/plain", b"hello", id="plain text"),
        pytest.param("application/octet-stream", b"\x00\x01", id="binary"),
    ],
)
def test_a_signed_body_of_the_wrong_kind_is_refused(
    send: Callable[..., httpx.Response], kind: str, body: bytes
) -> None:
    assert send(body, kind).status_code == 400


def test_a_body_that_is_no_text_is_refused(app: Running, slack: Emulator) -> None:
    headers = {"Content-Type": FORM, **slack.signed_headers(COMMAND)}
    assert app.http.post("/slack/events", content=b"\xff\xfe", headers=headers).status_code == 401


def test_a_body_of_more_than_a_mebibyte_is_refused(send: Callable[..., httpx.Response]) -> None:
    assert send(b"text=" + b"x" * 1024 * 1024).status_code == 413


def test_a_large_body_sent_in_chunks_is_refused(app: Running, slack: Emulator) -> None:
    chunks = (b"x" * 65536 for _ in range(17))
    headers = {"Content-Type": FORM, **slack.signed_headers(COMMAND)}
    assert app.http.post("/slack/events", content=chunks, headers=headers).status_code in {400, 401, 413}


def test_slacks_check_of_the_address_is_answered(send: Callable[..., httpx.Response]) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB", "token": "x"}).encode()
    answer = send(body, "application/json")
    assert answer.status_code == 200
    assert "3eZbrw1aB" in answer.text


def test_slacks_check_of_the_certificate_is_answered(send: Callable[..., httpx.Response]) -> None:
    assert send(b"ssl_check=1&token=x").status_code == 200


def test_another_command_is_not_ours(send: Callable[..., httpx.Response]) -> None:
    assert send(COMMAND.replace(b"%2Fring", b"%2Fother")).status_code == 404


def test_only_posts_are_taken(app: Running) -> None:
    assert app.http.get("/slack/events").status_code == 405


def test_a_client_id_in_the_environment_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, run_app: Callable[..., Running], slack: Emulator
) -> None:
    """Bolt would read it by itself, turn to OAuth and drop the token."""
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "secret")
    run_app(LINK_TEMPLATE="https://meet.example.com/{slug}")
    assert "starts a call" in slack.slash("/ring", "help").text
