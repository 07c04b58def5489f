"""Events may come twice, late, out of order or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from app.domain.calls import CallSnapshot, Fact
from app.domain.card import CallCard, CardUser, call_card
from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft, TitleChanged
from app.domain.fold import end, fold
from app.domain.meetings import Person
from tests.domain.histories import (
    MEETING,
    histories,
    known_of,
    moment,
    parts,
    scrambled,
    stragglers,
    truth_of,
    wanted,
)


def as_told(users: frozenset[CardUser]) -> set[tuple[str, str]]:
    return {(user.slack_id or user.external_id, user.display_name) for user in users}


def assert_card_is_true(card: CallCard, events: list[Event]) -> None:
    truth = truth_of(events)
    assert as_told(card.present) == truth.present
    assert as_told(card.attended) == truth.attended
    assert card.title == truth.title
    assert (card.duration_seconds is not None) == truth.is_over


# Properties


@given(histories())
def test_the_card_of_a_true_history_is_true(history: list[Event]) -> None:
    assert_card_is_true(call_card(known_of(history)), history)


@given(st.data(), histories())
def test_any_order_and_any_repetition_gives_the_same(data: st.DataObject, history: list[Event]) -> None:
    arrived = known_of(data.draw(scrambled(history)))
    assert arrived == known_of(history)
    assert call_card(arrived) == call_card(known_of(history))


@given(st.data(), histories())
def test_dropped_events_give_the_card_of_what_is_known(data: st.DataObject, history: list[Event]) -> None:
    told = data.draw(parts(history))
    arrived = data.draw(scrambled(told))
    assert_card_is_true(call_card(known_of(arrived)), told)


@given(st.data(), histories())
def test_an_event_known_already_changes_nothing(data: st.DataObject, history: list[Event]) -> None:
    known = known_of(history)
    assert fold(known, data.draw(st.sampled_from(history))) == known


@given(st.data(), histories())
def test_only_the_person_an_event_names_is_needed(data: st.DataObject, history: list[Event]) -> None:
    event = data.draw(st.sampled_from(history))
    known = known_of(data.draw(parts(history)))
    key = event.person.key if isinstance(event, ParticipantJoined | ParticipantLeft) else None
    some = replace(known, participants={k: p for k, p in known.participants.items() if k == key})
    partly, wholly = fold(some, event), fold(known, event)
    assert replace(partly, participants={**known.participants, **partly.participants}) == wholly


@given(st.data(), histories(ended=True))
def test_nobody_comes_or_goes_after_the_end(data: st.DataObject, history: list[Event]) -> None:
    late = data.draw(stragglers(history))
    arrived = call_card(known_of(data.draw(scrambled([*history, *late]))))
    card = call_card(known_of(history))
    assert arrived.present == card.present == frozenset()
    assert {user.key for user in arrived.attended} == {user.key for user in card.attended}
    assert arrived.duration_seconds == card.duration_seconds


@given(histories(ended=False), st.integers(0, 40))
def test_a_call_ended_by_us_is_over_whatever_the_meeting_still_tells(history: list[Event], at: int) -> None:
    known = reduce(fold, history, end(wanted(), moment(at)))
    card = call_card(known)
    assert (card.present, card.duration_seconds) == (frozenset(), at)
    assert known == end(known_of(history), moment(at))


# Single cases, by name


def told(kind: type[ParticipantJoined | ParticipantLeft], at: int, connection: str = "c-1", **what: str) -> Event:
    known = {"key": "p-ada", "name": "Ada"} | what
    person = Person(connection_id=connection, **known)
    return kind(meeting_id=MEETING.id, at=moment(at), dedupe_key=f"{kind.__name__}{at}{connection}", person=person)


def joined(at: int, connection: str = "c-1", **what: str) -> Event:
    return told(ParticipantJoined, at, connection, **what)


def left(at: int, connection: str = "c-1", **what: str) -> Event:
    return told(ParticipantLeft, at, connection, **what)


def ended(at: int) -> Event:
    return MeetingEnded(meeting_id=MEETING.id, at=moment(at), dedupe_key=f"ended{at}")


def started(at: int, run: str | None) -> Event:
    return MeetingStarted(meeting_id=MEETING.id, at=moment(at), dedupe_key=f"started{at}", occurrence_id=run)


def retitled(at: int, title: str) -> Event:
    return TitleChanged(meeting_id=MEETING.id, at=moment(at), dedupe_key=f"titled{at}", title=title)


def names_present(*events: Event) -> list[str]:
    return sorted(user.display_name for user in call_card(known_of(events)).present)


def names_attended(*events: Event) -> list[str]:
    return sorted(user.display_name for user in call_card(known_of(events)).attended)


def test_a_leave_that_comes_before_its_join_does_not_resurrect() -> None:
    assert names_present(left(5), joined(3)) == []


def test_joining_and_leaving_in_one_second_is_leaving() -> None:
    assert names_present(left(3), joined(3)) == names_present(joined(3), left(3)) == []


def test_somebody_is_in_while_any_device_is() -> None:
    assert names_present(joined(1, "laptop"), joined(2, "phone"), left(3, "laptop")) == ["Ada"]
    assert names_present(joined(1, "laptop"), joined(2, "phone"), left(3, "laptop"), left(3, "phone")) == []


def test_the_leave_of_an_older_connection_does_not_close_the_new_one() -> None:
    assert names_present(joined(1, "c-1"), joined(2, "c-2"), left(9, "c-1")) == ["Ada"]


def test_a_device_whose_id_is_reused_may_come_again() -> None:
    assert names_present(joined(1), left(2), joined(3)) == ["Ada"]
    assert names_present(joined(1), joined(3), left(2)) == ["Ada"]


def test_a_reused_id_counts_for_the_run_it_joined_last() -> None:
    first = replace(joined(1), occurrence_id="run-z")
    again = replace(joined(5), occurrence_id="run-a")
    assert names_present(started(0, "run-z"), first, started(5, "run-a"), again) == ["Ada"]


def test_a_person_told_only_by_leaving_was_never_there() -> None:
    assert names_attended(left(5), ended(9)) == []


def test_two_persons_of_one_name_are_two() -> None:
    assert names_present(joined(1, key="p-1"), joined(1, key="p-2")) == ["Ada", "Ada"]


def test_the_newest_name_counts_and_silence_does_not_erase_it() -> None:
    assert names_present(joined(1, "c-1", name="Ada"), joined(3, "c-2", name="Countess"), joined(2, "c-3")) == [
        "Countess"
    ]
    assert names_present(joined(1, "c-1", name="Ada"), joined(3, "c-2", name="")) == ["Ada"]


def test_somebody_without_a_name_is_a_guest() -> None:
    assert names_present(joined(1, name="")) == ["Guest"]


def test_the_newest_title_counts() -> None:
    assert call_card(known_of([retitled(9, "New"), retitled(5, "Old")])).title == "New"


def test_a_join_before_the_start_counts() -> None:
    assert names_present(joined(1), started(2, None)) == ["Ada"]


def test_a_new_run_empties_the_room() -> None:
    before = replace(joined(1), occurrence_id="run-z")
    assert names_present(started(0, "run-z"), before, started(5, "run-a")) == []


def test_a_join_of_the_old_run_in_the_second_of_the_new_one_is_of_the_old_run() -> None:
    assert names_present(started(0, "run-z"), replace(joined(5), occurrence_id="run-z"), started(5, "run-a")) == []


def test_a_join_into_a_run_whose_start_was_never_told_counts() -> None:
    unannounced = replace(joined(5), occurrence_id="run-a")
    assert names_present(started(0, "run-z"), unannounced) == ["Ada"]


def test_of_several_ends_the_earliest_counts() -> None:
    assert call_card(known_of([ended(60), ended(30), ended(90)])).duration_seconds == 30


def test_who_came_before_the_end_was_there_even_when_they_come_again_later() -> None:
    assert names_attended(joined(1), ended(9), joined(20)) == ["Ada"]


def test_who_comes_after_the_end_was_not_there() -> None:
    assert names_attended(joined(20), ended(9)) == []


def test_the_provider_says_that_its_meeting_is_over() -> None:
    assert known_of([ended(9)]).meeting_is_over
    assert not end(wanted(), moment(9)).meeting_is_over


def test_an_end_before_the_beginning_is_no_negative_time() -> None:
    early: CallSnapshot = end(wanted(), moment(0) - timedelta(seconds=3))
    assert call_card(early).duration_seconds == 0


def test_a_call_that_nobody_has_come_to_is_empty_since_no_moment() -> None:
    assert wanted().empty_since() is None
    assert known_of([left(3)]).empty_since() is None


def test_a_call_is_empty_since_the_last_one_left() -> None:
    story = [joined(1), joined(2, "c-2", key="p-grace"), left(5, "c-2", key="p-grace"), left(4)]
    assert known_of(story[:3]).empty_since() is None
    assert known_of(story).empty_since() == moment(5)


def test_somebody_who_comes_back_fills_it_again() -> None:
    assert known_of([joined(1), left(4), joined(6, "c-2")]).empty_since() is None


def test_an_echo_of_our_own_title_does_not_beat_the_next_one() -> None:
    """The provider tells of it by its own clock, which may be later than when the next one was typed."""
    given = replace(wanted(), meeting_title=Fact(moment(3), "Lunch"), title=Fact(moment(4), "Dinner"))
    assert fold(given, retitled(5, "Lunch")) == given


def test_what_the_provider_calls_its_meeting_is_known_apart_from_the_title() -> None:
    told = known_of([retitled(3, "Lunch"), retitled(2, "Retrospective")])
    assert (told.title, told.meeting_title) == (Fact(moment(3), "Lunch"), Fact(moment(3), "Lunch"))
    renamed_here = replace(told, title=Fact(moment(9), "Dinner"))
    again = fold(renamed_here, retitled(5, "Breakfast"))
    assert (again.title.value, again.meeting_title) == ("Dinner", Fact(moment(5), "Breakfast"))
