"""Wakes the workers of one process."""

from __future__ import annotations

import threading


class Bell:
    """A worker notes ``rings`` before it looks for work and then waits for a later ring, so none is missed between
    its look and its wait."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rings = 0

    @property
    def rings(self) -> int:
        with self._condition:
            return self._rings

    def ring(self) -> None:
        """There may be work for one more worker."""
        with self._condition:
            self._rings += 1
            self._condition.notify()

    def ring_all(self) -> None:
        """Every worker is to look up: the process is about to stop."""
        with self._condition:
            self._rings += 1
            self._condition.notify_all()

    def wait(self, heard: int, seconds: float) -> None:
        """Wait until it has rung more than ``heard`` times, at most so many seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._rings > heard, timeout=seconds)
