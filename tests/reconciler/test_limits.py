"""Calls that end by time alone, and how people are warned."""

from __future__ import annotations

import pytest

from app.domain.deadline import WARNING
from tests.reconciler.stage import GENERAL, SECRET, Stage

HOUR = 3600.0
LIMIT = 4 * HOUR
SOON = WARNING.total_seconds()


def warnings(stage: Stage, channel: str = GENERAL) -> list[tuple[str, str]]:
    """Thread and text of each."""
    posted = [message for message in stage.slack.messages(channel) if "This call ends in" in message["text"]]
    return [(message["thread_ts"], message["text"]) for message in posted]


@pytest.fixture
def linked(stage: Stage) -> Stage:
    """A call with a plain link: nobody tells who is in it."""
    stage.start(at="link")
    stage.settle(within_seconds=5)
    return stage


def pass_time(stage: Stage, seconds: float) -> None:
    stage.clock.move(seconds)
    stage.settle(within_seconds=1)


def test_people_are_warned_in_the_thread_and_then_the_call_ends(linked: Stage) -> None:
    pass_time(linked, LIMIT - SOON - 5)
    assert warnings(linked) == []
    pass_time(linked, 10)
    [(thread, text)] = warnings(linked)
    assert thread == linked.shown().message_ts
    assert text.startswith("This call ends in 10 minutes")
    assert "another 4 hours" in text
    pass_time(linked, SOON - 10)
    assert not linked.card()["has_ended"]
    pass_time(linked, 10)
    assert linked.card()["has_ended"]
    assert len(warnings(linked)) == 1


def test_the_same_title_again_keeps_the_call(linked: Stage) -> None:
    pass_time(linked, LIMIT - 60)
    linked.rename("Weekly sync")
    linked.settle(within_seconds=1)
    pass_time(linked, LIMIT - SOON - 60)
    assert (linked.card()["has_ended"], len(warnings(linked))) == (False, 1)
    pass_time(linked, 120)
    assert len(warnings(linked)) == 2
    pass_time(linked, SOON)
    assert linked.card()["has_ended"]


def test_a_warning_that_slack_does_not_take_is_tried_again(linked: Stage) -> None:
    linked.slack.faults.add("chat.postMessage", "status", status=503, times=2)
    pass_time(linked, LIMIT - SOON)
    assert warnings(linked) == []
    pass_time(linked, 60)
    pass_time(linked, 60)
    [(_, text)] = warnings(linked)
    assert text.startswith("This call ends in 8 minutes")


def test_a_warning_that_slack_refuses_does_not_keep_the_call(linked: Stage) -> None:
    linked.slack.faults.add("chat.postMessage", "error", error="is_archived")
    pass_time(linked, LIMIT - SOON)
    assert len(linked.slack.requests("chat.postMessage")) == 2
    pass_time(linked, SOON)
    assert linked.card()["has_ended"]
    assert len(linked.slack.requests("chat.postMessage")) == 2


def test_where_no_thread_is_known_the_call_ends_without_a_word(stage: Stage) -> None:
    stage.start(at="link", channel=SECRET, answer_through=stage.response_url(SECRET))
    stage.settle(within_seconds=5)
    pass_time(stage, LIMIT - SOON)
    assert not stage.card(SECRET)["has_ended"]
    pass_time(stage, SOON)
    assert stage.card(SECRET)["has_ended"]
    assert warnings(stage, SECRET) == []
