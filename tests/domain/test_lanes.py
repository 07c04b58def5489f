"""A lane never lets more through than Slack allows, and no less than it could."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.lanes import MINUTE, Lane, Pace, free_at, holds, park, take
from tests.domain.histories import moment

PACE = Pace(50)
TINY = timedelta(microseconds=1)
ROUNDING = timedelta(milliseconds=1)


@st.composite
def paces(draw: st.DrawFn) -> Pace:
    per_minute = draw(st.integers(2, 120))
    return Pace(per_minute, burst=draw(st.integers(1, min(10, per_minute - 1))))


def wait_seconds(lane: Lane, pace: Pace, now: datetime) -> float:
    return (free_at(lane, pace, now) - now).total_seconds()


def sent_at(pace: Pace, wishes: list[float], *, patient: bool) -> list[datetime]:
    """When requests go that are wished for so many seconds apart. Who is not ``patient`` drops what has to wait."""
    now, lane, sent = moment(0), Lane(moment(0)), []
    for seconds in wishes:
        now += timedelta(seconds=seconds)
        if wait := wait_seconds(lane, pace, now):
            if not patient:
                continue
            now += timedelta(seconds=wait)
        lane = take(lane, pace, now)
        sent.append(now)
    return sent


@st.composite
def wishes(draw: st.DrawFn) -> list[float]:
    """Seconds between wishes: crowds that come at once, and pauses."""
    crowds = draw(st.lists(st.tuples(st.integers(0, 150), st.floats(0, 70)), min_size=1, max_size=4))
    return [gap for size, pause in crowds for gap in (pause, *([0.0] * size))]


@given(paces(), wishes(), st.booleans())
def test_no_minute_holds_more_than_the_pace(pace: Pace, gaps: list[float], patient: bool) -> None:
    sent = sent_at(pace, gaps, patient=patient)
    assert sent[0] == moment(gaps[0])
    for first, beyond in zip(sent, sent[pace.per_minute :], strict=False):
        assert beyond - first >= MINUTE


@given(paces())
def test_the_whole_pace_is_used(pace: Pace) -> None:
    sent = sent_at(pace, [0.0] * (2 * pace.per_minute), patient=True)
    assert sent[pace.per_minute - 1] - sent[0] <= MINUTE + ROUNDING


@given(paces(), st.lists(st.floats(0, 5), max_size=30))
def test_waits_are_exact(pace: Pace, wishes: list[float]) -> None:
    now, lane = moment(0), Lane(moment(0))
    for seconds in wishes:
        now += timedelta(seconds=seconds)
        lane = take(lane, pace, now)
    if wait := wait_seconds(lane, pace, now):
        then = now + timedelta(seconds=wait)
        assert wait_seconds(lane, pace, then) == 0
        assert wait_seconds(lane, pace, then - TINY) > 0


def test_the_first_few_go_at_once() -> None:
    assert sent_at(PACE, [0.0] * 5, patient=False) == [moment(0)] * 5


def test_the_next_goes_after_one_interval() -> None:
    lane = Lane(moment(0))
    for _ in range(5):
        lane = take(lane, PACE, moment(0))
    assert wait_seconds(lane, PACE, moment(0)) == PACE.interval.total_seconds()


def test_a_parked_lane_waits_as_long_as_slack_said() -> None:
    lane = park(Lane(moment(0)), moment(30))
    assert wait_seconds(lane, PACE, moment(10)) == 20
    assert wait_seconds(lane, PACE, moment(30)) == 0


def test_a_shorter_wait_does_not_unpark_a_lane() -> None:
    assert park(park(Lane(moment(0)), moment(30)), moment(20)) == Lane(moment(0), moment(30))


def test_parking_does_not_give_back_what_was_used() -> None:
    lane = Lane(moment(0))
    for _ in range(6):
        lane = take(lane, PACE, moment(0))
    assert wait_seconds(park(lane, moment(1)), PACE, moment(0)) == 2 * PACE.interval.total_seconds()


# --- Places that are booked ------------------------------------------------------------------------------------------


@given(paces(), wishes())
def test_who_books_goes_as_early_as_who_waits_in_line(pace: Pace, gaps: list[float]) -> None:
    now, lane, places = moment(0), Lane(moment(0)), []
    for seconds in gaps:
        now += timedelta(seconds=seconds)
        places.append(free_at(lane, pace, now))
        lane = take(lane, pace, places[-1])
    assert places == sorted(places)
    for first, beyond in zip(places, places[pace.per_minute :], strict=False):
        assert beyond - first >= MINUTE - ROUNDING


def test_nobody_else_gets_a_place_that_is_booked() -> None:
    lane = Lane(moment(0))
    for _ in range(5):
        lane = take(lane, PACE, moment(0))
    mine = free_at(lane, PACE, moment(0))
    lane = take(lane, PACE, mine)
    assert free_at(lane, PACE, moment(0)) == free_at(lane, PACE, mine) == mine + PACE.interval
    assert holds(lane, PACE, mine, mine)


def test_a_place_is_lost_when_nobody_comes_for_it() -> None:
    assert holds(Lane(moment(0)), PACE, moment(10), moment(11))
    assert not holds(Lane(moment(0)), PACE, moment(10), moment(12))


def test_a_place_is_lost_when_slack_says_to_wait_longer() -> None:
    parked = park(Lane(moment(0)), moment(30))
    assert not holds(parked, PACE, moment(20), moment(20))
    assert holds(parked, PACE, moment(30), moment(30))
