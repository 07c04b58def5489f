"""Slack's ids, made from one counter: unique in a workspace of workspaces, and repeatable in a test."""

from __future__ import annotations

import hashlib
import threading

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Ids:
    """Hands out ids such as `R0LKJ3F2A1`.

    The counter starts at a time, not at zero, so that an emulator started again never gives a new call the
    id of a call that an app still remembers from the run before.
    """

    def __init__(self, start: int) -> None:
        self._start = start
        self._last = start
        self._lock = threading.Lock()

    def next(self, prefix: str) -> str:
        """A new id of the kind that the prefix says: `R` call, `D` conversation, `Ev` event, …"""
        return f"{prefix}0{_base36(self.number())}"

    def number(self) -> int:
        """The next number of the counter itself."""
        with self._lock:
            self._last += 1
            return self._last

    def secret(self) -> str:
        """The unguessable-looking tail of a trigger id or response URL: 24 hexadecimal digits."""
        seed = f"{self._start}:{self.number()}".encode()
        return hashlib.sha256(seed).hexdigest()[:24]

    def block_id(self) -> str:
        """A short id as Slack gives to a block that was sent without one."""
        return self.secret()[:5]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
