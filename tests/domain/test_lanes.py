"""A lane never lets more through than Slack allows, and little less than it could."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import lanes
from app.domain.lanes import MINUTE, RISE, ROUNDING, Lane, Pace, new_lane, pace_at
from app.emulator.rate_limits import RateLimits
from tests.domain.histories import moment

PACE = Pace(50)
METHOD = "calls.update"


@st.composite
def paces(draw: st.DrawFn) -> Pace:
    per_minute = draw(st.integers(2, 120))
    return Pace(per_minute, burst=draw(st.integers(1, min(10, per_minute - 1))))


@dataclass
class Used:
    """A lane in use. ``admit`` is Slack: how many seconds to wait, to each request."""

    pace: Pace = PACE
    now: datetime = field(default_factory=lambda: moment(0))
    lane: Lane = field(default_factory=lambda: new_lane(moment(0)))
    admit: Callable[[], int | None] = lambda: None
    sent: list[datetime] = field(default_factory=list)
    refused: list[datetime] = field(default_factory=list)

    def book(self) -> datetime:
        self._read()
        place = lanes.next_place(self.lane)
        self.lane = lanes.book(self.lane, self.pace, place)
        return place

    def wait(self, place: datetime | None = None) -> timedelta:
        """How long whoever has the place has to wait; or whoever comes now."""
        self._read()
        return lanes.wait_for(place or lanes.next_place(self.lane), self.lane, self.pace)

    def go(self, place: datetime) -> bool:
        """Whether the request was sent and taken."""
        self._read()
        self.lane = lanes.go(self.lane, self.pace, place)
        seconds = self.admit()
        (self.sent if seconds is None else self.refused).append(self.now)
        if seconds is not None:
            self.refuse(seconds)
        return seconds is None

    def refuse(self, seconds: float, sent_at: datetime | None = None) -> None:
        self._read()
        until = self.now + timedelta(seconds=seconds)
        self.lane = lanes.refused(self.lane, self.pace, sent_at=sent_at or self.now, until=until)

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def send(self, *, patient: bool = True) -> None:
        """One more. Who is not ``patient`` does not book what has to be waited for."""
        if patient or not self.wait():
            place = self.book()
            while wait := self.wait(place):
                self.now += wait
            self.go(place)

    def send_for(self, minutes: float) -> Used:
        """There is always something to send."""
        until = self.now + timedelta(minutes=minutes)
        while self.now < until:
            self.send()
        return self

    def current(self) -> Pace:
        return pace_at(self.lane, self.pace, self.now)

    def _read(self) -> None:
        self.lane = lanes.read(self.lane, self.pace, self.now)


def used(times: int) -> Used:
    lane = Used()
    for _ in range(times):
        lane.send()
    return lane


def refused_once(seconds: int) -> tuple[Used, datetime]:
    """And the place of what was refused."""
    lane = Used(admit=lambda: seconds)
    place = lane.book()
    lane.go(place)
    return lane, place


@st.composite
def wishes(draw: st.DrawFn) -> list[float]:
    """Seconds between wishes: crowds that come at once, and pauses."""
    crowds = draw(st.lists(st.tuples(st.integers(0, 150), st.floats(0, 70)), min_size=1, max_size=4))
    return [gap for size, pause in crowds for gap in (pause, *([0.0] * size))]


def no_minute_holds_more(sent: list[datetime], per_minute: int) -> bool:
    return all(beyond - first >= MINUTE - ROUNDING for first, beyond in zip(sent, sent[per_minute:], strict=False))


@given(paces(), wishes(), st.booleans())
def test_no_minute_holds_more_than_the_pace(pace: Pace, gaps: list[float], patient: bool) -> None:
    lane = Used(pace)
    for seconds in gaps:
        lane.move(seconds)
        lane.send(patient=patient)
    assert lane.sent[0] == moment(gaps[0])
    assert no_minute_holds_more(lane.sent, pace.per_minute)


@given(paces())
def test_the_whole_pace_is_used(pace: Pace) -> None:
    lane = Used(pace)
    for _ in range(2 * pace.per_minute):
        lane.send()
    assert lane.sent[pace.per_minute - 1] - lane.sent[0] <= MINUTE + ROUNDING


@given(paces(), st.lists(st.floats(0, 5), max_size=30))
def test_waits_are_exact(pace: Pace, gaps: list[float]) -> None:
    lane = Used(pace)
    for seconds in gaps:
        lane.move(seconds)
        lane.go(lane.book())
    if wait := lane.wait():
        lane.now += wait - 2 * ROUNDING
        assert lane.wait() == 2 * ROUNDING
        lane.now += 2 * ROUNDING
        assert not lane.wait()


def test_the_first_few_go_at_once() -> None:
    assert used(5).sent == [moment(0)] * 5


def test_the_next_goes_after_one_interval() -> None:
    assert used(5).wait() == PACE.interval


# --- Places that are booked ------------------------------------------------------------------------------------------


@dataclass
class Queue:
    """Those who wait, each with their place, and the moment for which they come back."""

    used: Used
    back: list[tuple[datetime, int, datetime]] = field(default_factory=list)
    went: list[int] = field(default_factory=list)

    def come(self, who: int) -> None:
        self._try(who, self.used.book())

    def work(self, late: float = 0) -> None:
        """Until the first one of those who come back has tried, so many seconds late."""
        at, who, place = heapq.heappop(self.back)
        self.used.now = max(self.used.now, at + timedelta(seconds=late))
        self._try(who, place)

    def _try(self, who: int, place: datetime) -> None:
        if self.used.wait(place) or not self.used.go(place):
            heapq.heappush(self.back, (self.used.now + self.used.wait(place), who, place))
        else:
            self.went.append(who)


def slack_that_allows(per_minute: int, used: Used) -> RateLimits:
    def now() -> float:
        return used.now.timestamp()

    limits = RateLimits({METHOD: per_minute}, now)
    used.admit = lambda: limits.admit(METHOD, "T1")
    return limits


def test_nobody_else_gets_a_place_that_is_booked() -> None:
    lane = used(5)
    mine = lane.book()
    assert lane.wait(mine) == PACE.interval
    assert lane.wait() == 2 * PACE.interval
    lane.now += PACE.interval
    assert not lane.wait(mine)
    assert lane.wait()


@given(paces(), st.integers(1, 60), st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_whatever_slack_refuses_all_have_their_turn_in_the_order_in_which_they_came(
    pace: Pace, limit: int, gaps: list[float]
) -> None:
    queue = Queue(Used(pace))
    slack_that_allows(limit, queue.used)
    for who, seconds in enumerate(gaps):
        while queue.back and queue.back[0][0] <= queue.used.now + timedelta(seconds=seconds):
            queue.work()
        queue.used.move(seconds)
        queue.come(who)
    while queue.back:
        queue.work()
    assert queue.went == list(range(len(gaps)))


def test_nobody_has_two_turns_more_than_anybody_else() -> None:
    queue = Queue(Used())
    slack_that_allows(20, queue.used)
    for who in range(30):
        queue.come(who)
    turns: Counter[int] = Counter()
    while queue.used.now < moment(3600):
        for who in queue.went[turns.total() :]:
            turns[who] += 1
            assert turns[who] - min(turns[other] for other in range(30)) <= 1
            queue.come(who)
        queue.work()
    assert turns.total() > 900


@given(paces(), st.lists(st.floats(0, 30), min_size=1, max_size=100))
def test_those_who_come_late_for_their_places_do_not_crowd(pace: Pace, delays: list[float]) -> None:
    queue = Queue(Used(pace))
    for who in range(len(delays)):
        queue.come(who)
    for seconds in delays:
        if queue.back:
            queue.work(late=seconds)
    assert no_minute_holds_more(queue.used.sent, pace.per_minute)


def test_those_who_always_come_a_little_late_keep_their_order() -> None:
    queue = Queue(Used(Pace(20, burst=1)))
    for who in range(30):
        queue.come(who)
    while queue.back:
        queue.work(late=0.2)
    assert queue.went == list(range(30))


# --- What Slack says -------------------------------------------------------------------------------------------------


def test_a_parked_lane_waits_as_long_as_slack_said() -> None:
    lane, mine = refused_once(30)
    lane.move(10)
    assert lane.wait(mine).total_seconds() == 20
    lane.move(20)
    assert not lane.wait(mine)


def test_a_shorter_wait_does_not_unpark_a_lane() -> None:
    lane = used(2)
    lane.refuse(30)
    lane.refuse(20)
    assert lane.wait(moment(0)).total_seconds() == 30


def test_what_was_refused_goes_first() -> None:
    lane = used(5)
    mine, other = lane.book(), lane.book()
    lane.now += lane.wait(mine)
    lane.admit = lambda: 30
    lane.go(mine)
    assert lane.wait(mine).total_seconds() == 30
    assert lane.wait(other) == timedelta(seconds=30) + PACE.lowered_to(35).interval


def test_after_a_refusal_requests_go_one_by_one() -> None:
    lane = used(1)
    lane.refuse(30)
    lane.move(30)
    lane.send()
    assert lane.wait() == PACE.lowered_to(35).interval


# --- Learning --------------------------------------------------------------------------------------------------------


def busy(limit: int, minutes: float, pace: Pace = PACE) -> tuple[Used, RateLimits]:
    lane = Used(pace)
    limits = slack_that_allows(limit, lane)
    return lane.send_for(minutes), limits


def test_a_slack_that_allows_twenty_is_met_with_few_refusals() -> None:
    lane, _ = busy(limit=20, minutes=60)
    first, later = lane.refused[:3], lane.refused[3:]
    assert first[-1] < moment(4 * 60)
    assert min(after - before for before, after in pairwise([first[-1], *later])) >= 3 * MINUTE


def test_what_slack_allows_is_nearly_used() -> None:
    lane, _ = busy(limit=20, minutes=60)
    assert len(lane.sent) >= 60 * 20 * 0.8


def test_a_lane_is_back_at_the_documented_pace_within_eleven_minutes() -> None:
    lane, limits = busy(limit=20, minutes=10)
    limits.set(METHOD, 50)
    assert lane.current().per_minute < 25
    assert lane.send_for(11).current() == PACE


def test_a_lane_that_nobody_refuses_is_never_slower() -> None:
    lane, _ = busy(limit=50, minutes=20)
    assert (lane.refused, lane.current()) == ([], PACE)


@given(st.integers(2, 60), st.integers(20, 60), st.lists(st.integers(1, 70), max_size=4))
def test_it_is_never_faster_than_documented(documented: int, limit: int, later_limits: list[int]) -> None:
    lane, limits = busy(limit, 3, Pace(documented, burst=max(1, documented // 10)))
    for allowed in later_limits:
        limits.set(METHOD, allowed)
        lane.send_for(3)
    assert no_minute_holds_more(lane.sent, documented)


@given(paces(), st.lists(st.tuples(st.floats(0, 1000), st.floats(1, 90)), max_size=30), st.floats(0, 1000))
def test_no_refusals_stop_a_lane_and_none_is_for_ever(
    pace: Pace, refusals: list[tuple[float, float]], later: float
) -> None:
    lane = Used(pace)
    for gap, seconds in refusals:
        lane.move(gap)
        lane.go(lane.book())
        lane.refuse(seconds)
        assert pace.least <= lane.current().per_minute <= pace.per_minute
    lane.move(later)
    before = lane.current().per_minute
    lane.move(60)
    assert before <= lane.current().per_minute
    lane.now = max(lane.now, lane.lane.parked_until or lane.now) + RISE
    assert lane.current() == pace


def test_requests_that_were_on_their_way_together_are_one_refusal() -> None:
    lane = used(5)
    sent_at = lane.now
    lane.move(1)
    lane.refuse(29)
    first = lane.lane
    lane.move(1)
    lane.refuse(38, sent_at)
    assert (lane.lane.lowered_to, lane.lane.lowered_at) == (first.lowered_to, first.lowered_at)
    assert lane.lane.parked_until == moment(40)


def test_one_that_was_sent_at_the_lower_pace_is_another_refusal() -> None:
    lane = used(5)
    lane.refuse(30)
    assert lane.lane.lowered_to == 35
    lane.move(31)
    lane.send()
    lane.refuse(30)
    assert lane.lane.lowered_to == 24


@pytest.mark.parametrize(("per_minute", "burst"), [(50, 5), (35, 3), (20, 2), (9, 1)])
def test_a_slower_lane_has_a_smaller_burst(per_minute: int, burst: int) -> None:
    assert PACE.lowered_to(per_minute) == Pace(per_minute, burst)
