"""All workers together keep to one pace."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db import lanes
from app.db.session import Database
from app.domain.lanes import Pace
from tests.clocks import START, MovedClock
from tests.db.given import at_once

PACE = Pace(50)
METHOD = "calls.update"


def reserved(database: Database, clock: MovedClock, team: str = "T1", method: str = METHOD) -> float:
    with database.transaction() as connection:
        return lanes.reserve(connection, team, method, PACE, clock.now())


def parked(database: Database, clock: MovedClock, seconds: float) -> None:
    with database.transaction() as connection:
        lanes.park_lane(connection, "T1", METHOD, clock.now(), seconds)


def test_the_first_few_go_at_once_and_the_next_waits(database: Database, clock: MovedClock) -> None:
    assert [reserved(database, clock) for _ in range(5)] == [0] * 5
    wait = reserved(database, clock)
    assert wait == PACE.interval.total_seconds()
    clock.move(wait)
    assert reserved(database, clock) == 0


def test_who_waits_takes_no_place(database: Database, clock: MovedClock) -> None:
    for _ in range(5):
        reserved(database, clock)
    assert reserved(database, clock) == reserved(database, clock) > 0


@pytest.mark.parametrize(("team", "method"), [("T2", METHOD), ("T1", "calls.end")])
def test_teams_and_methods_have_lanes_of_their_own(
    database: Database, clock: MovedClock, team: str, method: str
) -> None:
    for _ in range(6):
        reserved(database, clock)
    assert reserved(database, clock, team, method) == 0


def test_a_parked_lane_waits_as_long_as_slack_said(database: Database, clock: MovedClock) -> None:
    parked(database, clock, 30)
    assert reserved(database, clock) == 30
    clock.move(30)
    assert reserved(database, clock) == 0


def test_many_at_once_never_exceed_the_pace(database: Database, clock: MovedClock) -> None:
    def try_often(_: int) -> int:
        return [reserved(database, clock) for _ in range(5)].count(0)

    assert sum(at_once(8, try_often)) == PACE.burst
    clock.move_to(START + timedelta(minutes=1))
    assert sum(at_once(8, try_often)) == PACE.burst
