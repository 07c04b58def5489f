"""A room with a clock that stands still, an app beside it, and browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from app.room import LocalRoom
from tests.clocks import MovedClock
from tests.room.tab import App, Browser


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    with app.receiver:
        yield app


@pytest.fixture
def room(clock: MovedClock, app: App) -> Iterator[LocalRoom]:
    with LocalRoom(app.webhook_url, now=clock.unix) as room:
        yield room


@pytest.fixture
def api(room: LocalRoom) -> Iterator[httpx.Client]:
    """The app's side of the contract."""
    headers = {"Authorization": f"Bearer {room.api_key}"}
    with httpx.Client(base_url=room.url, headers=headers, trust_env=False, verify=False) as client:
        yield client


@pytest.fixture
def meeting_id(api: httpx.Client) -> str:
    return str(api.post("/meetings", json={"key": "key-1", "title": "Weekly sync"}).json()["id"])


@pytest.fixture
def new_browser(room: LocalRoom) -> Iterator[Callable[[], Browser]]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(Browser(room))


@pytest.fixture
def ada(new_browser: Callable[[], Browser]) -> Browser:
    return new_browser()


@pytest.fixture
def grace(new_browser: Callable[[], Browser]) -> Browser:
    return new_browser()
