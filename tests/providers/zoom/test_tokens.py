"""Access tokens: when they are asked for, and where they go."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.meetings import Meeting
from app.errors import PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.providers.base import Provider
from app.providers.registry import load_providers
from app.providers.zoom.tokens import api_address
from tests.clocks import NOON, MovedClock
from tests.providers.standin import HANG_UP, Asked, Reply, nobody_there
from tests.providers.zoom.server import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, ZoomServer, told

GONE = Meeting(id="1")


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(NOON)


@pytest.fixture
def server() -> Iterator[ZoomServer]:
    with ZoomServer() as running:
        yield running


@pytest.fixture
def zoom(server: ZoomServer, clock: MovedClock) -> Provider:
    return load_providers(server.settings(), clock)["zoom"]


def test_a_token_is_asked_for_as_zoom_documents(zoom: Provider, server: ZoomServer) -> None:
    zoom.look(GONE)
    asked = server.asked[0]
    parts = urlsplit(asked.path)
    assert (asked.method, parts.path) == ("POST", "/oauth/token")
    assert parse_qs(parts.query) == {"grant_type": ["account_credentials"], "account_id": [ACCOUNT_ID]}
    basic = asked.headers["authorization"].removeprefix("Basic ")
    assert base64.b64decode(basic).decode() == f"{CLIENT_ID}:{CLIENT_SECRET}"


def test_a_token_serves_until_a_minute_before_its_end(zoom: Provider, server: ZoomServer, clock: MovedClock) -> None:
    zoom.look(GONE)
    clock.move(3599 - 60 - 1)
    zoom.look(GONE)
    assert len(server.tokens) == 1
    clock.move(1)
    zoom.look(GONE)
    assert len(server.tokens) == 2
    assert server.asked[-1].headers["authorization"] == f"Bearer {server.tokens[1]}"


def test_a_token_that_zoom_no_longer_accepts_is_asked_for_once_more(zoom: Provider, server: ZoomServer) -> None:
    zoom.look(GONE)
    server.tokens[0] = "revoked"
    assert zoom.look(GONE) is None
    assert len(server.tokens) == 2


def test_and_not_again_and_again(zoom: Provider, server: ZoomServer) -> None:
    zoom.look(GONE)
    server.before = lambda _: server.tokens.clear()
    with pytest.raises(PermanentFailure, match="Check ZOOM_ACCOUNT_ID and ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET"):
        zoom.look(GONE)
    assert [asked.method for asked in server.asked[2:]] == ["GET", "POST", "GET"]


def test_many_threads_ask_for_one_token(zoom: Provider, server: ZoomServer) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(zoom.look, [GONE] * 16))
    assert len(server.tokens) == 1


class _Callers(MovedClock):
    """Knows how many threads have come, as each asks for the time first."""

    def __init__(self) -> None:
        super().__init__(NOON)
        self._come: set[int] = set()
        self._changed = threading.Condition()

    def now(self) -> datetime:
        with self._changed:
            self._come.add(threading.get_ident())
            self._changed.notify_all()
        return super().now()

    def wait_for(self, callers: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._come) >= callers, timeout=20)


def test_threads_that_waited_in_vain_do_not_ask_again_one_after_the_other(server: ZoomServer) -> None:
    """Each would hold up the others for as long as Zoom takes to give no answer."""
    clock = _Callers()
    zoom = load_providers(server.settings(), clock)["zoom"]

    def give_no_answer(_: Asked) -> None:
        clock.wait_for(4)
        server.instead_of_token = Reply(503)

    server.before = give_no_answer
    with ThreadPoolExecutor(4) as threads:
        failures = [one.exception() for one in [threads.submit(zoom.look, GONE) for _ in range(4)]]
    assert {type(failure) for failure in failures} == {TemporaryFailure}
    assert len(server.asked) == 1
    server.before, server.instead_of_token = lambda _: None, None
    assert zoom.look(GONE) is None


@pytest.mark.parametrize("name", ["ACCOUNT_ID", "CLIENT_ID", "CLIENT_SECRET"])
def test_wrong_credentials_name_the_settings(server: ZoomServer, clock: MovedClock, name: str) -> None:
    zoom = load_providers(server.settings(**{name: "wrong"}), clock)["zoom"]
    with pytest.raises(PermanentFailure, match="ZOOM_ACCOUNT_ID and ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET"):
        zoom.check()


def test_zooms_own_reason_is_told(zoom: Provider, server: ZoomServer) -> None:
    server.next_reply(told(400, {"reason": "The app is disabled", "error": "invalid_request"}))
    with pytest.raises(PermanentFailure, match=r"no access token \(The app is disabled\)"):
        zoom.check()


def test_unless_it_repeats_the_secret(zoom: Provider, server: ZoomServer) -> None:
    server.next_reply(told(400, {"reason": f"{CLIENT_SECRET}?"}))
    with pytest.raises(PermanentFailure, match=r"no access token\. Check"):
        zoom.check()


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (told(401, {"reason": "no", "error": "invalid_client"}), PermanentFailure),
        (told(429, {"reason": "slowly"}), RateLimited),
        (Reply(503), TemporaryFailure),
        (HANG_UP, TemporaryFailure),
        (Reply(200, b"<html>"), TemporaryFailure),
        (Reply(400, b"<html>"), TemporaryFailure),
        (told(200, {}), PermanentFailure),
        (told(200, {"access_token": "a b"}), PermanentFailure),
        (told(200, {"access_token": "a\r\nX: y"}), PermanentFailure),
        (told(200, {"access_token": "a", "expires_in": 0}), PermanentFailure),
        (told(200, {"access_token": "a", "expires_in": 1e300}), PermanentFailure),
    ],
)
def test_what_is_no_token_is_not_taken_for_one(
    zoom: Provider, server: ZoomServer, reply: Reply, kind: type[RequestFailed]
) -> None:
    server.next_reply(reply)
    with pytest.raises(kind):
        zoom.look(GONE)
    assert zoom.look(GONE) is None


def test_zoom_may_be_away(server: ZoomServer, clock: MovedClock) -> None:
    zoom = load_providers(server.settings(URL=nobody_there()), clock)["zoom"]
    with pytest.raises(TemporaryFailure):
        zoom.look(GONE)


# --- Where a token goes -----------------------------------------------------------------------------------------


def test_the_api_is_where_zoom_says(zoom: Provider, server: ZoomServer) -> None:
    with ZoomServer() as elsewhere:
        server.api_url = elsewhere.url
        elsewhere.tokens.append("token-0-that-must-not-be-seen")
        zoom.look(GONE)
        assert elsewhere.requests() == ["GET /meetings/1"]
    assert server.requests() == []


@pytest.mark.parametrize(
    ("told_url", "url"),
    [
        ("https://api.zoom.us", "https://zoom.us"),
        ("https://api-us.zoom.us/", "https://zoom.us"),
        ("https://zoom.us", "https://zoom.us"),
        ("https://api.zoomgov.com", "https://zoomgov.com"),
        ("https://api.zoom.us", "https://zoomgov.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_zooms_own_addresses_are_taken(told_url: str, url: str) -> None:
    assert api_address(told_url, url) == told_url.rstrip("/")


@pytest.mark.parametrize(
    "told_url",
    [
        "https://example.com",
        "https://zoom.us.example.com",
        "https://evilzoom.us",
        "https://zoom.us@example.com",
        "https://example.com/zoom.us",
        "https://api.zoom.us?x=https://example.com",
        "http://api.zoom.us",
        "http://zoom.us",
        "ftp://api.zoom.us",
        "//api.zoom.us",
        "api.zoom.us",
        "https://",
        "https://[",
    ],
)
def test_nobody_else_is_sent_a_token(told_url: str) -> None:
    with pytest.raises(PermanentFailure, match="Check ZOOM_URL"):
        api_address(told_url, "https://zoom.us")


def test_a_foreign_address_gets_no_request(zoom: Provider, server: ZoomServer) -> None:
    server.api_url = "https://example.com"
    with pytest.raises(PermanentFailure, match="not its own"):
        zoom.look(GONE)
    assert server.requests() == []


@pytest.mark.parametrize(
    ("url", "api"),
    [("https://zoom.us", "https://api.zoom.us"), ("https://zoomgov.com", "https://api.zoomgov.com")],
)
def test_where_zoom_says_nothing_the_api_is_beside(url: str, api: str) -> None:
    assert api_address("", url) == api
