"""What waits to be sent to one browser, kept until it is known to have arrived."""

from __future__ import annotations

import threading
from collections import deque

from app.room.errors import JsonObject
from app.room.limits import LONGEST_OUTBOX


class Outbox:
    """Numbered messages. A browser that comes back says the last number it has seen and gets what followed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._messages: deque[tuple[int, JsonObject]] = deque()
        self._last = 0
        self.is_closed = False

    def put(self, message: JsonObject) -> bool:
        """Add a message; False when too many wait already."""
        with self._changed:
            self._last += 1
            self._messages.append((self._last, message))
            self._changed.notify_all()
            return len(self._messages) <= LONGEST_OUTBOX

    def after(self, number: int, timeout: float) -> list[tuple[int, JsonObject]]:
        """The messages behind this number, waiting up to ``timeout`` seconds for one."""
        with self._changed:
            self._changed.wait_for(lambda: self._last > number or self.is_closed, timeout)
            return [each for each in self._messages if each[0] > number]

    def forget(self, number: int) -> None:
        """The browser has seen the messages up to this one. That they were written says nothing about that."""
        with self._changed:
            while self._messages and self._messages[0][0] <= number:
                self._messages.popleft()

    def close(self) -> None:
        """Say that nothing more comes."""
        with self._changed:
            self.is_closed = True
            self._changed.notify_all()
