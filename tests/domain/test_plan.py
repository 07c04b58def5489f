"""A plan leads from what is there to what is wanted, by steps that Slack takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.calls import CallSnapshot, CallStatus, Fact, Participant
from app.domain.card import CallCard, CardUser, call_card
from app.domain.events import Event, ParticipantJoined
from app.domain.fold import end, fold
from app.domain.meetings import Capabilities, Person
from app.domain.operations import (
    AddCall,
    AddParticipants,
    CreateMeeting,
    EndCall,
    EndMeeting,
    LookAtCard,
    Operation,
    PostCall,
    RemoveParticipants,
    RenameMeeting,
    TellFailure,
    UpdateCall,
)
from app.domain.plan import MOST_USERS, Shown, after, plan, status
from tests.domain.histories import MEETING, histories, moment, scrambled, truth_of, wanted
from tests.domain.slack_card import SlackCard, done

ALL_ABLE = Capabilities(ends_meetings=True)
MOST_STEPS = 300

Choice = Callable[[Sequence[Operation]], Operation]


def the_first(operations: Sequence[Operation]) -> Operation:
    return operations[0]


def any_of(data: st.DataObject) -> Choice:
    """Whatever is passed over is in the next plan again."""
    return lambda operations: data.draw(st.sampled_from(operations))


@dataclass(slots=True)
class Run:
    """A call being driven: what is known, what we believe Slack shows, and what it does show."""

    known: CallSnapshot = field(default_factory=wanted)
    shown: Shown = field(default_factory=Shown)
    slack: SlackCard = field(default_factory=SlackCard)
    done: list[Operation] = field(default_factory=list)

    @property
    def plan(self) -> list[Operation]:
        return plan(self.known, self.shown, ALL_ABLE)

    def step(self, choice: Choice = the_first) -> None:
        if operations := self.plan:
            for operation in operations:  # none of them waits for another, so Slack must take each
                deepcopy(self.slack).perform(operation)
            operation = choice(operations)
            self.slack.perform(operation)
            self.shown = done(self.shown, operation)
            self.done.append(operation)
            if isinstance(operation, CreateMeeting):
                self.known = replace(self.known, meeting=MEETING)

    def settle(self, choice: Choice = the_first) -> None:
        for _ in range(MOST_STEPS):
            if not self.plan:
                return
            self.step(choice)
        raise AssertionError(f"it never ends: {self.plan}")

    def learn(self, events: Iterable[Event]) -> None:
        for event in events:
            self.known = fold(self.known, event)


def settled(*events: Event) -> Run:
    run = Run()
    run.learn(events)
    run.settle()
    return run


def assert_slack_shows_what_is_wanted(run: Run) -> None:
    desired, standing = call_card(run.known), frozenset(run.slack.standing.values())
    if run.slack.title is not None:
        assert (run.slack.title, run.slack.join_url) == (desired.title, desired.join_url)
        assert (standing, run.slack.ended_after) == (desired.present, desired.duration_seconds)
    assert run.slack.is_posted or run.known.is_over
    if run.shown.card is not None:
        assert run.shown.card.present == standing


@st.composite
def drives(draw: st.DrawFn) -> tuple[list[Event], list[int]]:
    """A history as it arrives, and how many operations are performed after each event."""
    arriving = draw(histories().flatmap(scrambled))
    return arriving, draw(st.lists(st.integers(0, 4), min_size=len(arriving), max_size=len(arriving)))


# Properties


@given(drives())
def test_the_plan_leads_to_what_is_wanted_and_then_plans_nothing(drive: tuple[list[Event], list[int]]) -> None:
    run = Run(replace(wanted(), meeting=None))
    for event, steps in zip(*drive, strict=True):
        run.learn([event])
        for _ in range(steps):
            run.step()
    run.settle()
    assert_slack_shows_what_is_wanted(run)
    assert run.plan == []


@given(st.data(), drives())
def test_it_does_so_when_operations_wait_for_their_turn(
    data: st.DataObject, drive: tuple[list[Event], list[int]]
) -> None:
    run, choice = Run(), any_of(data)
    for event, steps in zip(*drive, strict=True):
        run.learn([event])
        for _ in range(steps):
            run.step(choice)
    run.settle(choice)
    assert_slack_shows_what_is_wanted(run)


@given(histories(ended=True), st.integers(0, 30))
def test_an_ended_card_shows_everybody_who_was_there(history: list[Event], posted_after: int) -> None:
    run = Run()
    for event in history[:-1]:
        run.learn([event])
        if posted_after <= 0:
            run.settle()
        posted_after -= 1
    run.settle()
    run.learn(history[-1:])
    run.settle()
    truth, people = truth_of(history), run.known.participants
    shown_as = {key: {("", key), (_slack_id(people[key]), "")} & run.slack.everybody for key in truth.came}
    assert [key for key, faces in shown_as.items() if not faces] == []


@given(histories(ended=True))
def test_an_ended_card_that_was_never_changed_shows_nobody_twice(history: list[Event]) -> None:
    run = Run()
    run.settle()
    run.learn(history)
    run.settle()
    assert {user for user, _ in truth_of(history).attended} == {slack or key for slack, key in run.slack.everybody}


@given(st.data(), drives())
def test_ids_that_slack_refuses_are_shown_by_name(data: st.DataObject, drive: tuple[list[Event], list[int]]) -> None:
    refused = frozenset(data.draw(st.sets(st.sampled_from(["U0", "U1"]))))
    run = Run(shown=Shown(unknown_slack_ids=refused, one_by_one=data.draw(st.booleans())))
    for event, steps in zip(*drive, strict=True):
        run.learn([event])
        for _ in range(steps):
            run.step()
    run.settle()
    assert refused.isdisjoint(slack_id for slack_id, _ in run.slack.everybody)
    wanted_now = call_card(run.known, unknown_slack_ids=refused)
    assert frozenset(run.slack.standing.values()) == wanted_now.present


@given(st.data(), drives())
def test_a_call_only_moves_down_the_list_of_states(data: st.DataObject, drive: tuple[list[Event], list[int]]) -> None:
    run = Run(replace(wanted(), meeting=None))
    stood = [status(run.known, run.shown)]
    for event, steps in zip(*drive, strict=True):
        run.learn([event])
        for _ in range(steps):
            run.step(any_of(data))
            stood.append(status(run.known, run.shown))
    order = list(CallStatus)
    assert stood == sorted(stood, key=order.index)


def _slack_id(participant: Participant) -> str:
    return participant.slack.user_id if participant.slack else ""


# Single cases, by name


def joins(*keys: str, at: int = 1, slack_id: str | None = None) -> list[Event]:
    return [
        ParticipantJoined(
            meeting_id=MEETING.id,
            at=moment(at),
            dedupe_key=f"{key}-{at}",
            person=Person(key=key, connection_id=f"{key}-{at}", name=key.title(), slack_id=slack_id),
        )
        for key in keys
    ]


def crowd(size: int) -> list[Event]:
    return joins(*(f"p-{n:04}" for n in range(size)))


def kinds(operations: Iterable[Operation]) -> list[type[Operation]]:
    return [type(operation) for operation in operations]


def renamed(known: CallSnapshot, title: str) -> CallSnapshot:
    return replace(known, title=Fact(moment(60), title))


def over(known: CallSnapshot, at: int = 300) -> CallSnapshot:
    return end(known, moment(at))


def test_a_call_begins_with_its_meeting_then_its_card() -> None:
    run = Run(replace(wanted(), meeting=None))
    run.settle()
    assert kinds(run.done) == [CreateMeeting, AddCall, PostCall]


def test_who_is_in_already_is_on_the_card_from_the_start() -> None:
    run = settled(*joins("ada"))
    assert kinds(run.done) == [AddCall, PostCall]
    assert set(run.slack.standing) == {("", "ada")}


def test_a_card_that_stands_takes_a_crowd_in_batches() -> None:
    run = settled()
    run.learn(crowd(2 * MOST_USERS + 1))
    run.settle()
    sizes = [len(operation.users) for operation in run.done if isinstance(operation, AddParticipants)]
    assert sizes == [MOST_USERS, MOST_USERS, 1]


def test_a_crowd_that_is_in_already_fits_into_the_first_request_only_in_part() -> None:
    run = settled(*crowd(MOST_USERS + 1))
    assert kinds(run.done) == [AddCall, PostCall, AddParticipants]


def test_a_crowd_leaves_in_batches() -> None:
    run = settled(*crowd(MOST_USERS + 1))
    run.done.clear()
    run.known = replace(run.known, participants={})
    run.settle()
    assert kinds(run.done) == [RemoveParticipants, RemoveParticipants]


def test_two_persons_with_one_slack_id_are_one_person() -> None:
    run = settled(*joins("ada", "countess", slack_id="U7"))
    assert list(run.slack.standing) == [("U7", "")]


def test_somebody_with_a_new_name_goes_and_comes_again() -> None:
    run = settled(*joins("ada"))
    run.done.clear()
    run.known = replace(
        run.known, participants={"ada": replace(run.known.participants["ada"], name=Fact(moment(2), "A."))}
    )
    run.settle()
    assert kinds(run.done) == [RemoveParticipants, AddParticipants]
    assert [user.display_name for user in run.slack.standing.values()] == ["A."]


def test_a_new_title_is_told_once() -> None:
    run = settled()
    run.known = renamed(run.known, "Retrospective")
    assert kinds(run.plan) == [UpdateCall]
    run.settle()
    assert run.slack.title == "Retrospective"


def test_a_card_that_just_appeared_is_posted_before_it_is_changed() -> None:
    run = Run()
    run.step()
    run.known = renamed(run.known, "Retrospective")
    run.learn(joins("ada"))
    assert kinds(run.plan) == [PostCall, UpdateCall, AddParticipants]


def test_a_title_given_just_before_the_end_stands_on_the_ended_card() -> None:
    run = settled()
    run.known = over(renamed(run.known, "Retrospective"))
    run.settle()
    assert (run.slack.title, run.slack.ended_after) == ("Retrospective", 300)


def test_whoever_came_and_went_unseen_is_on_the_ended_card() -> None:
    run = settled()
    run.learn(crowd(MOST_USERS + 1))
    run.known = over(run.known)
    run.settle()
    assert kinds(run.done[2:]) == [EndMeeting, AddParticipants, AddParticipants, EndCall]
    assert len(run.slack.grey) == MOST_USERS + 1


def test_nobody_comes_onto_an_ended_card_a_second_time_by_another_name() -> None:
    run = settled(*joins("ada"))
    run.learn(joins("ada", at=5, slack_id="U7"))
    run.known = over(run.known)
    run.settle()
    assert run.slack.everybody == {("", "ada")}


def test_a_card_nobody_has_seen_is_ended_without_ado() -> None:
    run = Run()
    run.step()
    run.learn(joins("ada"))
    run.known = over(renamed(run.known, "Retrospective"))
    assert kinds(run.plan) == [EndMeeting, EndCall]


def test_a_call_ended_before_it_began_needs_nothing() -> None:
    assert plan(over(replace(wanted(), meeting=None)), Shown(), ALL_ABLE) == []


def test_nothing_changes_an_ended_card() -> None:
    run = settled()
    run.known = over(run.known)
    run.settle()
    run.known = over(renamed(run.known, "Retrospective"), at=200)
    run.learn(joins("ada", at=9))
    assert run.plan == []


def test_a_card_that_somebody_ended_in_slack_takes_no_changes() -> None:
    run = settled()
    run.shown = after(run.shown, EndCall(0))
    run.learn(joins("ada"))
    assert run.plan == []


@pytest.mark.parametrize(
    ("can", "operations"), [(ALL_ABLE, [EndMeeting, EndCall]), (Capabilities(), [EndCall])], ids=["able", "unable"]
)
def test_a_meeting_is_ended_where_the_provider_can(can: Capabilities, operations: list[type[Operation]]) -> None:
    run = settled()
    assert kinds(plan(over(run.known), run.shown, can)) == operations


def test_a_meeting_that_is_over_by_itself_is_not_ended_again() -> None:
    run = settled()
    known = replace(over(run.known), meeting_is_over=True)
    assert kinds(plan(known, run.shown, ALL_ABLE)) == [EndCall]


@pytest.mark.parametrize("done_before", range(4))
def test_a_failure_is_told_and_undone(done_before: int) -> None:
    run = Run(replace(wanted(), meeting=None))
    for _ in range(done_before):
        run.step()
    run.done.clear()
    run.known = replace(run.known, failure="The provider is away.")
    run.settle()
    undone = [EndMeeting] if done_before else []
    ended: list[type[Operation]] = [EndCall] if done_before > 1 else []
    assert kinds(run.done) == [TellFailure, *undone, *ended]
    assert status(run.known, run.shown) is CallStatus.FAILED


def test_a_failure_does_not_show_its_text_in_logs() -> None:
    assert "away" not in repr(TellFailure("The provider is away."))


def test_while_one_of_many_is_doubtful_slack_ids_go_alone() -> None:
    run = settled()
    run.shown = replace(run.shown, one_by_one=True)
    run.learn([*joins("ada", slack_id="U7"), *joins("grace", slack_id="U8"), *joins("linus", "alan")])
    run.settle()
    batches = [[user.slack_id for user in told.users] for told in run.done if isinstance(told, AddParticipants)]
    assert batches == [["", ""], ["U7"], ["U8"]]


def test_while_one_of_many_is_doubtful_the_card_begins_empty() -> None:
    run = Run(shown=Shown(one_by_one=True))
    run.learn(joins("ada", slack_id="U7"))
    assert kinds(run.plan) == [AddCall]
    run.settle()
    assert kinds(run.done) == [AddCall, PostCall, AddParticipants]


def test_a_card_remembers_somebody_as_they_were_told_last() -> None:
    ada, countess = (CardUser(external_id="p-1", display_name=name) for name in ("Ada", "Countess"))
    shown = Shown(slack_call_id="R1", card=CallCard(title="", join_url=""))
    for operation in (AddParticipants((ada,)), RemoveParticipants((ada,)), AddParticipants((countess,))):
        shown = after(shown, operation)
    assert shown.card is not None
    assert shown.card.attended == {countess}


@pytest.mark.parametrize(
    ("known", "shown", "stands"),
    [
        (replace(wanted(), meeting=None), Shown(), CallStatus.WANTED),
        (wanted(), Shown(), CallStatus.STARTING),
        (wanted(), Shown(slack_call_id="R1"), CallStatus.STARTING),
        (wanted(), Shown(slack_call_id="R1", posted=True), CallStatus.LIVE),
        (over(wanted()), Shown(slack_call_id="R1", posted=True), CallStatus.ENDED),
        (over(replace(wanted(), failure="It could not start.")), Shown(), CallStatus.FAILED),
    ],
)
def test_where_a_call_stands(known: CallSnapshot, shown: Shown, stands: CallStatus) -> None:
    assert status(known, shown) is stands


def test_what_slack_was_never_told_cannot_change() -> None:
    with pytest.raises(ValueError, match="never told"):
        after(Shown(), EndCall(1))


def test_the_duration_counts_from_the_wish() -> None:
    known = over(replace(wanted(), started_at=moment(0) - timedelta(seconds=5)))
    assert call_card(known).duration_seconds == 305


# What nobody knows


def in_doubt(run: Run, doubt: type[Operation]) -> list[type[Operation]]:
    return kinds(plan(run.known, run.shown, ALL_ABLE, doubt))


def test_nothing_is_built_on_what_is_not_known() -> None:
    run = settled()
    run.learn(joins("ada"))
    assert kinds(run.plan) == [AddParticipants]
    assert in_doubt(run, RemoveParticipants) == [LookAtCard]


def test_a_card_is_looked_at_even_when_nothing_else_is_to_be_done() -> None:
    run = settled()
    assert (run.plan, in_doubt(run, AddParticipants)) == ([], [LookAtCard])


def test_a_title_whose_answer_was_lost_is_told_once_more() -> None:
    run, able = settled(), replace(ALL_ABLE, renames_meetings=True)
    assert plan(run.known, run.shown, able) == []
    assert plan(run.known, run.shown, able, repeated=RenameMeeting) == [RenameMeeting(run.known.title)]
    assert plan(over(run.known), replace(run.shown, meeting_closed=True), able, repeated=RenameMeeting)[1:] == []


def test_the_end_is_certain_and_needs_no_look() -> None:
    run = settled()
    assert kinds(plan(over(run.known), run.shown, ALL_ABLE, PostCall)) == [EndMeeting, EndCall]


@pytest.mark.parametrize(("can", "left"), [(ALL_ABLE, [CreateMeeting]), (Capabilities(), [])])
def test_a_meeting_that_may_exist_is_asked_for_so_that_it_can_be_ended(
    can: Capabilities, left: list[type[Operation]]
) -> None:
    known = over(replace(wanted(), meeting=None))
    assert kinds(plan(known, Shown(), can, CreateMeeting)) == left
    assert plan(known, Shown(), can, AddCall) == []
