"""The journal: every request in and out, with secrets masked, bounded, and something to wait on."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from app.emulator.errors import JsonObject

LENGTH = 10_000
MASK = "***"
_SECRET_KEYS = {
    "access_token",
    "bot_access_token",
    "client_secret",
    "code",
    "id_token",
    "refresh_token",
    "token",
}
_SECRET_HEADERS = {"authorization", "cookie", "x-slack-signature"}


@dataclass(frozen=True)
class RecordedRequest:
    """A request that an app sent us. `status` is 0 when the connection was closed without an answer.

    `method` is Slack's name, such as `calls.add`, or `response_url`; `at` is in unix seconds of the emulator's
    clock, `duration_ms` in real milliseconds.
    """

    method: str
    args: JsonObject
    status: int
    answer: JsonObject | str | None
    at: float
    http_method: str
    path: str
    headers: dict[str, str]
    team_id: str | None
    fault: str | None
    duration_ms: float

    @property
    def error(self) -> str | None:
        """The error code of the answer, if it has one."""
        return self.answer.get("error") if isinstance(self.answer, dict) else None


@dataclass(frozen=True)
class SentRequest:
    """A request that we sent to the app. `status` is 0 when no answer came."""

    kind: str
    url: str
    args: JsonObject
    status: int
    answer: str
    at: float
    headers: dict[str, str]
    team_id: str
    duration_ms: float
    body: bytes = field(default=b"", repr=False)
    """What was sent, secrets and all, so that it can be sent again."""


@dataclass(frozen=True)
class Numbered:
    """A request in either direction with its place in the order of all of them, counted from 1."""

    number: int
    request: RecordedRequest | SentRequest


class Journal:
    """Keeps the last requests; thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._number = 0
        self._all: deque[Numbered] = deque(maxlen=LENGTH)
        self._received: deque[RecordedRequest] = deque(maxlen=LENGTH)
        self._sent: deque[SentRequest] = deque(maxlen=LENGTH)

    def record(self, entry: RecordedRequest | SentRequest) -> None:
        """Keep a request and wake who waits for something to happen."""
        with self._changed:
            if isinstance(entry, RecordedRequest):
                self._received.append(entry)
            else:
                self._sent.append(entry)
            self._number += 1
            self._all.append(Numbered(self._number, entry))
            self._news()

    def touch(self) -> None:
        """Wake who waits, because something changed without a request: a person wrote, a switch was moved."""
        with self._changed:
            self._news()

    @property
    def revision(self) -> int:
        """A number that grows with every change; what was read after it can only be newer."""
        with self._changed:
            return self._count

    def next_revision(self, seen: int, timeout: float) -> int:
        """Wait until the revision is another than the one seen; the seen one if nothing happened in time."""
        self._wait_for_news(seen, timeout)
        return self.revision

    def numbered(self, after: int, most: int) -> list[Numbered]:
        """The newest requests in both directions with a number above the one given, oldest first."""
        with self._changed:
            newest = list(islice(reversed(self._all), most))
        return [each for each in reversed(newest) if each.number > after]

    def find_sent(self, number: int) -> SentRequest | None:
        """The request to the app with this number, if it is still known."""
        with self._changed:
            found = next((each.request for each in self._all if each.number == number), None)
        return found if isinstance(found, SentRequest) else None

    def received(self, method: str | None = None) -> list[RecordedRequest]:
        """The requests of an app, oldest first; only those for one method if it is given."""
        with self._changed:
            return [each for each in self._received if method in (None, each.method)]

    def sent(self, kind: str | None = None) -> list[SentRequest]:
        """The requests to the app, oldest first; `kind` is `slash` or `event`."""
        with self._changed:
            return [each for each in self._sent if kind in (None, each.kind)]

    def clear(self) -> None:
        """Forget everything."""
        with self._changed:
            self._all.clear()
            self._received.clear()
            self._sent.clear()
            self._news()

    def wait_until(self, is_true: Callable[[], object], timeout: float) -> bool:
        """Wait until a condition holds, looking again after each request; False if it never did in time."""
        deadline = time.monotonic() + timeout
        while True:
            seen = self._count
            # The condition is looked at without our lock, because it may need a workspace's.
            if is_true():
                return True
            if not self._wait_for_news(seen, deadline - time.monotonic()):
                return bool(is_true())

    def _news(self) -> None:
        self._count += 1
        self._changed.notify_all()

    def _wait_for_news(self, seen: int, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._count != seen, timeout)


def masked(values: Mapping[str, Any]) -> JsonObject:
    """Arguments or an answer without the secrets among them, however deep they lie."""
    return {name: MASK if name in _SECRET_KEYS and value else _masked(value) for name, value in values.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked(value)
    return [_masked(each) for each in value] if isinstance(value, list) else value


def masked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers without the secrets among them."""
    return {name: MASK if name.lower() in _SECRET_HEADERS else value for name, value in headers.items()}
