"""When a meeting has begun anew, and to which of its runs an event belongs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calls import CallSnapshot, Fact
from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft, TitleChanged
from app.domain.fold import end, fold
from app.domain.meetings import Person
from app.domain.runs import STRAGGLING, begun_anew, is_of_earlier, people_of_later_run
from tests.domain.histories import MEETING, histories, known_of, moment, scrambled, wanted

ADA = Person(key="p-ada", connection_id="c-ada", name="Ada")
NEW = Person(key="p-new", connection_id="c-new", name="Linus")
LATE = STRAGGLING.total_seconds() + 1


def told(kind: Any, at: float, run: str | None = None, **what: Any) -> Any:
    return kind(meeting_id=MEETING.id, at=moment(at), dedupe_key=f"{kind.__name__}{at}", occurrence_id=run, **what)


def started(at: float, run: str | None = None) -> MeetingStarted:
    return told(MeetingStarted, at, run)  # type: ignore[no-any-return]


def joined(at: float, run: str | None = None, person: Person = ADA) -> ParticipantJoined:
    return told(ParticipantJoined, at, run, person=person)  # type: ignore[no-any-return]


def left(at: float, run: str | None = None) -> ParticipantLeft:
    return told(ParticipantLeft, at, run, person=ADA)  # type: ignore[no-any-return]


def ended(at: float, run: str | None = None) -> MeetingEnded:
    return told(MeetingEnded, at, run)  # type: ignore[no-any-return]


def over(at: float = 100, run: str | None = "run-k") -> CallSnapshot:
    """A call whose meeting has told its end."""
    return known_of([started(0, run), joined(1, run), ended(at, run)])


# --- What begins anew ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "begun"),
    [
        ([joined(101, "run-z")], Fact(moment(101), "run-z")),
        ([joined(100 + LATE)], Fact(moment(100 + LATE), "")),
        ([started(101, "run-z"), joined(102, "run-z")], Fact(moment(101), "run-z")),
        ([started(101, "run-z"), joined(102)], Fact(moment(101), "run-z")),
    ],
)
def test_a_meeting_begins_anew_with_the_first_who_comes(events: list[Event], begun: Fact) -> None:
    assert begun_anew(over(), events) == begun
    assert begun_anew(over(), events[::-1]) == begun


def test_an_end_tells_of_which_run_it_is() -> None:
    """Where no beginning was told, whoever comes to another run a moment later is no straggler."""
    known = known_of([joined(1, "run-k"), ended(100, "run-k")])
    assert begun_anew(known, [joined(101, "run-z")]) == Fact(moment(101), "run-z")
    assert begun_anew(known, [joined(101, "run-k")]) is None


def test_a_beginning_that_was_told_before_makes_the_next_who_comes_a_new_call() -> None:
    known = fold(over(), started(101, "run-z"))
    assert begun_anew(known, [joined(102)]) == Fact(moment(101), "run-z")


def test_a_beginning_that_is_told_late_explains_who_came_before() -> None:
    known = fold(over(), joined(102, person=replace(ADA, connection_id="c-2")))
    assert begun_anew(known, [started(101, "run-z")]) == Fact(moment(101), "run-z")


@pytest.mark.parametrize(
    "event",
    [
        started(101, "run-z"),
        started(10_000),
        joined(100, "run-z"),
        joined(10_000, "run-k"),
        started(10_000, "run-k"),
        joined(100 + LATE - 1),
        left(10_000, "run-z"),
        ended(10_000, "run-z"),
        told(TitleChanged, 10_000, "run-z", title="Lunch"),
    ],
)
def test_what_is_no_new_beginning(event: Event) -> None:
    assert begun_anew(over(), [event]) is None


def test_a_call_that_runs_does_not_begin_anew() -> None:
    assert begun_anew(known_of([started(0, "run-k")]), [started(100, "run-z"), joined(101, "run-z")]) is None


def test_what_a_person_has_ended_stays_ended() -> None:
    closed = replace(over(), is_closed=True)
    assert begun_anew(closed, [started(10_000, "run-z"), joined(10_001, "run-z")]) is None


def test_a_call_that_failed_does_not_begin_anew() -> None:
    assert begun_anew(replace(over(), failure="No."), [joined(10_000, "run-z")]) is None


def test_an_end_that_was_only_our_guess_is_taken_back_by_whoever_comes_later() -> None:
    guessed = end(known_of([started(0, "run-k")]), moment(100))
    assert begun_anew(guessed, [joined(100 + LATE, "run-k")]) == Fact(moment(100 + LATE), "run-k")


def test_an_end_that_is_told_after_the_next_beginning_ends_only_its_own_run() -> None:
    running = known_of([started(0, "run-k"), started(110, "run-z"), joined(111, "run-z")])
    assert begun_anew(running, [ended(100, "run-k")]) == Fact(moment(110), "run-z")


def test_an_end_that_is_told_after_somebody_came_to_the_next_run() -> None:
    running = known_of([joined(1), joined(100 + LATE, person=replace(ADA, connection_id="c-2"))])
    assert begun_anew(running, [ended(100)]) == Fact(moment(100 + LATE), "")


def test_an_end_and_a_beginning_may_come_together() -> None:
    running = known_of([started(0, "run-k")])
    assert begun_anew(running, [started(110, "run-z"), joined(111, "run-z"), ended(100, "run-k")]) == Fact(
        moment(110), "run-z"
    )


@st.composite
def late_news(draw: st.DrawFn, history: Sequence[Event]) -> list[Event]:
    """What was told already, once more and in any order, and what the run that is over may tell of people who left
    and came in its last moments."""
    again = draw(st.lists(st.sampled_from(history), max_size=6))
    people = [event for event in history if isinstance(event, ParticipantJoined | ParticipantLeft)]
    moved = draw(st.lists(st.sampled_from(people), max_size=6)) if people else []
    after = st.integers(0, int(STRAGGLING.total_seconds()))
    return [*again, *(_of_last_run(event, history, timedelta(seconds=draw(after))) for event in moved)]


def _of_last_run(event: Event, history: Sequence[Event], after: timedelta) -> Event:
    return replace(event, at=history[-1].at + after, occurrence_id=history[-1].occurrence_id)


@given(st.data(), histories(ended=True))
def test_stragglers_begin_nothing(data: st.DataObject, history: list[Event]) -> None:
    late = data.draw(late_news(history))
    known = known_of(data.draw(scrambled(history)))
    assert begun_anew(known, late) is None


@given(st.data(), histories(ended=True))
def test_no_order_of_a_meeting_that_ran_once_begins_it_anew(data: st.DataObject, history: list[Event]) -> None:
    arrived = data.draw(scrambled(history))
    known = wanted()
    for event in arrived:
        assert begun_anew(known, [event]) is None
        known = fold(known, event)


@given(st.data(), histories(ended=True), st.integers(1, 3))
def test_a_run_that_really_begins_is_always_noticed(data: st.DataObject, history: list[Event], later: int) -> None:
    known = known_of(data.draw(scrambled(history)))
    assert known.ended_at is not None
    seconds = (known.ended_at - moment(0)).total_seconds() + later
    assert begun_anew(known, [joined(seconds, "run-new", NEW), started(seconds, "run-new")]) == Fact(
        moment(seconds), "run-new"
    )


# --- Which run an event is about -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "is_earlier"),
    [
        (ended(100, "run-k"), True),
        (left(10_000, "run-k"), True),
        (ended(90, "run-z"), False),
        (ended(110, "run-q"), True),
        (ended(111, "run-q"), False),
        (joined(101, "run-z"), False),
        (left(99), True),
        (left(101), False),
        (joined(101, "run-q"), False),
    ],
)
def test_an_event_belongs_to_its_run(event: Event, *, is_earlier: bool) -> None:
    later = reduce(fold, [started(110, "run-z")], replace(wanted(), id="call-2", reopens="call-1"))
    assert is_of_earlier(event, over(), later) is is_earlier


def test_of_a_run_that_was_taken_for_over_the_time_decides() -> None:
    earlier = end(known_of([started(0, "run-k")]), moment(100))
    later = replace(wanted(), occurrence=Fact(moment(200), "run-k"))
    assert is_of_earlier(joined(99, "run-k"), earlier, later)
    assert not is_of_earlier(joined(150, "run-k"), earlier, later)


def test_a_call_that_is_over_has_no_part_in_the_run_after_it() -> None:
    """Also when it has heard of the run after the next before there was a call for the next."""
    earlier = reduce(fold, [started(300, "run-x")], over())
    later = replace(wanted(), id="call-2", reopens="call-1", occurrence=Fact(moment(200), "run-z"))
    assert not is_of_earlier(joined(301, "run-x"), earlier, later)
    assert not is_of_earlier(ended(400, "run-x"), earlier, later)
    assert is_of_earlier(left(99, "run-k"), earlier, later)


def test_the_next_call_knows_who_came_after_the_end() -> None:
    again = replace(ADA, connection_id="c-2")
    grace = Person(key="p-grace", connection_id="c-3", name="Grace")
    known = known_of([joined(1), ended(100), joined(140, person=again), joined(50, person=grace)])
    people = people_of_later_run(known)
    assert {key: (set(person.connections), person.first_joined_at) for key, person in people.items()} == {
        "p-ada": ({"c-2"}, moment(140))
    }


def test_the_next_call_knows_who_is_somebody_in_slack() -> None:
    known = known_of([joined(1, person=replace(ADA, slack_id="U0ADA")), ended(100)])
    [ada] = people_of_later_run(known).values()
    assert (ada.slack and ada.slack.user_id, ada.first_joined_at, dict(ada.connections)) == ("U0ADA", None, {})
