"""A lane never lets more through than Slack allows, and little less than it could."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.lanes import MINUTE, RISE, Lane, Pace, book, free_at, go, may_go, pace_at, refused
from app.emulator.rate_limits import RateLimits
from tests.domain.histories import moment

PACE = Pace(50)
TINY = timedelta(microseconds=1)
ROUNDING = timedelta(milliseconds=1)
METHOD = "calls.update"


@st.composite
def paces(draw: st.DrawFn) -> Pace:
    per_minute = draw(st.integers(2, 120))
    return Pace(per_minute, burst=draw(st.integers(1, min(10, per_minute - 1))))


def wait_seconds(lane: Lane, pace: Pace, now: datetime) -> float:
    return (free_at(lane, pace, now) - now).total_seconds()


def take(lane: Lane, pace: Pace, at: datetime) -> Lane:
    """Book a place and use it at once."""
    return go(book(lane, pace, at), pace, at)


def taken(times: int, pace: Pace = PACE) -> Lane:
    lane = Lane(moment(0))
    for _ in range(times):
        lane = take(lane, pace, moment(0))
    return lane


def parked(lane: Lane, until: datetime, at: datetime | None = None) -> Lane:
    """Slack has refused what was sent ``at`` then."""
    at = at or moment(0)
    return refused(lane, PACE, asked_at=at, now=at, until=until)


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


def no_minute_holds_more(sent: list[datetime], per_minute: int) -> bool:
    return all(beyond - first >= MINUTE for first, beyond in zip(sent, sent[per_minute:], strict=False))


@given(paces(), wishes(), st.booleans())
def test_no_minute_holds_more_than_the_pace(pace: Pace, gaps: list[float], patient: bool) -> None:
    sent = sent_at(pace, gaps, patient=patient)
    assert sent[0] == moment(gaps[0])
    assert no_minute_holds_more(sent, pace.per_minute)


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
    assert wait_seconds(taken(5), PACE, moment(0)) == PACE.interval.total_seconds()


# --- Places that are booked ------------------------------------------------------------------------------------------


@given(paces(), wishes())
def test_who_books_goes_as_early_as_who_waits_in_line(pace: Pace, gaps: list[float]) -> None:
    now, lane, places = moment(0), Lane(moment(0)), []
    for seconds in gaps:
        now += timedelta(seconds=seconds)
        places.append(free_at(lane, pace, now))
        lane = book(lane, pace, places[-1])
    assert places == sorted(places)
    for place in places:
        assert may_go(lane, pace, place)
        lane = go(lane, pace, place)
    assert no_minute_holds_more(places, pace.per_minute)


def test_nobody_else_gets_a_place_that_is_booked() -> None:
    lane = taken(5)
    mine = free_at(lane, PACE, moment(0))
    lane = book(lane, PACE, mine)
    assert free_at(lane, PACE, moment(0)) == free_at(lane, PACE, mine) == mine + PACE.interval
    assert may_go(lane, PACE, mine)


@given(paces(), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_those_who_come_late_for_their_places_do_not_crowd(pace: Pace, delays: list[float]) -> None:
    lane, places, sent = Lane(moment(0)), [], []
    for _ in delays:
        places.append(free_at(lane, pace, moment(0)))
        lane = book(lane, pace, places[-1])
    late = sorted(place + timedelta(seconds=delay) for place, delay in zip(places, delays, strict=True))
    for now in late:
        if may_go(lane, pace, now):
            lane = go(lane, pace, now)
            sent.append(now)
    assert sent
    assert no_minute_holds_more(sent, pace.per_minute)


# --- What Slack says -------------------------------------------------------------------------------------------------


def test_a_parked_lane_waits_as_long_as_slack_said() -> None:
    lane = parked(Lane(moment(0)), moment(30))
    assert wait_seconds(lane, PACE, moment(10)) == 20
    assert wait_seconds(lane, PACE, moment(30)) == 0


def test_a_shorter_wait_does_not_unpark_a_lane() -> None:
    assert parked(parked(Lane(moment(0)), moment(30)), moment(20)).parked_until == moment(30)


def test_a_place_is_lost_when_slack_says_to_wait_longer() -> None:
    lane = parked(Lane(moment(0)), moment(30))
    assert not may_go(lane, PACE, moment(20))
    assert may_go(lane, PACE, moment(30))


def test_after_a_refusal_requests_go_one_by_one() -> None:
    lane = parked(Lane(moment(0)), moment(30))
    slower = pace_at(lane, PACE, moment(30))
    lane = take(lane, slower, free_at(lane, slower, moment(30)))
    assert free_at(lane, slower, moment(30)) == moment(30) + slower.interval


def test_places_that_were_booked_at_a_faster_pace_do_not_crowd() -> None:
    lane, places = Lane(moment(0)), []
    for _ in range(40):
        places.append(free_at(lane, PACE, moment(0)))
        lane = book(lane, PACE, places[-1])
    lane = parked(lane, moment(2))
    slower = pace_at(lane, PACE, moment(2))
    sent = []
    for place in places:
        if may_go(lane, slower, place):
            lane = go(lane, slower, place)
            sent.append(place)
    assert len(sent) > 20
    assert all(later - first >= 9 * slower.interval for first, later in zip(sent, sent[11:], strict=False))


# --- Learning --------------------------------------------------------------------------------------------------------


@dataclass
class Busy:
    """A lane with always something to send, and a Slack that allows ``limit`` in any minute."""

    limit: int
    pace: Pace = PACE
    lane: Lane = field(default_factory=lambda: Lane(moment(0)))
    seconds: float = 0.0
    sent: list[datetime] = field(default_factory=list)
    refused: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._slack = RateLimits({METHOD: self.limit}, lambda: self.seconds)

    def work(self, minutes: float) -> Busy:
        until = self.seconds + minutes * 60
        while self.seconds < until:
            now = moment(self.seconds)
            at = free_at(self.lane, pace_at(self.lane, self.pace, now), now)
            self.seconds = (at - moment(0)).total_seconds()
            self._ask(at)
        return self

    def allow(self, per_minute: int) -> None:
        self._slack.set(METHOD, per_minute)

    def current(self) -> Pace:
        return pace_at(self.lane, self.pace, moment(self.seconds))

    def _ask(self, at: datetime) -> None:
        self.lane = take(self.lane, self.current(), at)
        wait = self._slack.admit(METHOD, "T1")
        if wait is None:
            self.sent.append(at)
            return
        self.refused.append(at)
        self.lane = refused(self.lane, self.pace, asked_at=at, now=at, until=at + timedelta(seconds=wait))


def test_a_slack_that_allows_twenty_is_met_with_few_refusals() -> None:
    busy = Busy(limit=20).work(60)
    first, later = busy.refused[:3], busy.refused[3:]
    assert first[-1] < moment(4 * 60)
    assert min(after - before for before, after in pairwise([first[-1], *later])) >= 5 * MINUTE


def test_what_slack_allows_is_nearly_used() -> None:
    assert len(Busy(limit=20).work(60).sent) >= 60 * 20 * 0.8


def test_a_lane_is_back_at_the_documented_pace_within_eleven_minutes() -> None:
    busy = Busy(limit=20).work(10)
    busy.allow(50)
    assert busy.current().per_minute < 25
    assert busy.work(11).current() == PACE


def test_a_lane_that_nobody_refuses_is_never_slower() -> None:
    busy = Busy(limit=50).work(20)
    assert (busy.refused, busy.current()) == ([], PACE)


@given(st.integers(2, 60), st.integers(20, 60), st.lists(st.integers(1, 70), max_size=4))
def test_it_is_never_faster_than_documented(documented: int, limit: int, later_limits: list[int]) -> None:
    busy = Busy(limit=limit, pace=Pace(documented, burst=max(1, documented // 10))).work(3)
    for allowed in later_limits:
        busy.allow(allowed)
        busy.work(3)
    assert no_minute_holds_more(busy.sent, documented)


@given(paces(), st.lists(st.tuples(st.floats(0, 1000), st.floats(1, 90)), max_size=30), st.floats(0, 1000))
def test_no_refusals_stop_a_lane_and_none_is_for_ever(
    pace: Pace, refusals: list[tuple[float, float]], later: float
) -> None:
    lane, now = Lane(moment(0)), moment(0)
    for gap, wait in refusals:
        now += timedelta(seconds=gap)
        lane = refused(lane, pace, asked_at=now, now=now, until=now + timedelta(seconds=wait))
        assert pace.least <= pace_at(lane, pace, now).per_minute <= pace.per_minute
    before, after = (pace_at(lane, pace, now + timedelta(seconds=seconds)) for seconds in (later, later + 60))
    assert before.per_minute <= after.per_minute
    assert pace_at(lane, pace, max(now, lane.parked_until or now) + RISE) == pace


def test_requests_that_were_on_their_way_together_are_one_refusal() -> None:
    first = parked(taken(5), moment(30), at=moment(1))
    late = refused(first, PACE, asked_at=moment(0.5), now=moment(2), until=moment(40))
    assert (late.lowered_to, late.lowered_at) == (first.lowered_to, first.lowered_at)
    assert late.parked_until == moment(40)


def test_one_that_was_sent_at_the_lower_pace_is_another_refusal() -> None:
    first = parked(taken(5), moment(30))
    again = refused(first, PACE, asked_at=moment(31), now=moment(31), until=moment(60))
    assert first.lowered_to == 35
    assert again.lowered_to == 24


@pytest.mark.parametrize(("per_minute", "burst"), [(50, 5), (35, 3), (20, 2), (9, 1)])
def test_a_slower_lane_has_a_smaller_burst(per_minute: int, burst: int) -> None:
    assert PACE.lowered_to(per_minute) == Pace(per_minute, burst)
