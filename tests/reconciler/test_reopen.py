"""A meeting that begins again after its end."""

from __future__ import annotations

from typing import Any

import pytest

from app.db.calls import StoredCall
from app.domain.calls import CallStatus
from tests.db.given import at_once
from tests.reconciler.stage import GENERAL, SECRET, Stage, names, person


def cards(stage: Stage, channel: str = GENERAL) -> list[dict[str, Any]]:
    """Oldest first, as their calls are."""
    return sorted(stage.slack.cards(channel), key=lambda card: float(card["date_start"]))


def replies(stage: Stage) -> list[tuple[str, str]]:
    """Of each card that stands in a thread, the root and its own id."""
    posted = stage.slack.messages(GENERAL)
    of_threads = [(message.get("thread_ts"), message["ts"], message["blocks"][0]["call_id"]) for message in posted]
    return [(root, call_id) for root, ts, call_id in of_threads if root not in (None, ts)]


def ends(stage: Stage) -> int:
    """How often the provider was told to end a meeting."""
    return len([asked for asked in stage.vendor.asked if asked.path.endswith("/end")])


def newest(stage: Stage) -> StoredCall:
    return stage.all_stored()[-1]


@pytest.fixture
def over(stage: Stage) -> Stage:
    """A call whose meeting has told its end, with Ada in it until then."""
    stage.start()
    stage.settle(within_seconds=5)
    stage.hear("meeting.started", occurrence_id="run-1")
    stage.join("Ada")
    stage.settle(within_seconds=5)
    stage.clock.move(600)
    stage.hear("meeting.ended", occurrence_id="run-1")
    stage.settle()
    assert stage.card()["has_ended"]
    stage.clock.move(600)
    return stage


def test_it_is_another_call_in_the_thread_of_the_old_card(over: Stage) -> None:
    root = over.shown().message_ts
    over.hear("meeting.started", occurrence_id="run-2")
    over.join("Grace")
    over.settle()

    old, new = cards(over)
    assert (old["has_ended"], names(old["all_participants"])) == (True, ["Ada"])
    assert (new["has_ended"], names(new["active_participants"]), new["name"]) == (False, ["Grace"], "Weekly sync")
    assert replies(over) == [(root, new["id"])]
    assert newest(over).status is CallStatus.LIVE


def test_its_card_follows_and_ends_like_any_other(over: Stage) -> None:
    over.hear("meeting.started", occurrence_id="run-2")
    over.join("Grace")
    over.settle()
    over.clock.move(60)
    over.hear("meeting.ended", occurrence_id="run-2")
    over.settle()

    assert [(card["has_ended"], names(card["all_participants"])) for card in cards(over)] == [
        (True, ["Ada"]),
        (True, ["Grace"]),
    ]


def test_a_third_run_is_in_the_same_thread(over: Stage) -> None:
    root = over.shown().message_ts
    for run in ("run-2", "run-3"):
        over.hear("meeting.started", occurrence_id=run)
        over.join("Grace")
        over.settle()
        over.clock.move(60)
        over.hear("meeting.ended", occurrence_id=run)
        over.settle()
        over.clock.move(60)
    assert [thread for thread, _ in replies(over)] == [root, root]


def test_all_that_come_at_once_make_one_call(over: Stage) -> None:
    def hear(number: int) -> None:
        if number % 2:
            over.hear("meeting.started", occurrence_id="run-2")
        else:
            over.join(f"Guest {number}")

    over.clock.move(60)
    at_once(8, hear)
    over.settle()
    assert len(cards(over)) == 2
    assert over.started() == [1, 2, 2]
    assert names(cards(over)[1]["active_participants"]) == ["Guest 0", "Guest 2", "Guest 4", "Guest 6"]


def test_what_the_old_run_still_tells_changes_neither_card(over: Stage) -> None:
    ended_at = over.stored().snapshot.ended_at
    over.hear("meeting.started", occurrence_id="run-2")
    over.join("Grace")
    over.settle()
    before = len(over.slack.requests())

    over.hear("participant.left", at=ended_at, participant=person("Ada"), occurrence_id="run-1")
    over.hear("participant.joined", at=ended_at, participant=person("Linus"), occurrence_id="run-1")
    over.hear("meeting.ended", at=ended_at, occurrence_id="run-1", again=True)
    over.settle()
    assert names(cards(over)[1]["active_participants"]) == ["Grace"]
    assert not cards(over)[1]["has_ended"]
    assert len(over.slack.requests()) == before


def test_late_news_of_the_old_run_begin_nothing(over: Stage) -> None:
    over.hear("participant.left", participant=person("Ada"), occurrence_id="run-1")
    over.hear("participant.joined", participant=person("Linus"), occurrence_id="run-1")
    over.happen("meeting.ended")
    over.settle()
    assert len(cards(over)) == 1


def test_one_that_begins_again_unheard_is_seen(over: Stage) -> None:
    over.happen("participant.joined", participant=person("Grace"))
    over.clock.move(300)
    over.settle()

    old, new = cards(over)
    assert (old["has_ended"], new["has_ended"], names(new["active_participants"])) == (True, False, ["Grace"])
    over.leave("Grace")
    over.settle()
    assert names(cards(over)[1]["active_participants"]) == []


def test_one_that_begins_again_unheard_is_seen_when_the_end_was_told_late(stage: Stage) -> None:
    stage.start()
    stage.settle(within_seconds=5)
    stage.join("Ada")
    stage.clock.move(60)
    ended_at = stage.clock.now()
    stage.clock.move(3600)
    stage.settle(within_seconds=5)
    stage.hear("meeting.ended", at=ended_at)
    stage.happen("participant.joined", participant=person("Grace"))
    stage.clock.move(300)
    stage.settle()
    assert [(card["has_ended"], names(card["active_participants"])) for card in cards(stage)] == [
        (True, []),
        (False, ["Grace"]),
    ]


def test_what_is_told_late_of_a_run_that_was_seen_makes_no_other_call(over: Stage) -> None:
    began_at = over.clock.now()
    over.happen("participant.joined", participant=person("Grace"))
    over.clock.move(300)
    over.settle()
    over.hear("meeting.started", at=began_at, occurrence_id="run-2")
    over.join("Grace", at=began_at)
    over.settle()
    assert len(cards(over)) == 2
    assert names(cards(over)[1]["active_participants"]) == ["Grace"]


def test_what_goes_on_is_not_asked_about_twice(over: Stage) -> None:
    over.join("Grace")
    over.settle()
    before = len([asked for asked in over.vendor.asked if asked.method == "GET"])
    over.clock.move(300)
    over.settle()
    assert len([asked for asked in over.vendor.asked if asked.method == "GET"]) == before + 1


def test_whoever_came_before_the_end_was_told_is_in_the_new_call(stage: Stage) -> None:
    """Where nothing tells the runs apart but their times."""
    stage.start()
    stage.settle(within_seconds=5)
    stage.join("Ada")
    stage.clock.move(60)
    ended_at = stage.clock.now()
    stage.leave("Ada")
    stage.clock.move(60)
    stage.join("Grace")
    stage.settle(within_seconds=5)
    stage.hear("meeting.ended", at=ended_at)
    stage.happen("participant.joined", participant=person("Grace"))
    stage.settle(within_seconds=5)

    old, new = cards(stage)
    assert (old["has_ended"], names(old["all_participants"])) == (True, ["Ada", "Grace"])
    assert (new["has_ended"], names(new["active_participants"])) == (False, ["Grace"])


def test_whoever_is_told_to_leave_before_they_came_does_not_stay_in_the_new_call(over: Stage) -> None:
    came_at = over.clock.now()
    over.clock.move(10)
    over.leave("Grace")
    over.join("Linus", at=came_at)
    over.join("Grace", at=came_at)
    over.settle(within_seconds=5)
    assert names(cards(over)[1]["active_participants"]) == ["Linus"]


def test_what_a_person_has_ended_stays_ended(stage: Stage) -> None:
    stage.start()
    stage.settle(within_seconds=5)
    stage.hear("meeting.started", occurrence_id="run-1")
    stage.end()
    stage.settle()
    stage.hear("meeting.ended", occurrence_id="run-1")
    stage.clock.move(600)
    stage.hear("meeting.started", occurrence_id="run-2")
    stage.join("Ada")
    stage.settle()
    assert stage.card()["has_ended"]


def test_a_run_that_nobody_comes_to_is_no_call(over: Stage) -> None:
    over.hear("meeting.started", occurrence_id="run-2")
    over.hear("meeting.ended", occurrence_id="run-2")
    over.settle()
    assert len(cards(over)) == 1


def test_whoever_started_the_old_call_may_end_the_new_one(over: Stage) -> None:
    over.hear("meeting.started", occurrence_id="run-2")
    over.join("Grace")
    over.settle()
    over.end()
    over.settle()
    assert [card["has_ended"] for card in cards(over)] == [True, True]
    assert ends(over) == 1


def test_where_the_old_card_has_no_thread_there_is_no_new_one(stage: Stage) -> None:
    stage.start(channel=SECRET, answer_through=stage.response_url(SECRET))
    stage.settle(within_seconds=5)
    stage.hear("meeting.ended", occurrence_id="run-1")
    stage.settle()
    stage.clock.move(600)
    stage.join("Grace")
    stage.settle()
    assert len(stage.all_stored()) == 1


def test_a_card_that_cannot_be_posted_leaves_the_meeting_alone(over: Stage) -> None:
    over.slack.faults.add("chat.postMessage", "error", error="cannot_reply_to_message", times=1)
    over.join("Grace")
    over.settle()

    assert newest(over).status is CallStatus.FAILED
    assert ends(over) == 0
    assert over.told() == []
    assert [card["has_ended"] for card in over.slack.cards(GENERAL)] == [True]
