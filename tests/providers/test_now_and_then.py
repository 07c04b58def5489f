"""What is done now and then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from app.providers.now_and_then import NowAndThen
from tests.clocks import NOON, MovedClock


def test_it_is_time_at_once_and_then_not_for_a_while() -> None:
    clock = MovedClock(NOON)
    now_and_then = NowAndThen(clock, timedelta(minutes=5))
    seen = []
    for seconds in [0, 0, 299, 1, 299, 2]:
        clock.move(seconds)
        seen.append(now_and_then.is_time())
    assert seen == [True, False, False, True, False, True]


def test_of_many_who_come_at_once_one_is_let_through() -> None:
    now_and_then = NowAndThen(MovedClock(NOON), timedelta(minutes=5))
    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(lambda _: now_and_then.is_time(), range(500))) == 1
