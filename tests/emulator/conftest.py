"""An emulator for each test, with a clock that stands still, and clients that talk to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask, request
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.loopback import LoopbackServer
from tests.emulator.slack_side import Clock, Connect, Serve

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def clock() -> Clock:
    return Clock(1_700_000_000.25)


@pytest.fixture
def emulator(clock: Clock) -> Iterator[Emulator]:
    with Emulator(now=clock) as running:
        yield running


@pytest.fixture
def client(emulator: Emulator) -> WebClient:
    return WebClient("xoxb-local", base_url=emulator.api_url, retry_handlers=[])


@pytest.fixture
def http(emulator: Emulator) -> Iterator[httpx.Client]:
    headers = {"Authorization": "Bearer xoxb-local"}
    with httpx.Client(base_url=emulator.url, headers=headers, verify=False, trust_env=False) as client:
        yield client


@pytest.fixture
def call_id(client: WebClient) -> str:
    """A call that exists but that no message shows yet."""
    added = client.calls_add(external_unique_id="meeting-1", join_url="https://example.com/j/1")
    return str(added["call"]["id"])


@pytest.fixture
def sample() -> Callable[[str], Any]:
    """A recorded or documented shape; `fixtures/README.md` says where each comes from."""
    return lambda name: json.loads((FIXTURES / name).read_text("utf-8"))


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve an app until the end of the test; returns its URL."""
    with ExitStack() as running:

        def start(app: Flask) -> str:
            server = LoopbackServer(app, 0)
            server.start()
            running.callback(server.stop)
            return server.url

        yield start


@pytest.fixture
def connect(emulator: Emulator, serve: Serve) -> Connect:
    """Connect an app that gives this answer to everything."""

    def connect_app(answer: Callable[[], Any]) -> None:
        app = Flask("app")
        app.add_url_rule("/slack/events", view_func=answer, methods=["POST"], endpoint="slack")
        emulator.connect_app(serve(app) + "/slack/events")

    return connect_app


@pytest.fixture
def heard(connect: Connect) -> list[dict[str, Any]]:
    """The JSON that a connected app received, as it comes in."""
    received: list[dict[str, Any]] = []

    def keep() -> str:
        received.append(request.get_json())
        return ""

    connect(keep)
    return received
