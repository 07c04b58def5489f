"""A clock that stands still until a test moves it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class MovedClock:
    """``clock.now()`` for our code, ``clock.unix()`` for the emulator."""

    def __init__(self, at: datetime = START) -> None:
        self._lock = threading.Lock()
        self._now = at

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def unix(self) -> float:
        return self.now().timestamp()

    def move(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=seconds)

    def move_to(self, moment: datetime) -> None:
        """To ``moment``, unless it has passed."""
        with self._lock:
            self._now = max(self._now, moment)
