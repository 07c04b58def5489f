"""The machine stops at the worst moment, or an answer is lost: everything still happens exactly once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from app.domain.calls import CallStatus
from app.emulator.faults import FaultKind
from app.reconciler.worker import Reconciler
from tests.clocks import MovedClock
from tests.providers.standin import HANG_UP, Asked, Reply
from tests.reconciler.stage import GENERAL, LEASE_SECONDS, SECRET, Stage


class PowerCut(BaseException):
    """Nothing in the app may catch this."""


class DoomedClock:
    """The clock of a machine that stops as soon as ``is_over()``: whoever looks at it then looks no further."""

    def __init__(self, clock: MovedClock, is_over: Callable[[], bool]) -> None:
        self._clock = clock
        self._is_over = is_over

    def now(self) -> datetime:
        if self._is_over():
            raise PowerCut
        return self._clock.now()


def crash(stage: Stage, is_over: Callable[[], bool]) -> None:
    """Work on a machine that stops once ``is_over()``, until it has; then let its lease run out."""
    with pytest.raises(PowerCut):
        stage.work(stage.reconciler(DoomedClock(stage.clock, is_over)))
    stage.clock.move(LEASE_SECONDS + 1)


def has_been_sent(stage: Stage, method: str) -> Callable[[], bool]:
    before = len(stage.slack.requests(method))
    return lambda: len(stage.slack.requests(method)) > before


# --- Between the request and what is saved of it ---------------------------------------------------------------------


def test_a_crash_after_the_meeting_was_made_makes_no_second(stage: Stage) -> None:
    stage.start()
    crash(stage, lambda: bool(stage.vendor.asked))
    assert stage.stored().in_flight == "CreateMeeting"
    stage.settle()

    assert len(stage.vendor.meetings) == 1
    assert stage.started() == [2, 1, 1]


@pytest.mark.parametrize("repeated", ["new_call", "same_call", "error"])
@pytest.mark.parametrize("had_effect", [True, False])
def test_a_crash_after_the_call_was_added_shows_one_card(stage: Stage, repeated: str, had_effect: bool) -> None:
    """Nobody knows what Slack makes of an external_unique_id that it has seen."""
    stage.slack.switches.change({"repeated_external_unique_id": repeated})
    if not had_effect:
        stage.slack.faults.add("calls.add", "drop_before", times=1)
    stage.start()
    crash(stage, has_been_sent(stage, "calls.add"))
    assert stage.stored().in_flight == "AddCall"
    stage.join("Ada")
    stage.settle()

    assert stage.present() == ["Ada"]
    attempts = 3 if had_effect and repeated == "error" else 2
    assert stage.sent("calls.add", "chat.postMessage") == [attempts, 1]
    unseen = [call for call in stage.slack.workspace().calls.all() if not call.channels]
    assert len(unseen) == (1 if had_effect and repeated != "same_call" else 0)
    assert stage.told() == []


@pytest.mark.parametrize("channel", [GENERAL, SECRET])
@pytest.mark.parametrize("had_effect", [True, False])
def test_a_crash_after_the_card_was_posted_posts_no_second(stage: Stage, channel: str, had_effect: bool) -> None:
    last = "chat.postMessage" if channel == GENERAL else "response_url"
    if not had_effect:
        stage.slack.faults.add(last, "drop_before", times=1)
    stage.start(channel=channel, answer_through=stage.response_url(channel))
    crash(stage, has_been_sent(stage, last))
    assert stage.stored().in_flight == "PostCall"
    stage.settle()

    assert len(stage.slack.cards(channel)) == 1
    assert stage.sent("calls.add", "calls.info", last) == [1, 1, 1 if had_effect else 2]
    assert stage.stored().status is CallStatus.LIVE


@pytest.mark.parametrize("had_effect", [True, False])
@pytest.mark.parametrize("trouble", ["drop_before", "error", "malformed", "status"])
def test_not_even_when_slack_cannot_be_asked_whether_it_stands(
    stage: Stage, had_effect: bool, trouble: FaultKind
) -> None:
    if not had_effect:
        stage.slack.faults.add("chat.postMessage", "drop_before", times=1)
    stage.slack.faults.add("calls.info", trouble, times=3)
    stage.start()
    crash(stage, has_been_sent(stage, "chat.postMessage"))
    stage.settle()

    assert len(stage.slack.cards(GENERAL)) == 1
    assert stage.sent("calls.info", "chat.postMessage") == [4, 1 if had_effect else 2]


def test_not_even_when_looking_has_to_wait(stage: Stage) -> None:
    stage.slack.faults.add("calls.info", "status", status=429, retry_after=20, times=1)
    stage.start()
    crash(stage, has_been_sent(stage, "chat.postMessage"))
    stage.work()
    stage.clock.move(19)
    stage.work()
    assert stage.sent("calls.info", "chat.postMessage") == [1, 1]

    stage.settle(within_seconds=5)
    assert stage.sent("calls.info", "chat.postMessage") == [2, 1]
    assert stage.stored().status is CallStatus.LIVE


def test_a_worker_that_crashes_while_looking_leaves_the_question_open(stage: Stage) -> None:
    stage.start()
    crash(stage, has_been_sent(stage, "chat.postMessage"))
    crash(stage, has_been_sent(stage, "calls.info"))
    assert stage.stored().in_flight == "PostCall"
    stage.settle()

    assert len(stage.slack.cards(GENERAL)) == 1
    assert stage.sent("calls.info", "chat.postMessage") == [2, 1]


def test_a_call_that_was_ended_meanwhile_is_ended_wherever_it_stands(stage: Stage) -> None:
    stage.start()
    crash(stage, has_been_sent(stage, "chat.postMessage"))
    stage.end()
    stage.settle()

    assert stage.card()["has_ended"]
    assert stage.sent("chat.postMessage", "calls.end") == [1, 1]


@pytest.mark.parametrize("method", ["calls.participants.add", "calls.participants.remove", "calls.update", "calls.end"])
def test_a_crash_after_a_change_is_no_trouble(live: Stage, method: str) -> None:
    live.join("Ada", "Bob")
    live.work()
    live.clock.move(30)
    live.leave("Ada")
    live.join("Cid")
    live.rename("Retro")
    if method == "calls.end":
        live.end()
    crash(live, has_been_sent(live, method))
    live.settle()

    card = live.card()
    assert card["name"] == "Retro"
    assert live.attended() == ["Ada", "Bob", "Cid"]
    assert live.present() == ([] if method == "calls.end" else ["Bob", "Cid"])
    assert card["has_ended"] == (method == "calls.end")


def test_a_crash_after_the_person_was_told_tells_no_one_else(stage: Stage) -> None:
    stage.slack.faults.add("calls.add", "error", error="not_authorized")
    stage.start(answer_through=stage.response_url())
    crash(stage, has_been_sent(stage, "response_url"))
    assert stage.stored().in_flight == "TellFailure"
    stage.settle()

    assert len(set(stage.told())) == 1
    assert stage.sent("response_url") == [2]
    assert stage.stored().in_flight is None
    assert stage.slack.messages(GENERAL) == []


# --- At any moment ---------------------------------------------------------------------------------------------------


class Machine:
    """Does the work of one call after the other, and stops at the ``last``-th look at its clock."""

    def __init__(self, stage: Stage, last: int) -> None:
        self._stage = stage
        self._looks_left = last
        self._worker = stage.reconciler(DoomedClock(stage.clock, self._is_over))
        self.has_crashed = False

    def work(self) -> None:
        try:
            self._stage.work(self._worker)
        except PowerCut:
            self.has_crashed = True
            self._worker = self._another()
            self._stage.clock.move(LEASE_SECONDS + 1)
            self._stage.work(self._worker)
        self._stage.clock.move(60)

    def _another(self) -> Reconciler:
        return self._stage.reconciler()

    def _is_over(self) -> bool:
        self._looks_left -= 1
        return self._looks_left < 0


def live_and_end(stage: Stage, machine: Machine, number: int) -> None:
    meeting = f"meeting/{number}"
    stage.start(f"Call {number}")
    machine.work()
    stage.join("Ada", "Bob", meeting=meeting)
    machine.work()
    stage.leave("Ada", meeting=meeting)
    stage.rename(f"Retro {number}")
    machine.work()
    stage.hear("meeting.ended", meeting=meeting)
    machine.work()
    stage.settle()


def test_wherever_the_machine_stops_the_card_is_right(stage: Stage) -> None:
    for number in range(1, 200):
        machine = Machine(stage, last=number)
        live_and_end(stage, machine, number)

        assert len(stage.vendor.meetings) == number
        cards = stage.slack.cards(GENERAL)
        assert len(cards) == number
        card = cards[-1]
        people = sorted(user["display_name"] for user in card["all_participants"])
        assert (card["name"], people, card["has_ended"]) == (f"Retro {number}", ["Ada", "Bob"], True)
        assert card["active_participants"] == []
        if not machine.has_crashed:
            return
    raise AssertionError("the machine always stops")


# --- Answers that are lost -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["calls.add", "chat.postMessage"])
def test_a_lost_answer_makes_no_second_card(stage: Stage, method: str) -> None:
    stage.slack.faults.add(method, "drop_after", times=1)
    stage.start()
    stage.settle()

    assert len(stage.slack.cards(GENERAL)) == 1
    assert stage.sent("chat.postMessage") == [1]


@pytest.mark.parametrize("code", ["internal_error", "fatal_error"])
def test_an_error_on_slacks_side_is_looked_into_before_the_card_is_posted_again(stage: Stage, code: str) -> None:
    """Of these Slack says that they may come after the effect."""
    stage.slack.faults.add("chat.postMessage", "error", error=code, times=1)
    stage.start()
    stage.settle()

    assert len(stage.slack.cards(GENERAL)) == 1
    assert stage.sent("calls.info", "chat.postMessage") == [1, 2]


def test_a_refusal_for_now_needs_no_look(stage: Stage) -> None:
    stage.slack.faults.add("chat.postMessage", "error", error="service_unavailable", times=1)
    stage.slack.faults.add("chat.postMessage", "status", status=429, retry_after=3, times=1)
    stage.start()
    stage.settle()
    assert stage.sent("calls.info", "chat.postMessage") == [0, 3]


def test_what_slack_shows_settles_what_was_lost_before(stage: Stage) -> None:
    stage.slack.faults.add("chat.postMessage", "drop_before", times=1)
    stage.slack.faults.add("chat.postMessage", "error", error="service_unavailable", times=1)
    stage.start()
    stage.settle()

    assert stage.sent("calls.info", "chat.postMessage") == [1, 3]
    assert len(stage.slack.cards(GENERAL)) == 1


@pytest.mark.parametrize("trouble", [None, "user_not_found", "bad_users", "service_unavailable"])
def test_nor_does_what_becomes_of_people_settle_it(stage: Stage, trouble: str | None) -> None:
    stage.slack.faults.add("chat.postMessage", "error", error="service_unavailable", times=1)
    stage.slack.faults.add("chat.postMessage", "drop_after", times=1)
    stage.start()
    stage.work()
    stage.join("U0ALAN")
    stage.clock.move(1)
    if trouble:
        stage.slack.faults.add("calls.participants.add", "error", error=trouble, times=1)
    stage.settle()

    assert stage.present() == ["U0ALAN"]
    assert stage.sent("chat.postMessage") == [2]


def test_a_call_whose_card_may_stand_is_ended_when_we_give_up(stage: Stage) -> None:
    stage.slack.faults.add("chat.postMessage", "drop_after", times=1)
    stage.slack.faults.add("calls.info", "status", status=503)
    stage.start(answer_through=stage.response_url())
    stage.settle()

    assert stage.card()["has_ended"]
    assert len(stage.told()) == 1
    assert stage.sent("chat.postMessage", "calls.end") == [1, 1]


def test_a_card_that_cannot_be_looked_for_is_no_start(stage: Stage) -> None:
    stage.slack.faults.add("chat.postMessage", "drop_after", times=1)
    stage.slack.faults.add("calls.info", "error", error="missing_scope")
    stage.start(answer_through=stage.response_url())
    stage.settle()

    assert stage.card()["has_ended"]
    assert ["install it again" in sentence for sentence in stage.told()] == [True]


@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
def test_a_lost_answer_of_calls_add_leaves_nobody_on_the_card_who_has_left(stage: Stage, kind: FaultKind) -> None:
    stage.slack.switches.change({"repeated_external_unique_id": "same_call"})
    stage.slack.faults.add("calls.add", "error", error="service_unavailable", times=1)
    stage.start()
    stage.work()
    stage.join("Ada", "Bob")
    stage.slack.faults.add("calls.add", kind, times=1)
    stage.clock.move(1)
    stage.work()
    stage.leave("Ada")
    stage.settle()

    assert stage.present() == ["Bob"]


@pytest.mark.parametrize("title", ["Retro", "Weekly sync"])
def test_a_lost_answer_of_calls_add_leaves_no_old_title(stage: Stage, title: str) -> None:
    stage.slack.switches.change({"repeated_external_unique_id": "same_call"})
    stage.slack.faults.add("calls.add", "drop_after", times=1)
    stage.start()
    stage.work()
    stage.rename("Retro")
    stage.rename(title)
    stage.settle()

    assert stage.card()["name"] == title


# --- Meetings that nobody wants any more -----------------------------------------------------------------------------


def lose_answers(stage: Stage, times: int) -> None:
    """Of the provider, which does what it is asked for."""
    answer, left = stage.vendor._handle, [times]

    def handle(asked: Asked) -> Reply:
        reply = answer(asked)
        left[0] -= 1
        return HANG_UP if left[0] >= 0 else reply

    stage.vendor._handle = handle


def test_a_meeting_whose_answer_was_lost_is_ended_when_we_give_up(stage: Stage) -> None:
    lose_answers(stage, 8)
    stage.start(answer_through=stage.response_url())
    stage.settle(within_seconds=40)
    assert len(stage.told()) == 1
    assert states(stage) == ["waiting"]

    stage.settle(within_seconds=600)
    assert states(stage) == ["ended"]
    assert stage.started()[1:] == [0, 0]
    assert len(stage.told()) == 1
    assert stage.next_due_at() is None


def test_a_meeting_whose_answer_was_lost_is_ended_with_its_call(stage: Stage) -> None:
    stage.start()
    crash(stage, lambda: bool(stage.vendor.asked))
    stage.end()
    stage.settle()

    assert states(stage) == ["ended"]
    assert stage.started() == [2, 0, 0]


def test_a_meeting_that_was_refused_is_not_asked_for_again(stage: Stage) -> None:
    stage.vendor.next_reply(Reply(403))
    stage.start()
    stage.settle(within_seconds=3600)
    assert stage.started() == [1, 0, 0]


def test_a_provider_that_refuses_to_say_what_it_made_is_named_in_the_log(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.start()
    crash(stage, lambda: bool(stage.vendor.asked))
    stage.vendor.always = Reply(403)
    stage.settle(within_seconds=7200)

    assert "a meeting may be left behind" in caplog.text
    assert len(stage.told()) == 1
    assert stage.next_due_at() is None


def test_a_meeting_that_was_made_and_not_told_is_ended_once_the_provider_tells_of_it(stage: Stage) -> None:
    stage.start()
    crash(stage, lambda: bool(stage.vendor.asked))
    for _ in range(5):
        stage.vendor.next_reply(Reply(403))
    stage.settle()

    assert (states(stage), len(stage.told())) == (["ended"], 1)


def states(stage: Stage) -> list[str]:
    return [held.state for held in stage.vendor.meetings.values()]
