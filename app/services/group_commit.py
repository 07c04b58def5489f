"""Those who wait for one another to write go into one transaction.

Committing costs as much as all the rest, and only one can write at a time (on SQLite by its nature; elsewhere it is
this process only). So whoever gets to write takes along all who wait behind them, and those find it done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sqlalchemy.exc import OperationalError

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_AT_ONCE = 64
"""In one transaction: as many as threads may wait, and few enough that nobody holds the database for long."""


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Item, Result]):
    """What came of an item is in ``result`` or in ``error``, once it ``is_done``. Its thread sleeps at the ``gate``."""

    item: Item
    gate: threading.Lock = field(default_factory=threading.Lock)
    is_done: bool = False
    result: list[Result] = field(default_factory=list)
    error: Exception | None = None


class GroupCommit(Generic[Item, Result]):
    """``write`` writes items in one transaction of its own and returns a result for each, in order; when it raises,
    nothing was written.

    One thread leads: it writes for all who wait, wakes them, and hands the lead to one who has come since. So nobody
    has to stand in line only to hear that it is done.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._write = write
        self._joining = threading.Lock()
        self._waiting: list[_Waiting[Item, Result]] = []
        self._is_led = False

    def commit(self, item: Item) -> Result:
        """Write ``item``, perhaps together with others. Raises what ``write`` raises for it alone."""
        mine: _Waiting[Item, Result] = _Waiting(item)
        mine.gate.acquire()
        with self._joining:
            self._waiting.append(mine)
            leads, self._is_led = not self._is_led, True
        if not leads:
            mine.gate.acquire()
        if not mine.is_done:
            self._lead(mine)
        if mine.error is not None:
            raise mine.error
        return mine.result[0]

    def _lead(self, mine: _Waiting[Item, Result]) -> None:
        """Write for all who wait; whoever leads is the first of them."""
        with self._joining:
            some, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
        try:
            self._write_all(some)
        finally:
            # Also when this thread is being stopped: then another takes them up.
            self._hand_over(mine, some)

    def _hand_over(self, mine: _Waiting[Item, Result], some: Sequence[_Waiting[Item, Result]]) -> None:
        with self._joining:
            self._waiting[:0] = [each for each in some if not each.is_done and each is not mine]
            next_to_lead = self._waiting[:1]
            self._is_led = bool(next_to_lead)
        for each in (*next_to_lead, *some):
            if each is not mine and (each.is_done or each in next_to_lead):
                each.gate.release()

    def _write_all(self, some: Sequence[_Waiting[Item, Result]]) -> None:
        try:
            self._write_together(some)
        except Exception:  # noqa: BLE001  # one of them trips our code, and must not take the others along
            self._write_one_by_one(some)

    def _write_together(self, some: Sequence[_Waiting[Item, Result]]) -> None:
        results = self._write([each.item for each in some])
        for each, result in zip(some, results, strict=True):
            each.result, each.is_done = [result], True

    def _write_one_by_one(self, some: Sequence[_Waiting[Item, Result]]) -> None:
        away: OperationalError | None = None
        for each in some:
            try:
                if away is not None:
                    raise away
                self._write_together([each])
            except OperationalError as error:
                # The database is away, and would be for each of the others too.
                each.error, each.is_done, away = error, True, error
            except Exception as error:  # noqa: BLE001  # raised again in the thread whose item it is
                each.error, each.is_done = error, True
