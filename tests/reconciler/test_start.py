"""From the wish to the card, when all goes well and when it does not."""

from __future__ import annotations

import re

import pytest

from app.domain.calls import CallStatus
from app.emulator.faults import FaultKind
from app.reconciler.turn import MOST_TELLING_ATTEMPTS, MOST_UNANSWERED_TELLINGS
from tests.providers.standard.reference_server import told
from tests.providers.standin import HANG_UP, Reply
from tests.reconciler.stage import GENERAL, SECRET, Stage

REFERENCE = re.compile(r"Reference: [0-9a-f]{8}$")


def ended_meetings(stage: Stage) -> int:
    return len([asked for asked in stage.vendor.asked if asked.path.endswith("/end")])


def attempts(stage: Stage, method: str) -> list[float]:
    """When each request for the method was made, in seconds after the first."""
    made = [request.at for request in stage.slack.requests(method)]
    return [at - made[0] for at in made]


# --- All goes well ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ["standard", "link"])
def test_one_start_makes_one_of_everything(stage: Stage, provider: str) -> None:
    stage.start(at=provider)
    stage.settle(within_seconds=3600)

    assert stage.started() == [int(provider == "standard"), 1, 1]
    # Now and then Slack is asked what it shows, and that is all.
    assert len(stage.slack.requests()) - len(stage.slack.requests("calls.info")) == 2
    assert stage.card()["name"] == "Weekly sync"
    assert stage.stored().status is CallStatus.LIVE


def test_the_card_says_what_is_known(stage: Stage) -> None:
    stage.start("Retro", by="U0ALAN")
    stage.work()

    card = stage.card()
    assert (card["name"], card["created_by"], card["display_id"]) == ("Retro", "U0ALAN", "100-1")
    assert card["join_url"] == "https://meet.example.com/1"
    assert card["desktop_app_join_url"] == "examplemeet://join/1"
    assert card["date_start"] == int(stage.clock.unix())
    assert not card["has_ended"]


def test_who_is_in_before_the_card_is_on_it_from_the_beginning(stage: Stage) -> None:
    stage.slack.faults.add("calls.add", "error", error="service_unavailable", times=1)
    stage.start()
    stage.work()
    stage.join("Ada", "U0ALAN")
    stage.settle()

    assert stage.present() == ["Ada", "U0ALAN"]
    assert stage.sent("calls.participants.add") == [0]


def test_a_private_channel_gets_its_card_through_the_response_url(stage: Stage) -> None:
    stage.start(channel=SECRET, answer_through=stage.response_url(SECRET))
    stage.settle()

    assert stage.card(SECRET)["name"] == "Weekly sync"
    assert stage.sent("calls.add", "chat.postMessage", "response_url") == [1, 1, 1]
    assert stage.shown().message_ts is None


def test_a_call_that_nobody_touches_is_left_alone(live: Stage) -> None:
    before = len(live.slack.requests())
    live.clock.move(3600)
    live.work()
    # Slack is asked what it shows, once.
    assert [request.method for request in live.slack.requests()[before:]] == ["calls.info"]


# --- A call that ends before it has begun ----------------------------------------------------------------------------


def test_a_call_that_is_ended_before_it_is_made_costs_nothing(stage: Stage) -> None:
    stage.start()
    stage.end()
    stage.settle()

    assert stage.started() == [0, 0, 0]
    assert stage.stored().status is CallStatus.ENDED


@pytest.mark.parametrize(("held_up", "calls_ended"), [("calls.add", 0), ("chat.postMessage", 1)])
def test_a_call_that_is_ended_while_it_starts_posts_no_card(stage: Stage, held_up: str, calls_ended: int) -> None:
    stage.slack.faults.add(held_up, "error", error="service_unavailable", times=1)
    stage.start()
    stage.work()
    stage.end()
    stage.settle()

    assert stage.slack.messages(GENERAL) == []
    assert stage.sent("calls.end") == [calls_ended]
    assert ended_meetings(stage) == 1
    assert stage.told() == []


def test_a_meeting_that_is_over_before_its_card_stands_posts_none(stage: Stage) -> None:
    stage.slack.faults.add("chat.postMessage", "error", error="service_unavailable", times=1)
    stage.start()
    stage.work()
    stage.join("Ada")
    stage.hear("meeting.ended")
    stage.settle()

    assert stage.slack.messages(GENERAL) == []
    assert stage.sent("calls.participants.add", "calls.end") == [0, 1]
    assert ended_meetings(stage) == 0


# --- It fails for now ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["calls.add", "chat.postMessage"])
@pytest.mark.parametrize("kind", ["error", "drop_before", "malformed"])
def test_a_start_that_fails_for_now_is_tried_again(stage: Stage, method: str, kind: FaultKind) -> None:
    stage.slack.faults.add(method, kind, error="service_unavailable", times=3)
    stage.start()
    stage.settle()

    assert attempts(stage, method) == [0, 1, 3, 7]
    assert len(stage.slack.cards(GENERAL)) == 1
    assert stage.told() == []


@pytest.mark.parametrize("reply", [Reply(503), HANG_UP])
def test_a_provider_that_fails_for_now_is_tried_again(stage: Stage, reply: Reply) -> None:
    for _ in range(2):
        stage.vendor.next_reply(reply)
    stage.start()
    stage.settle()

    assert len(stage.vendor.meetings) == 1
    assert len(stage.slack.cards(GENERAL)) == 1


def test_a_provider_that_says_when_is_asked_no_sooner(stage: Stage) -> None:
    stage.vendor.next_reply(Reply(429, headers={"Retry-After": "40"}))
    stage.start()
    stage.work()
    stage.clock.move(39)
    stage.work()
    assert stage.started() == [1, 0, 0]

    stage.settle(within_seconds=2)
    assert stage.started() == [2, 1, 1]


@pytest.mark.parametrize(("method", "undone"), [("calls.add", [1, 0]), ("chat.postMessage", [1, 1])])
def test_after_half_a_minute_the_person_is_told_and_what_was_made_is_undone(
    stage: Stage, method: str, undone: list[int]
) -> None:
    stage.slack.faults.add(method, "error", error="service_unavailable")
    stage.start(answer_through=stage.response_url())
    stage.settle()

    assert attempts(stage, method) == [0, 1, 3, 7, 15, 31]
    [sentence] = stage.told()
    assert sentence.startswith(
        "*Weekly sync* could not be started. Slack did not answer as it should. Please try again in a minute."
    )
    assert REFERENCE.search(sentence)
    assert [ended_meetings(stage), *stage.sent("calls.end")] == undone
    assert stage.slack.messages(GENERAL) == []
    assert stage.stored().status is CallStatus.FAILED


def test_a_provider_that_stays_away_is_named(stage: Stage) -> None:
    for _ in range(20):
        stage.vendor.next_reply(Reply(503))
    stage.start(answer_through=stage.response_url())
    stage.settle()

    [sentence] = stage.told()
    assert "Standard did not answer as it should. Please try again in a minute." in sentence
    assert stage.sent("calls.add", "calls.end") == [0, 0]
    assert ended_meetings(stage) == 0


# --- It fails for good -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "advice"),
    [("not_authorized", "You may not start calls in this channel."), ("missing_scope", "install it again")],
)
def test_a_refusal_is_told_at_once(stage: Stage, code: str, advice: str) -> None:
    stage.slack.faults.add("calls.add", "error", error=code)
    stage.start(answer_through=stage.response_url())
    stage.work()

    [sentence] = stage.told()
    assert advice in sentence
    assert REFERENCE.search(sentence)
    assert stage.sent("calls.add", "chat.postMessage", "calls.end") == [1, 0, 0]
    assert ended_meetings(stage) == 1


def test_a_card_that_may_not_be_posted_is_undone_at_once(stage: Stage) -> None:
    stage.start(channel="C0ARCHIVED", answer_through=stage.response_url("C0ARCHIVED"))
    stage.work()

    assert ["This channel is archived." in sentence for sentence in stage.told()] == [True]
    assert stage.sent("calls.add", "chat.postMessage", "calls.end") == [1, 1, 1]
    assert ended_meetings(stage) == 1


def test_a_provider_that_refuses_is_named_at_once(stage: Stage) -> None:
    stage.vendor.next_reply(told(403, {"error": {"message": "No."}}))
    stage.start(answer_through=stage.response_url())
    stage.work()

    assert ["Standard refused." in sentence for sentence in stage.told()] == [True]
    assert stage.started() == [1, 0, 0]


def test_a_provider_that_is_no_longer_set_up_is_no_crash(stage: Stage) -> None:
    stage.start(answer_through=stage.response_url())
    stage.providers = {"link": stage.providers["link"]}
    stage.work()

    assert ["standard refused." in sentence for sentence in stage.told()] == [True]


def test_the_person_is_told_once(stage: Stage) -> None:
    stage.slack.faults.add("calls.add", "error", error="not_authorized")
    stage.start(answer_through=stage.response_url())
    stage.settle(within_seconds=3600)

    assert len(stage.told()) == 1
    assert stage.sent("calls.add", "response_url", "chat.postEphemeral") == [1, 1, 0]


def test_a_person_without_a_response_url_is_told_all_the_same(stage: Stage) -> None:
    stage.slack.faults.add("calls.add", "error", error="not_authorized")
    stage.start()
    stage.work()
    assert len(stage.told()) == 1


def test_a_person_whose_response_url_is_worn_out_is_told_all_the_same(stage: Stage) -> None:
    stage.slack.faults.add("calls.add", "error", error="not_authorized")
    stage.start(answer_through=stage.response_url())
    stage.clock.move(1801)
    stage.work()
    assert len(stage.told()) == 1


def test_a_person_who_cannot_be_told_holds_nothing_up(stage: Stage) -> None:
    stage.slack.faults.add("calls.add", "error", error="not_authorized")
    stage.slack.faults.add("chat.postEphemeral", "error", error="user_not_found")
    stage.start()
    stage.work()
    assert ended_meetings(stage) == 1

    stage.settle(within_seconds=3600)
    assert stage.sent("chat.postEphemeral") == [MOST_TELLING_ATTEMPTS]
    assert stage.next_due_at() is None


def test_telling_is_tried_again_when_slack_is_away(stage: Stage) -> None:
    stage.slack.faults.add("calls.add", "error", error="not_authorized")
    stage.slack.faults.add("response_url", "status", status=503, times=2)
    stage.start(answer_through=stage.response_url())
    stage.settle(within_seconds=300)
    assert len(stage.told()) == 1


def test_nobody_is_told_for_ever_because_answers_are_lost(stage: Stage) -> None:
    stage.slack.faults.add("calls.add", "error", error="not_authorized")
    stage.slack.faults.add("chat.postEphemeral", "drop_after")
    stage.start()
    stage.settle(within_seconds=3600)
    assert len(stage.told()) == MOST_UNANSWERED_TELLINGS
    assert stage.next_due_at() is None


def test_a_meeting_that_the_provider_will_not_end_holds_nothing_up(stage: Stage) -> None:
    stage.slack.faults.add("calls.add", "error", error="not_authorized")
    stage.start()
    stage.vendor.next_reply(told(200, {"id": "m", "join_url": "https://meet.example.com/m"}))
    stage.vendor.next_reply(told(403, {}))
    stage.settle(within_seconds=3600)

    assert len(stage.told()) == 1
    assert stage.next_due_at() is None


def test_a_starter_from_another_workspace_still_gets_a_call(stage: Stage) -> None:
    stage.start(by="U0ELSEWHERE")
    stage.settle()

    assert stage.card()["created_by"] == "U0BOT"
    assert stage.sent("calls.add", "chat.postMessage") == [2, 1]


@pytest.mark.parametrize("code", ["user_not_found", "invalid_arguments"])
def test_people_whom_slack_refuses_do_not_keep_the_call_from_starting(stage: Stage, code: str) -> None:
    stage.slack.faults.add("calls.add", "error", error="service_unavailable", times=1)
    stage.start()
    stage.work()
    stage.join("Ada", "U0NOBODY")
    stage.slack.faults.add("calls.add", "error", error=code, times=1)
    stage.settle()

    assert stage.present() == ["Ada", "U0NOBODY"]
    assert stage.told() == []
