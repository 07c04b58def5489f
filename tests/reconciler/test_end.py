"""The end of a call, whoever brings it about."""

from __future__ import annotations

import pytest

from app.domain.calls import CallStatus
from tests.providers.standin import Reply
from tests.reconciler.stage import Stage

FOUR_HOURS = 4 * 3600


def duration(stage: Stage) -> int:
    card = stage.card()
    return int(card["date_end"]) - int(card["date_start"])


def ended_meetings(stage: Stage) -> int:
    return len([asked for asked in stage.vendor.asked if asked.path.endswith("/end")])


def test_a_call_ends_when_its_meeting_ends(live: Stage) -> None:
    live.clock.move(540)
    live.hear("meeting.ended")
    live.clock.move(7)
    live.settle()

    assert duration(live) == 600
    assert live.stored().status is CallStatus.ENDED
    assert ended_meetings(live) == 0


def test_a_call_ended_by_a_person_ends_its_meeting(live: Stage) -> None:
    live.join("Ada")
    live.settle()
    live.end()
    live.settle()

    assert (live.present(), live.attended()) == ([], ["Ada"])
    assert ended_meetings(live) == 1
    assert live.sent("calls.participants.remove", "calls.end") == [0, 1]


def test_what_comes_after_the_end_changes_nothing(live: Stage) -> None:
    live.hear("meeting.ended")
    live.settle()
    before = len(live.slack.requests())
    live.clock.move(1)
    live.join("Ada")
    live.hear("meeting.ended")
    live.settle()

    assert len(live.slack.requests()) == before
    assert live.attended() == []


def test_an_earlier_end_that_is_heard_of_later_is_not_told_again(live: Stage) -> None:
    live.clock.move(60)
    live.end()
    live.settle()
    live.hear("meeting.ended", at=live.stored().snapshot.started_at)
    live.settle()
    assert live.sent("calls.end") == [1]


def test_a_call_without_events_ends_at_its_limit(stage: Stage) -> None:
    stage.start(at="link")
    stage.work()
    stage.clock.move(FOUR_HOURS - 1)
    stage.work()
    assert not stage.card()["has_ended"]

    stage.clock.move(1)
    stage.work()
    assert stage.card()["has_ended"]
    assert duration(stage) == FOUR_HOURS


def test_a_limit_that_passed_while_nobody_worked_still_gives_the_right_duration(stage: Stage) -> None:
    stage.start(at="link")
    stage.work()
    stage.clock.move(FOUR_HOURS + 3600)
    stage.work()
    assert duration(stage) == FOUR_HOURS


def test_a_call_that_could_not_start_before_its_limit_never_does(stage: Stage) -> None:
    stage.start(at="link")
    stage.clock.move(FOUR_HOURS)
    stage.settle()

    assert stage.slack.requests() == []
    assert stage.stored().status is CallStatus.ENDED
    assert stage.next_due_at() is None


def test_a_call_with_events_has_no_limit(live: Stage) -> None:
    live.clock.move(FOUR_HOURS * 10)
    live.settle()
    assert not live.card()["has_ended"]


@pytest.mark.parametrize("failures", [1, 5])
def test_a_provider_that_is_away_does_not_hold_up_the_card(live: Stage, failures: int) -> None:
    for _ in range(failures):
        live.vendor.next_reply(Reply(503))
    live.end()
    live.work()
    assert live.card()["has_ended"]

    live.settle()
    assert ended_meetings(live) == failures + 1
    assert live.next_due_at() is None


def test_a_slack_that_is_away_does_not_hold_up_the_provider(live: Stage) -> None:
    live.slack.faults.add("calls.end", "status", status=503, times=3)
    live.end()
    live.work()
    assert ended_meetings(live) == 1

    live.settle()
    assert live.card()["has_ended"]
    assert ended_meetings(live) == 1


def test_a_call_that_is_renamed_and_ended_at_once_keeps_its_last_title(live: Stage) -> None:
    live.rename("Retro")
    live.end()
    live.settle()
    assert live.card()["name"] == "Retro"


# --- The last minute -------------------------------------------------------------------------------------------------


def busy(live: Stage) -> None:
    """Use up what the lane lets pass at once."""
    for number in range(5):
        live.join(f"Person {number}")
        live.work()


def test_an_end_waits_a_moment_for_those_who_came_and_went_unseen(live: Stage) -> None:
    busy(live)
    live.join("Ada")
    live.leave("Ada")
    live.end()
    live.work()
    assert not live.card()["has_ended"]

    live.settle(within_seconds=2)
    assert live.card()["has_ended"]
    assert "Ada" in live.attended()
    assert duration(live) == 60


def test_an_end_does_not_wait_for_an_answer_that_does_not_come(live: Stage) -> None:
    live.slack.faults.add("calls.participants.add", "drop_before")
    live.join("Ada")
    live.end()
    live.work()
    assert live.card()["has_ended"]


def test_an_end_does_not_wait_for_ever(live: Stage) -> None:
    live.slack.faults.add("calls.participants.add", "status", status=429, retry_after=3)
    live.join("Ada")
    live.end()
    live.settle(within_seconds=25)
    assert not live.card()["has_ended"]

    live.settle(within_seconds=10)
    assert live.card()["has_ended"]
