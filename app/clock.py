"""The only reader of the system clock. Everything else is handed a ``Clock``, so that tests can move time."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""


class SystemClock:
    """The machine's clock, corrected to the database's so that all machines agree on leases.

    ``offset_seconds`` is what must be added to this machine's time to get the database's.
    """

    def __init__(self) -> None:
        self.offset_seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.offset_seconds, UTC)

    def agree_with(self, database_now: datetime) -> None:
        self.offset_seconds = database_now.timestamp() - time.time()


def from_unix(seconds: float) -> datetime:
    """``seconds`` since 1970 as an aware moment in UTC. Raises ValueError when no calendar holds it."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"no moment in time: {seconds!r}") from error
