"""Requests to the app over kept connections; what gets no 2xx is sent again, as vendors do."""

from __future__ import annotations

import heapq
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

from bench.load import Answer, Line

SENDERS = 6
LONGEST_PAUSE_SECONDS = 30
MOST_ATTEMPTS = 12


@dataclass(slots=True)
class Letter:
    """``write`` makes the request anew for each attempt."""

    write: Callable[[], bytes]
    is_sent_again: bool = True
    attempts: int = 0


@dataclass(slots=True)
class Post:
    """``run`` is for threads, until ``stop``."""

    address: tuple[str, int]
    statuses: Counter[int] = field(default_factory=Counter)
    repeated: int = 0
    given_up: int = 0
    _due: list[tuple[float, int, Letter]] = field(default_factory=list)
    _under_way: int = 0
    _count: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _stopped: bool = False

    @property
    def waiting(self) -> int:
        """Letters that have not arrived yet."""
        with self._changed:
            return len(self._due) + self._under_way

    def send(self, letter: Letter, after_seconds: float = 0.0) -> None:
        with self._changed:
            self._count += 1
            heapq.heappush(self._due, (time.monotonic() + after_seconds, self._count, letter))
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def run(self) -> None:
        line: Line | None = None
        while (letter := self._next()) is not None:
            if letter.is_sent_again:
                answer, line = self._ask(letter, line)
            else:
                # Over a kept connection that the app has closed meanwhile it would be lost.
                answer = ask_once(self.address, letter.write())
            self._read(letter, answer)
        if line is not None:
            line.close()

    def _ask(self, letter: Letter, line: Line | None) -> tuple[Answer | None, Line | None]:
        """The answer, and the connection if it can be used again."""
        try:
            line = line or Line(self.address)
            return line.ask(letter.write())[0], line
        except OSError:
            if line is not None:
                line.close()
            return None, None

    def _next(self) -> Letter | None:
        with self._changed:
            while not self._stopped:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    self._under_way += 1
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait)
            return None

    def _read(self, letter: Letter, answer: Answer | None) -> None:
        letter.attempts += 1
        is_in = answer is not None and 200 <= answer.status < 300
        with self._changed:
            self.statuses[answer.status if answer else 0] += 1
            self._under_way -= 1
            goes_again = not is_in and letter.is_sent_again and letter.attempts < MOST_ATTEMPTS
            self.repeated += goes_again
            self.given_up += not is_in and letter.is_sent_again and not goes_again
        if goes_again:
            self.send(letter, min(2.0 ** (letter.attempts - 1), LONGEST_PAUSE_SECONDS))


def ask_once(address: tuple[str, int], request: bytes) -> Answer | None:
    """Over a connection of its own; None when nobody answers."""
    try:
        with closing(Line(address)) as line:
            return line.ask(request)[0]
    except OSError:
        return None
