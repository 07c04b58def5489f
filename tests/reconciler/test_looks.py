"""What a look tells where it cannot tell one connection of a person from another.

People come and go with their devices, whose webhooks are lost, late, told twice and out of order; meanwhile the meeting
is looked into.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.calls import CallSnapshot, Fact
from app.domain.events import Event, MeetingEnded, ParticipantJoined, ParticipantLeft
from app.domain.fold import fold
from app.domain.meetings import Person, Roster
from app.reconciler.audit import DOUBT, LOOK_EVERY, told_by
from tests.clocks import NOON

EVENING = NOON + timedelta(hours=2)
"""By then everybody has come and gone who will, and all has been told that will be told."""

thorough = settings(max_examples=400, deadline=None)


@dataclass(frozen=True)
class Stay:
    """``device`` keeps its connection's id when it comes again, as a browser that is loaded anew may."""

    key: str
    device: str
    came_at: datetime
    left_at: datetime | None

    def includes(self, moment: datetime) -> bool:
        return self.came_at <= moment and (self.left_at is None or moment < self.left_at)

    def events(self) -> Iterator[Event]:
        person = Person(key=self.key, connection_id=self.device, name=self.key)
        yield ParticipantJoined(meeting_id="weekly", at=self.came_at, dedupe_key="", person=person)
        if self.left_at is not None:
            yield ParticipantLeft(meeting_id="weekly", at=self.left_at, dedupe_key="", person=person)


@st.composite
def days(draw: st.DrawFn) -> list[Stay]:
    """A true history: two people with two devices each, within an hour."""
    stays = []
    for key in ("ada", "grace"):
        for device in ("laptop", "phone"):
            moment = NOON
            for away, within in draw(st.lists(st.tuples(st.integers(1, 1200), st.integers(1, 1200)), max_size=3)):
                came_at = moment + timedelta(seconds=away)
                moment = came_at + timedelta(seconds=within)
                is_last = moment > NOON + timedelta(hours=1)
                stays.append(Stay(key, f"{key}-{device}", came_at, None if is_last else moment))
                if is_last:
                    break
    return stays


def who_is_in(stays: list[Stay], moment: datetime) -> set[str]:
    return {stay.key for stay in stays if stay.includes(moment)}


def looks(stays: list[Stay], *, last: datetime = EVENING) -> Iterator[tuple[datetime, Roster]]:
    moment = NOON + LOOK_EVERY
    while moment <= last:
        seen = sorted(who_is_in(stays, moment))
        people = tuple(Person(key=key, connection_id="", name=key) for key in seen)
        yield moment, Roster(people, knows_connections=False)
        moment += LOOK_EVERY


def after(told: Sequence[tuple[datetime, Event]], looked: Iterator[tuple[datetime, Roster]]) -> CallSnapshot:
    """What is known in the end, all taken in as it comes."""
    known = CallSnapshot(id="call", created_by="U1", started_at=NOON, title=Fact(NOON, "Weekly sync"))
    coming: list[tuple[datetime, int, Event | Roster]] = [(at, 0, event) for at, event in told]
    coming += [(at, 1, roster) for at, roster in looked]
    for at, _, news in sorted(coming, key=lambda each: each[:2]):
        events = told_by(news, known, at) if isinstance(news, Roster) else [news]
        known = functools.reduce(fold, events, known)
    return known


def on_card(known: CallSnapshot) -> set[str]:
    return {key for key, person in known.participants.items() if person.is_present(known.occurrence)}


@st.composite
def webhooks(draw: st.DrawFn, stays: list[Stay], *, fewest: int) -> list[tuple[datetime, Event]]:
    """When each event is told: ``fewest`` times or more, up to half an hour late."""
    told = []
    for event in (event for stay in stays for event in stay.events()):
        for late in draw(st.lists(st.integers(0, 1800), min_size=fewest, max_size=2)):
            told.append((event.at + timedelta(seconds=late), event))
    return told


@thorough
@given(st.data())
def test_in_the_end_the_card_shows_who_is_in_whatever_webhooks_were_lost(data: st.DataObject) -> None:
    stays = data.draw(days())
    told = data.draw(webhooks(stays, fewest=0))
    assert on_card(after(told, looks(stays))) == who_is_in(stays, EVENING)


@thorough
@given(st.data())
def test_nobody_who_is_in_is_taken_off_the_card_for_good(data: st.DataObject) -> None:
    """Not even until the next look, once the webhooks that were on their way have come."""
    stays = data.draw(days())
    told = data.draw(webhooks(stays, fewest=1))
    last = NOON + timedelta(seconds=data.draw(st.integers(300, 7200)))
    assert on_card(after(told, looks(stays, last=last))) >= who_is_in(stays, EVENING)


@thorough
@given(days())
def test_where_all_is_told_in_time_looks_change_nothing(stays: list[Stay]) -> None:
    told = [(event.at, event) for stay in stays for event in stay.events()]
    assert after(told, looks(stays)) == after(told, iter(()))


def test_somebody_whose_join_was_lost_goes_with_the_next_look() -> None:
    """Their leave is of a connection that nobody knows."""
    stay = Stay("ada", "laptop", NOON + timedelta(seconds=10), NOON + LOOK_EVERY + timedelta(seconds=10))
    _, leave = stay.events()
    told = [(leave.at, leave)]
    seen = [on_card(after(told, looks([stay], last=NOON + LOOK_EVERY * number))) for number in (0, 1, 2)]
    assert seen == [set(), {"ada"}, set()]


def test_somebody_whose_leave_was_lost_goes_while_others_stay() -> None:
    gone = Stay("ada", "laptop", NOON, NOON + timedelta(minutes=2))
    stays = [gone, Stay("grace", "laptop", NOON, None)]
    told = [(event.at, event) for stay in stays for event in stay.events() if not isinstance(event, ParticipantLeft)]
    assert on_card(after(told, looks(stays, last=NOON))) == {"ada", "grace"}
    assert on_card(after(told, looks(stays, last=NOON + LOOK_EVERY))) == {"grace"}


@pytest.mark.parametrize("what", ["joined", "left"])
def test_a_meeting_that_is_not_there_is_over_once_anybody_came(what: str) -> None:
    missing = Roster((), has_begun=False)
    join, leave = Stay("ada", "laptop", NOON, NOON + timedelta(minutes=2)).events()
    known = after([(join.at, join if what == "joined" else leave)], iter(()))
    assert isinstance(told_by(missing, known, NOON + LOOK_EVERY)[0], MeetingEnded)
    assert told_by(missing, after([], iter(())), NOON + LOOK_EVERY) == []


def test_who_left_a_moment_ago_does_not_come_back_by_a_look() -> None:
    """The look may have been answered by what was there before the leave."""
    left_at = NOON + LOOK_EVERY - DOUBT / 2
    told = [(event.at, event) for event in Stay("ada", "laptop", NOON, left_at).events()]
    still_there = Roster((Person(key="ada", connection_id=""),), knows_connections=False)
    assert on_card(after(told, iter([(NOON + LOOK_EVERY, still_there)]))) == set()
