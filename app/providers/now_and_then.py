"""What is worth doing now and then, by whichever call comes by."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from app.clock import Clock


class NowAndThen:
    """Lets one caller through, and then nobody until ``every`` has passed. May be asked from many threads at once."""

    def __init__(self, clock: Clock, every: timedelta) -> None:
        self._clock = clock
        self._every = every
        self._lock = threading.Lock()
        self._next_at: datetime | None = None

    def is_time(self) -> bool:
        now = self._clock.now()
        with self._lock:
            if self._next_at is not None and now < self._next_at:
                return False
            self._next_at = now + self._every
            return True
