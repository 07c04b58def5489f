"""All workers together keep to one pace."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.db import lanes
from app.db.session import Database
from app.domain.lanes import MINUTE, Pace
from tests.clocks import START, MovedClock
from tests.db.given import at_once

PACE = Pace(50)
METHOD = "calls.update"


def waited(
    database: Database,
    clock: MovedClock,
    team: str = "T1",
    method: str = METHOD,
    booked_at: datetime | None = None,
) -> float:
    """For how many seconds a request has to wait for its place."""
    with database.transaction() as connection:
        place = lanes.book(connection, team, method, PACE, clock.now(), booked_at)
    return (place - clock.now()).total_seconds()


def refused(database: Database, clock: MovedClock, seconds: float, asked_at: datetime | None = None) -> None:
    """Slack has said to wait so long."""
    now = clock.now()
    with database.transaction() as connection:
        lanes.refuse(connection, "T1", METHOD, PACE, asked_at=asked_at or now, now=now, retry_after_seconds=seconds)


def sent_within(database: Database, clock: MovedClock, seconds: float) -> int:
    """How many requests go when there is always one to send."""
    until, count = clock.now() + timedelta(seconds=seconds), 0
    booked_at = None
    while clock.now() < until:
        wait = waited(database, clock, booked_at=booked_at)
        count += wait == 0
        booked_at = clock.now() + timedelta(seconds=wait) if wait else None
        clock.move(wait)
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
    mine = clock.now() + timedelta(seconds=waited(database, clock))
    assert waited(database, clock) > 0
    clock.move_to(mine)
    assert waited(database, clock, booked_at=mine) == 0


def test_a_place_before_the_end_of_a_pause_is_booked_anew(database: Database, clock: MovedClock) -> None:
    mine = clock.now() + timedelta(seconds=10)
    refused(database, clock, 30)
    clock.move(10)
    assert waited(database, clock, booked_at=mine) == 20


@pytest.mark.parametrize(("team", "method"), [("T2", METHOD), ("T1", "calls.end")])
def test_teams_and_methods_have_lanes_of_their_own(
    database: Database, clock: MovedClock, team: str, method: str
) -> None:
    for _ in range(6):
        waited(database, clock)
    assert waited(database, clock, team, method) == 0


def test_a_parked_lane_waits_as_long_as_slack_said(database: Database, clock: MovedClock) -> None:
    refused(database, clock, 30)
    assert waited(database, clock) == 30
    clock.move(30)
    assert waited(database, clock, booked_at=clock.now()) == 0


def test_many_at_once_never_exceed_the_pace(database: Database, clock: MovedClock) -> None:
    def try_often(_: int) -> int:
        return [waited(database, clock) for _ in range(5)].count(0)

    assert sum(at_once(8, try_often)) == PACE.burst
    clock.move_to(START + timedelta(minutes=1))
    assert sum(at_once(8, try_often)) == PACE.burst


# --- Learning --------------------------------------------------------------------------------------------------------


def test_after_a_refusal_all_workers_are_slower(database: Database, clock: MovedClock) -> None:
    refused(database, clock, 30)
    clock.move(30)
    slower = PACE.lowered_to(35)
    assert waited(database, clock) == 0
    assert waited(database, clock) == slower.interval.total_seconds()


def test_refusals_of_requests_that_were_on_their_way_together_count_once(database: Database, clock: MovedClock) -> None:
    asked_at = clock.now()
    for _ in range(5):
        clock.move(0.1)
        refused(database, clock, 1, asked_at)
    clock.move(1)
    assert sent_within(database, clock, 60) >= 30


def test_a_lane_that_was_slowed_down_recovers(database: Database, clock: MovedClock) -> None:
    for _ in range(3):
        clock.move(1)
        refused(database, clock, 1)
    clock.move(1)
    assert sent_within(database, clock, 60) <= 17
    clock.move(11 * 60)
    assert sent_within(database, clock, 60) == PACE.per_minute


def test_who_booked_at_a_faster_pace_comes_back_without_crowding(database: Database, clock: MovedClock) -> None:
    places = sorted(clock.now() + timedelta(seconds=waited(database, clock)) for _ in range(45))
    waiting = [place for place in places if place > clock.now()]
    refused(database, clock, 1)
    went = []
    while waiting:
        clock.move_to(waiting.pop(0))
        wait = waited(database, clock, booked_at=clock.now())
        if wait:
            waiting = sorted([*waiting, clock.now() + timedelta(seconds=wait)])
        else:
            went.append(clock.now())
    assert len(went) == 40
    assert went[36] - went[0] >= MINUTE
