"""Those who wait for one another go into one transaction, and none of them pays for another's mistake."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import OperationalError

from app.services.group_commit import MOST_AT_ONCE, GroupCommit

PATIENCE_SECONDS = 20


@dataclass
class Ledger:
    """Writes numbers, all or none; ``held`` keeps the first of them waiting until it is let go."""

    written: list[list[int]] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    is_away: bool = False
    tried: int = 0

    def write(self, numbers: Sequence[int]) -> list[int]:
        self.tried += 1
        if not self.begun.is_set():
            self.begun.set()
            self.held.wait(PATIENCE_SECONDS)
        if self.is_away:
            raise OperationalError("COMMIT", {}, Exception("away"))
        if any(number < 0 for number in numbers):
            raise ValueError(f"{numbers} cannot be written")
        self.written.append(list(numbers))
        return [number * 10 for number in numbers]


def commit_while_the_first_is_held(ledger: Ledger, numbers: Sequence[int]) -> list[Future[int]]:
    """One thread for each number; all but the first wait for it together."""
    group = GroupCommit(ledger.write)
    with ThreadPoolExecutor(len(numbers)) as pool:
        first = pool.submit(group.commit, numbers[0])
        assert ledger.begun.wait(PATIENCE_SECONDS)
        others = [pool.submit(group.commit, number) for number in numbers[1:]]
        while len(group._waiting) < len(others):
            threading.Event().wait(0.001)
        ledger.held.set()
    return [first, *others]


def test_who_comes_alone_is_written_alone() -> None:
    ledger = Ledger()
    ledger.held.set()
    group = GroupCommit(ledger.write)
    assert [group.commit(1), group.commit(2)] == [10, 20]
    assert ledger.written == [[1], [2]]


def test_those_who_wait_are_written_together_and_each_gets_its_own_result() -> None:
    ledger = Ledger()
    results = commit_while_the_first_is_held(ledger, range(9))
    assert [result.result() for result in results] == [number * 10 for number in range(9)]
    assert [sorted(together) for together in ledger.written] == [[0], list(range(1, 9))]


def test_no_transaction_grows_without_end() -> None:
    ledger = Ledger()
    results = commit_while_the_first_is_held(ledger, range(MOST_AT_ONCE + 4))
    assert [result.result() for result in results] == [number * 10 for number in range(MOST_AT_ONCE + 4)]
    assert [len(together) for together in ledger.written] == [1, MOST_AT_ONCE, 3]


def test_one_that_cannot_be_written_takes_no_other_along() -> None:
    ledger = Ledger()
    results = commit_while_the_first_is_held(ledger, [1, 2, -3, 4])
    assert [result.result() for result in (results[0], results[1], results[3])] == [10, 20, 40]
    with pytest.raises(ValueError, match=r"\[-3\]"):
        results[2].result()
    assert sorted(number for together in ledger.written for number in together) == [1, 2, 4]


def test_a_database_that_is_away_is_not_asked_for_each_of_them() -> None:
    ledger = Ledger(is_away=True)
    results = commit_while_the_first_is_held(ledger, range(8))
    assert all(isinstance(result.exception(), OperationalError) for result in results)
    assert ledger.tried <= 4


def test_a_thread_that_is_stopped_while_it_writes_leaves_the_others_to_the_next() -> None:
    class Stopped(BaseException):
        pass

    stopped = threading.Event()

    def write(numbers: Sequence[int]) -> list[int]:
        if not stopped.is_set():
            stopped.set()
            raise Stopped
        return list(numbers)

    group = GroupCommit(write)
    with pytest.raises(Stopped):
        group.commit(1)
    assert group.commit(2) == 2


def test_nobody_is_left_waiting_however_many_come_and_go() -> None:
    ledger = Ledger()
    ledger.held.set()
    group = GroupCommit(ledger.write)
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(group.commit, range(2000), timeout=PATIENCE_SECONDS))
    assert results == [number * 10 for number in range(2000)]
    assert sorted(number for together in ledger.written for number in together) == list(range(2000))
