"""All workers together keep to one pace."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from app.db import lanes
from app.db.lanes import Booked
from app.db.models import LANES
from app.db.session import Database
from app.domain.lanes import Pace
from tests.clocks import START, MovedClock
from tests.db.given import at_once

PACE = Pace(50)
METHOD = "calls.update"


def taken(
    database: Database, clock: MovedClock, team: str = "T1", method: str = METHOD, place: datetime | None = None
) -> Booked:
    with database.transaction() as connection:
        return lanes.take_place(connection, team, method, PACE, clock.now(), place)


def waited(database: Database, clock: MovedClock, team: str = "T1", method: str = METHOD) -> float:
    """For how many seconds a request has to wait for its place."""
    return taken(database, clock, team, method).wait.total_seconds()


def refused(database: Database, clock: MovedClock, seconds: float, sent_at: datetime | None = None) -> None:
    """Slack has said to wait so long, to a request that is sent now."""
    now = clock.now()
    with database.transaction() as connection:
        lanes.refuse(connection, "T1", METHOD, PACE, sent_at=sent_at or now, now=now, retry_after_seconds=seconds)


def sent_within(database: Database, clock: MovedClock, seconds: float) -> int:
    """How many requests go when there is always one to send."""
    until, count, place = clock.now() + timedelta(seconds=seconds), 0, None
    while clock.now() < until:
        booked = taken(database, clock, place=place)
        count += not booked.wait
        place = booked.place if booked.wait else None
        clock.move(booked.wait.total_seconds())
    return count


def test_the_first_few_go_at_once_and_the_next_waits(database: Database, clock: MovedClock) -> None:
    assert [waited(database, clock) for _ in range(5)] == [0] * 5
    assert waited(database, clock) == PACE.interval.total_seconds()


def test_each_who_waits_gets_a_place_of_their_own(database: Database, clock: MovedClock) -> None:
    for _ in range(5):
        waited(database, clock)
    interval = PACE.interval.total_seconds()
    assert [waited(database, clock) for _ in range(3)] == pytest.approx([interval, 2 * interval, 3 * interval])


def test_who_comes_back_for_their_place_gets_it(database: Database, clock: MovedClock) -> None:
    for _ in range(5):
        waited(database, clock)
    mine, other = taken(database, clock), taken(database, clock)
    assert mine.place < other.place
    clock.move(mine.wait.total_seconds())
    assert not taken(database, clock, place=mine.place).wait
    assert taken(database, clock, place=other.place).wait


def test_a_place_is_kept_when_slack_says_to_wait(database: Database, clock: MovedClock) -> None:
    for _ in range(5):
        waited(database, clock)
    mine = taken(database, clock)
    clock.move(mine.wait.total_seconds())
    assert not taken(database, clock, place=mine.place).wait
    refused(database, clock, 30)
    assert waited(database, clock) > 30
    assert taken(database, clock, place=mine.place).wait == timedelta(seconds=30)
    clock.move(30)
    assert not taken(database, clock, place=mine.place).wait


def test_what_an_older_version_wrote_is_understood(database: Database, clock: MovedClock) -> None:
    row = {"team_id": "T1", "method": METHOD, "next_at": clock.now() + timedelta(seconds=10)}
    with database.transaction() as connection:
        connection.execute(insert(LANES), row)
    assert waited(database, clock) == 10 - 4 * PACE.interval.total_seconds()


@pytest.mark.parametrize(("team", "method"), [("T2", METHOD), ("T1", "calls.end")])
def test_teams_and_methods_have_lanes_of_their_own(
    database: Database, clock: MovedClock, team: str, method: str
) -> None:
    for _ in range(6):
        waited(database, clock)
    assert waited(database, clock, team, method) == 0


def test_many_at_once_never_exceed_the_pace(database: Database, clock: MovedClock) -> None:
    def try_often(_: int) -> int:
        return [waited(database, clock) for _ in range(5)].count(0)

    assert sum(at_once(8, try_often)) == PACE.burst
    clock.move_to(START + timedelta(minutes=1))
    assert sum(at_once(8, try_often)) == PACE.burst


# --- Learning --------------------------------------------------------------------------------------------------------


def test_after_a_refusal_all_workers_are_slower(database: Database, clock: MovedClock) -> None:
    mine = taken(database, clock)
    refused(database, clock, 30)
    clock.move(30)
    assert not taken(database, clock, place=mine.place).wait
    assert waited(database, clock) == PACE.lowered_to(35).interval.total_seconds()


def test_refusals_of_requests_that_were_on_their_way_together_count_once(database: Database, clock: MovedClock) -> None:
    sent_at = clock.now()
    for _ in range(5):
        taken(database, clock)
    for _ in range(5):
        clock.move(0.1)
        refused(database, clock, 1, sent_at)
    clock.move(1)
    assert sent_within(database, clock, 60) >= 25


def test_a_lane_that_was_slowed_down_recovers(database: Database, clock: MovedClock) -> None:
    for _ in range(3):
        clock.move(1)
        taken(database, clock)
        refused(database, clock, 1)
    clock.move(1)
    assert sent_within(database, clock, 60) <= 17
    clock.move(11 * 60)
    assert sent_within(database, clock, 60) == PACE.per_minute
