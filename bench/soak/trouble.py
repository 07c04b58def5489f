"""Bad days, in windows: faults of every kind at Slack and at the providers."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from app.emulator.faults import Fault, Faults
from tests.providers.standin import HANG_UP, Reply

EVERY_SECONDS = 60.0
BEGINS_SECONDS = 30.0
LASTS_SECONDS = 20.0
FAULTS_PER_SECOND = 1.5
SHARE = 0.3
"""Of the requests to a provider, in such a window."""
SLACK_HANGS_SECONDS = 8.0
"""Longer than the app waits."""

METHODS = (
    "*",
    "calls.add",
    "calls.end",
    "calls.info",
    "calls.participants.add",
    "calls.participants.add",
    "calls.participants.remove",
    "calls.participants.remove",
    "chat.postMessage",
)
NO_JSON = b"<html><body>We'll be right back</body></html>"


def is_window(seconds: float) -> bool:
    """Whether there is trouble so many seconds after the beginning."""
    return seconds >= EVERY_SECONDS and 0 <= seconds % EVERY_SECONDS - BEGINS_SECONDS < LASTS_SECONDS


@dataclass(slots=True)
class BadDays:
    """``at`` is told of each moment; ``windows`` are the times of trouble so far."""

    slack: SlackTrouble
    vendors: VendorTrouble
    windows: list[tuple[float, float]] = field(default_factory=list)

    def at(self, now: float, passed: float) -> None:
        """It is so many seconds after the beginning, and ``passed`` after the last time."""
        is_now = is_window(now)
        if is_now and not self.vendors.is_on:
            self.windows.append((now, now))
        if is_now:
            self.windows[-1] = (self.windows[-1][0], now)
            self.slack.perhaps_strike(passed)
        elif self.vendors.is_on:
            self.slack.faults.clear()
        self.vendors.is_on = is_now

    def end(self) -> None:
        self.slack.faults.clear()
        self.vendors.is_on = False


@dataclass(slots=True)
class SlackTrouble:
    """Puts faults in the way of the next one to three requests for some method."""

    faults: Faults
    rng: random.Random
    counts: Counter[str] = field(default_factory=Counter)

    def perhaps_strike(self, passed: float) -> None:
        """As often as it should in so many seconds."""
        if self.rng.random() < passed * FAULTS_PER_SECOND:
            fault = self.rng.choice(_FAULTS)(self.rng.choice(METHODS), self.rng)
            self.counts[f"{fault.kind} {fault.status}" if fault.kind == "status" else fault.kind] += 1
            self.faults.put(fault)


_FAULTS: tuple[Callable[[str, random.Random], Fault], ...] = (
    lambda method, rng: Fault(method, "status", rng.randint(1, 3), status=429, retry_after=rng.randint(1, 5)),
    lambda method, rng: Fault(method, "status", rng.randint(1, 3), status=500),
    lambda method, rng: Fault(method, "error", rng.randint(1, 3), error="internal_error"),
    lambda method, _: Fault(method, "ok_true_error", 1, error="fatal_error"),
    lambda method, rng: Fault(method, "malformed", rng.randint(1, 2)),
    lambda method, rng: Fault(method, "drop_before", rng.randint(1, 3)),
    lambda method, rng: Fault(method, "drop_after", rng.randint(1, 3)),
    lambda method, rng: Fault(method, "slow", rng.randint(1, 3), seconds=rng.uniform(0.5, 3)),
    lambda method, _: Fault(method, "timeout_before", 1, seconds=SLACK_HANGS_SECONDS),
    lambda method, _: Fault(method, "timeout_after", 1, seconds=SLACK_HANGS_SECONDS),
)


@dataclass(slots=True)
class VendorTrouble:
    """Stands before a provider's answers."""

    rng: random.Random
    is_on: bool = False
    counts: Counter[str] = field(default_factory=Counter)

    def answer(self, work: Callable[[], Reply]) -> Reply:
        if not self.is_on or self.rng.random() > SHARE:
            return work()
        kind = self.rng.choice(list(_REPLIES))
        self.counts[kind] += 1
        return _REPLIES[kind](work)


def _lost_after(work: Callable[[], Reply]) -> Reply:
    work()
    return HANG_UP


def _malformed(work: Callable[[], Reply]) -> Reply:
    work()
    return Reply(200, NO_JSON, {"Content-Type": "text/html"})


def _slow(work: Callable[[], Reply]) -> Reply:
    time.sleep(2)
    return work()


_REPLIES: dict[str, Callable[[Callable[[], Reply]], Reply]] = {
    "429": lambda _: Reply(429, b"", {"Retry-After": "2"}),
    "500": lambda _: Reply(500),
    "dropped before": lambda _: HANG_UP,
    "dropped after": _lost_after,
    "malformed": _malformed,
    "slow": _slow,
}
