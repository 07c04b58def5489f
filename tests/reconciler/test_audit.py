"""What no webhook has told, and the provider can be asked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.domain.card import CardUser
from app.metrics import REPAIRS
from app.reconciler.audit import LOOK_EVERY, next_look
from app.slack.calls import CallsApi
from app.slack.web_api import make_client
from tests.clocks import START
from tests.providers.standin import Reply
from tests.reconciler.stage import Stage, person

FIVE_MINUTES = 300.0


def looks(stage: Stage) -> int:
    return len([asked for asked in stage.vendor.asked if asked.method == "GET"])


@pytest.fixture
def meeting(stage: Stage) -> Stage:
    """A call that stands, with Ada in it."""
    stage.start()
    stage.settle(within_seconds=5)
    stage.join("Ada")
    stage.settle(within_seconds=5)
    assert stage.present() == ["Ada"]
    return stage


def test_an_end_that_was_never_told_ends_the_card(meeting: Stage) -> None:
    meeting.happen("meeting.ended")
    meeting.clock.move(FIVE_MINUTES)
    meeting.settle()

    assert meeting.card()["has_ended"]
    assert meeting.attended() == ["Ada"]


def test_a_leave_that_was_never_told_takes_the_person_off_the_card(meeting: Stage) -> None:
    meeting.happen("participant.left", participant=person("Ada"))
    meeting.clock.move(FIVE_MINUTES)
    meeting.settle()

    assert meeting.present() == []
    assert not meeting.card()["has_ended"]


def test_a_join_that_was_never_told_puts_the_person_on_the_card(meeting: Stage) -> None:
    meeting.happen("participant.joined", participant=person("Grace"))
    meeting.clock.move(FIVE_MINUTES)
    meeting.settle()

    assert meeting.present() == ["Ada", "Grace"]
    meeting.leave("Grace")
    meeting.settle()
    assert meeting.present() == ["Ada"]


def test_a_look_that_tells_nothing_new_costs_slack_one_look(meeting: Stage) -> None:
    before = len(meeting.slack.requests())
    for _ in range(3):
        meeting.clock.move(FIVE_MINUTES)
        meeting.settle(within_seconds=5)

    assert looks(meeting) == 3
    assert (len(meeting.slack.requests()) - before, *meeting.sent("calls.info")) == (3, 3)


def test_who_came_a_moment_ago_is_not_taken_for_gone(meeting: Stage) -> None:
    """The look may be answered by what was there before the join."""
    meeting.clock.move(FIVE_MINUTES - 30)
    meeting.join("Grace")
    meeting.happen("participant.left", participant=person("Grace"))
    meeting.settle(within_seconds=60)

    assert looks(meeting) == 1
    assert meeting.present() == ["Ada", "Grace"]


def test_who_left_a_moment_ago_does_not_come_back_by_a_look(meeting: Stage) -> None:
    """The look may be answered by what was there before the leave."""
    meeting.clock.move(FIVE_MINUTES - 30)
    meeting.leave("Ada")
    meeting.happen("participant.joined", participant=person("Ada"))
    meeting.settle(within_seconds=60)

    assert looks(meeting) == 1
    assert meeting.present() == []


def test_who_came_back_unheard_under_the_same_id_is_seen(meeting: Stage) -> None:
    meeting.leave("Ada")
    meeting.settle(within_seconds=5)
    meeting.happen("participant.joined", participant=person("Ada"))
    meeting.clock.move(FIVE_MINUTES)
    meeting.settle()

    assert meeting.present() == ["Ada"]


def test_a_title_that_was_never_told_is_seen(meeting: Stage) -> None:
    meeting.vendor.meetings["meeting/1"].title = "Retrospective"
    meeting.clock.move(FIVE_MINUTES)
    meeting.settle()
    assert meeting.card()["name"] == "Retrospective"


def test_a_title_of_ones_own_stays(meeting: Stage) -> None:
    """This provider cannot be told of it, and says what it knows."""
    meeting.rename("Retrospective")
    meeting.clock.move(FIVE_MINUTES)
    meeting.settle()
    assert meeting.card()["name"] == "Retrospective"


def test_whom_somebody_else_took_off_the_card_comes_back(meeting: Stage) -> None:
    others = CallsApi(make_client(meeting.slack.bot_token, meeting.slack.api_url))
    on_card = CardUser(external_id="ada-1", display_name="Ada")
    others.remove_participants(meeting.card()["id"], [on_card])
    assert meeting.present() == []
    meeting.clock.move(FIVE_MINUTES)
    meeting.settle()
    assert meeting.present() == ["Ada"]


def test_whom_somebody_else_put_on_the_card_goes_again(meeting: Stage) -> None:
    others = CallsApi(make_client(meeting.slack.bot_token, meeting.slack.api_url))
    others.add_participants(meeting.card()["id"], [CardUser(external_id="eve-1", display_name="Eve")])
    meeting.clock.move(FIVE_MINUTES)
    meeting.settle()
    assert meeting.present() == ["Ada"]


def test_a_lane_that_is_parked_is_not_waited_for(meeting: Stage) -> None:
    meeting.slack.faults.add("calls.info", "status", status=429, retry_after=400, times=1)
    for _ in range(2):
        meeting.clock.move(FIVE_MINUTES)
        meeting.settle(within_seconds=5)
    assert (looks(meeting), *meeting.sent("calls.info")) == (2, 1)


def test_slack_that_cannot_be_asked_changes_nothing(meeting: Stage) -> None:
    meeting.slack.faults.add("calls.info", "status", status=503, times=1)
    meeting.clock.move(FIVE_MINUTES)
    meeting.settle(within_seconds=5)
    assert (meeting.present(), meeting.stored().failures) == (["Ada"], 0)


def test_calls_that_were_asked_about_together_drift_apart() -> None:
    asked = [next_look(f"call-{number}", START) for number in range(100)]
    assert min(asked) >= START + LOOK_EVERY * 0.8
    assert max(asked) <= START + LOOK_EVERY
    assert max(asked) - min(asked) > timedelta(seconds=40)


def test_a_provider_that_does_not_answer_is_asked_again_later(meeting: Stage) -> None:
    meeting.happen("meeting.ended")
    meeting.vendor.next_reply(Reply(503))
    meeting.clock.move(FIVE_MINUTES)
    meeting.settle(within_seconds=5)
    assert not meeting.card()["has_ended"]

    meeting.clock.move(FIVE_MINUTES)
    meeting.settle()
    assert meeting.card()["has_ended"]


def test_nobody_is_asked_about_a_call_that_is_over(meeting: Stage) -> None:
    meeting.end()
    meeting.settle()
    meeting.clock.move(10 * FIVE_MINUTES)
    meeting.settle()

    assert looks(meeting) == 0


def test_a_meeting_that_told_its_end_is_asked_about_for_half_an_hour(meeting: Stage) -> None:
    meeting.hear("meeting.ended")
    meeting.settle(within_seconds=3600)
    # Every four to five minutes, by chance, and the last time when the half hour is over.
    assert 30 / 5 <= looks(meeting) <= 30 / 4 + 1
    assert meeting.next_due_at() is None


def test_calls_with_plain_links_are_not_asked_about(stage: Stage) -> None:
    stage.start(at="link")
    stage.clock.move(FIVE_MINUTES)
    stage.settle()

    assert looks(stage) == 0
    assert not stage.card()["has_ended"]


def test_what_was_put_right_is_counted(meeting: Stage) -> None:
    def repairs() -> dict[str, float]:
        lines = [line.rpartition(" ") for line in REPAIRS.lines() if not line.startswith("#")]
        return {sample: float(value) for sample, _, value in lines}

    sample = 'switchboard_repairs_total{kind="leave"}'
    before = repairs().get(sample, 0)
    meeting.happen("participant.left", participant=person("Ada"))
    meeting.clock.move(FIVE_MINUTES)
    meeting.settle()
    assert repairs()[sample] == before + 1
