"""When a call ends by time alone."""

from __future__ import annotations

from dataclasses import replace

from app.domain.calls import Fact
from app.domain.deadline import WARNING, deadline, warns_of
from tests.domain.histories import known_of, moment, wanted
from tests.domain.test_runs import ended, joined, left, started

LIMIT = 3600.0
IDLE = 300.0


def test_the_limit_counts_from_the_last_sign_of_life() -> None:
    assert deadline(wanted(), LIMIT, None) == moment(LIMIT)
    assert deadline(known_of([joined(100)]), LIMIT, IDLE) == moment(100 + LIMIT)
    assert deadline(known_of([started(50, "run-k")]), LIMIT, IDLE) == moment(50 + LIMIT)
    titled = replace(wanted(), title=Fact(moment(70), "Weekly sync"))
    assert deadline(titled, LIMIT, IDLE) == moment(70 + LIMIT)


def test_an_empty_call_ends_soon_after_the_last_one_has_left() -> None:
    assert deadline(known_of([joined(100), left(200)]), LIMIT, IDLE) == moment(200 + IDLE)


def test_without_limits_it_never_ends() -> None:
    assert deadline(known_of([joined(1), left(2), ended(3)]), None, None) is None


def test_people_are_warned_of_a_limit() -> None:
    known = known_of([joined(100)])
    assert warns_of(known, moment(100 + LIMIT), IDLE, sends_events=True) == moment(100 + LIMIT) - WARNING


def test_where_nobody_is_known_to_be_in_somebody_may_be() -> None:
    assert warns_of(wanted(), moment(LIMIT), None, sends_events=False) == moment(LIMIT) - WARNING


def test_where_nobody_is_in_nobody_is_warned() -> None:
    left_long_ago = known_of([joined(100), left(200)])
    assert warns_of(wanted(), moment(LIMIT), IDLE, sends_events=True) is None
    assert warns_of(left_long_ago, moment(200 + IDLE), IDLE, sends_events=True) is None
