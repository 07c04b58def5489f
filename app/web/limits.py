"""Floods of requests that prove nothing: wrong signatures, unknown paths, guessed links.

Only what failed is counted, and only what fails again is answered with 429: behind a proxy everybody has the proxy's
address, and a genuine delivery that came from the address of a flood must get through. What proves a request genuine
costs less than anything that could be saved before it. So a flood gets short answers, and does not fill the log.
"""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from flask import Flask, Response, g, request

from app.clock import Clock
from app.logs import Log
from app.web.answers import Answer

LARGEST_BODY_BYTES = 1024 * 1024
"""Of one request. The largest genuine ones have a few kilobytes."""
FAILURES = frozenset({401, 404, 405, 413})
"""Answers to what nobody has proven to be genuine. A 400 is not among them: those were."""
BURST = 60
"""So many failures of one address at one endpoint are answered as what they are; a rotated secret, a wrong path."""
PER_SECOND = 1.0
"""So many more later on."""
MOST_BUCKETS = 10_000
"""Addresses and endpoints that are remembered, a few hundred bytes each; those unseen for longest are forgotten."""


@dataclass(slots=True)
class _Bucket:
    left: float
    filled_at: datetime


class Floods:
    """Counts failures by key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def seconds_left(self, key: str) -> int:
        """0 while failures are answered as what they are; else when the next one will be."""
        with self._lock:
            bucket = self._buckets.get(key)
            return 0 if bucket is None else self._wait(bucket)

    def count(self, key: str) -> None:
        with self._lock:
            bucket = self._buckets.setdefault(key, _Bucket(BURST, self._clock.now()))
            if not self._wait(bucket):
                bucket.left -= 1
            self._buckets.move_to_end(key)
            if len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)

    def shorten(self, key: str, answer: Answer, retry_seconds: int) -> Answer:
        """``answer``; in a flood that leaves so many seconds until the next failure is answered, a short one."""
        if answer.status not in FAILURES:
            return answer
        self.count(key)
        return _too_many(retry_seconds) if retry_seconds else answer

    @staticmethod
    def key(endpoint: str, address: str) -> str:
        """Where somebody from ``address`` is counted."""
        return f"{endpoint} {_network(address)}"

    def _wait(self, bucket: _Bucket) -> int:
        now = self._clock.now()
        bucket.left = min(BURST, bucket.left + PER_SECOND * max(0.0, (now - bucket.filled_at).total_seconds()))
        bucket.filled_at = now
        return 0 if bucket.left >= 1 else max(1, round((1 - bucket.left) / PER_SECOND))


def limit_floods(flask: Flask, floods: Floods) -> None:
    """Answer floods of failing requests with 429, each endpoint and address for itself."""

    @flask.before_request
    def look() -> None:
        g.retry_seconds = floods.seconds_left(_key())

    @flask.after_request
    def shorten(answer: Response) -> Response:
        if answer.status_code not in FAILURES or request.remote_addr is None:
            return answer
        floods.count(_key())
        return _too_many(g.retry_seconds).as_response() if g.get("retry_seconds") else answer


def warn(log: Log, message: str, **fields: object) -> None:
    """A line about a request that failed, unless it is one of a flood."""
    if not g.get("retry_seconds"):
        log.warning(message, **fields)


def _too_many(retry_seconds: int) -> Answer:
    return Answer(429, b"too many requests that failed", headers={"Retry-After": str(retry_seconds)})


def _key() -> str:
    return Floods.key(str(request.endpoint), request.remote_addr or "")


@lru_cache(maxsize=MOST_BUCKETS)
def _network(address: str) -> str:
    """Whoever has one address of IPv6 has the 2^64 beside it."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if known.version == 4 else str(ipaddress.ip_network((known, 64), strict=False))
