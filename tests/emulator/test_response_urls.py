"""Response URLs: five times within thirty minutes, and where the bot may not post too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from slack_sdk.webhook import WebhookClient

from app.emulator import Emulator
from tests.emulator.slack_side import Clock


@pytest.fixture
def mint(emulator: Emulator) -> Callable[[str], str]:
    """A fresh URL for what Ada just did in a channel."""
    return lambda channel: emulator.url + emulator.workspace().response_urls.mint(channel, "U0ADA").path


@pytest.fixture
def url(mint: Callable[[str], str]) -> str:
    return mint("C0GENERAL")


def test_an_answer_is_only_for_the_person(emulator: Emulator, http: httpx.Client, url: str) -> None:
    answer = http.post(url, json={"text": "Starting…"})
    assert (answer.status_code, answer.text) == (200, "ok")
    assert [message["text"] for message in emulator.ephemerals("U0ADA")] == ["Starting…"]
    assert emulator.messages("C0GENERAL") == []


def test_an_answer_may_be_for_the_channel(emulator: Emulator, http: httpx.Client, url: str) -> None:
    http.post(url, json={"text": "Started", "response_type": "in_channel"})
    (message,) = emulator.messages("C0GENERAL")
    assert (message["text"], message["bot_id"]) == ("Started", "B0BOT")


@pytest.mark.parametrize("channel", ["G0SECRET", "D0ADAGRACE"])
def test_a_card_reaches_where_the_bot_may_not_post(
    emulator: Emulator,
    http: httpx.Client,
    mint: Callable[[str], str],
    call_id: str,
    sample: Callable[[str], Any],
    channel: str,
) -> None:
    payload = sample("response_url.in_channel_call.json")
    payload["blocks"][0]["call_id"] = call_id
    assert http.post(mint(channel), json=payload).status_code == 200
    assert [card["id"] for card in emulator.cards(channel)] == [call_id]
    assert emulator.call(call_id)["channels"] == [channel]


def test_slacks_own_client_can_use_it(emulator: Emulator, url: str) -> None:
    response = WebhookClient(url).send(text="Hello", response_type="in_channel")
    assert (response.status_code, response.body) == (200, "ok")
    assert len(emulator.messages("C0GENERAL")) == 1


def test_a_form_with_a_payload_works_too(emulator: Emulator, http: httpx.Client, url: str) -> None:
    assert http.post(url, data={"payload": '{"text": "Hello"}'}).text == "ok"
    assert emulator.ephemerals("U0ADA")[0]["text"] == "Hello"


def test_an_answer_can_be_replaced(emulator: Emulator, http: httpx.Client, url: str) -> None:
    http.post(url, json={"text": "Starting…"})
    http.post(url, json={"text": "Started", "replace_original": True})
    assert [message["text"] for message in emulator.ephemerals("U0ADA")] == ["Started"]


def test_an_answer_can_be_deleted(emulator: Emulator, http: httpx.Client, url: str) -> None:
    http.post(url, json={"text": "Starting…"})
    http.post(url, json={"delete_original": True})
    http.post(url, json={"delete_original": True})
    assert emulator.ephemerals("U0ADA") == []


def test_there_is_nothing_to_replace_at_first(emulator: Emulator, http: httpx.Client, url: str) -> None:
    http.post(url, json={"text": "Started", "replace_original": True})
    assert [message["text"] for message in emulator.ephemerals("U0ADA")] == ["Started"]


def test_an_answer_may_go_into_a_thread(emulator: Emulator, http: httpx.Client, url: str) -> None:
    http.post(url, json={"text": "Hi", "response_type": "in_channel", "thread_ts": "1700000000.000100"})
    assert emulator.messages("C0GENERAL")[0]["thread_ts"] == "1700000000.000100"


def test_it_works_five_times(http: httpx.Client, url: str) -> None:
    answers = [http.post(url, json={"text": "Hello"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert answers[-1].text == "used_url"


def test_it_works_for_half_an_hour(http: httpx.Client, clock: Clock, url: str) -> None:
    clock.forward(30 * 60)
    assert http.post(url, json={"text": "Hello"}).status_code == 200
    clock.forward(1)
    late = http.post(url, json={"text": "Hello"})
    assert (late.status_code, late.text) == (404, "expired_url")


@pytest.mark.parametrize("path", ["/commands/T0LOCAL/1/guessed", "/commands/T0OTHER/1/guessed"])
def test_it_cannot_be_guessed(http: httpx.Client, path: str) -> None:
    assert http.post(path, json={"text": "Hello"}).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"not json", "invalid_payload"),
        (b"[]", "invalid_payload"),
        (b"", "invalid_payload"),
        (b"{}", "no_text"),
        (b'{"blocks": [{"type": "call", "call_id": "R1"}]}', "invalid_blocks"),
        (b'{"blocks": "text"}', "invalid_blocks_format"),
    ],
)
def test_a_bad_payload_is_refused(emulator: Emulator, http: httpx.Client, url: str, body: bytes, code: str) -> None:
    answer = http.post(url, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.text) == (400, code)
    assert emulator.ephemerals("U0ADA") == emulator.messages("C0GENERAL") == []


def test_its_uses_are_recorded(emulator: Emulator, http: httpx.Client, url: str) -> None:
    http.post(url, json={"text": "Hello"})
    (request,) = emulator.requests("response_url")
    assert (request.args, request.answer, request.team_id) == ({"text": "Hello"}, "ok", "T0LOCAL")
