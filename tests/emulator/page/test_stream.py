"""The stream that tells open pages of news."""

from __future__ import annotations

import httpx
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.journal import Journal
from app.emulator.stream import news
from tests.emulator.slack_side import Clock


def test_a_page_is_told_the_revision_at_once() -> None:
    journal = Journal()
    told = news(journal)
    assert next(told).startswith(b"retry:")
    assert next(told) == b"event: news\ndata: 0\n\n"


def test_a_change_is_a_new_revision() -> None:
    journal = Journal()
    told = news(journal)
    next(told), next(told)
    journal.touch()
    assert next(told) == b"event: news\ndata: 1\n\n"


def test_a_silent_stream_says_that_it_lives() -> None:
    told = news(Journal(), heartbeat_seconds=0)
    next(told), next(told)
    assert next(told).startswith(b":")


def test_it_travels_as_it_comes(emulator: Emulator, client: WebClient) -> None:
    with httpx.stream("GET", emulator.url + "/stream", timeout=5) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        before = next(line for line in lines if line.startswith("data:"))
        client.auth_test()
        assert next(line for line in lines if line.startswith("data:")) != before


def test_it_ends_with_the_workspace(clock: Clock) -> None:
    emulator = Emulator(now=clock).start()
    with httpx.stream("GET", emulator.url + "/stream", timeout=5) as answer:
        lines = answer.iter_lines()
        next(lines)
        emulator.stop()
        assert [line for line in lines if line.startswith("event: end")] == []
