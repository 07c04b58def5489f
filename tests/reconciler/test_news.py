"""Slack says that things are not as we believed: look, believe, and do only what is left to do."""

from __future__ import annotations

import json

import pytest

from app.emulator.participants import Person
from app.reconciler.turn import SURE_AFTER
from tests.reconciler.stage import Stage

ADD, REMOVE, INFO = "calls.participants.add", "calls.participants.remove", "calls.info"
EVERY_MODE = [
    pytest.param({"call_errors_as": told, "mixed_batch": batch}, id=f"{told} {batch}")
    for told in ("ok_false", "ok_true")
    for batch in ("reject_all", "apply_rest")
]


def behind_our_back(stage: Stage, *, add: str = "", remove: str = "") -> None:
    """Slack's own card changes, and nobody tells us."""
    call = stage.slack.workspace().calls.get(str(stage.shown().slack_call_id))
    if add:
        call.enter(on_the_card(add))
    call.present = [person for person in call.present if person != on_the_card(remove)]


def on_the_card(name: str) -> Person:
    return {"external_id": f"{name.lower()}-1", "display_name": name}


def batches(stage: Stage, method: str) -> list[list[dict[str, str]]]:
    return [json.loads(request.args["users"]) for request in stage.slack.requests(method)]


# --- Somebody is on the card already, or is not ----------------------------------------------------------------------


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_who_stands_there_already_is_not_added_twice(live: Stage, mode: dict[str, str]) -> None:
    live.slack.switches.change(mode)
    behind_our_back(live, add="Ada")
    live.join("Ada", "Bob", "Cid")
    live.settle()

    assert live.present() == ["Ada", "Bob", "Cid"]
    assert live.attended() == ["Ada", "Bob", "Cid"]
    assert live.sent(INFO) == [1]
    assert live.sent(ADD) == [2 if mode["mixed_batch"] == "reject_all" else 1]


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_who_is_gone_already_is_not_removed_twice(live: Stage, mode: dict[str, str]) -> None:
    live.slack.switches.change(mode)
    live.join("Ada", "Bob", "Cid")
    live.settle()
    behind_our_back(live, remove="Ada")
    live.leave("Ada", "Bob")
    live.settle()

    assert live.present() == ["Cid"]
    assert live.sent(INFO) == [1]
    assert live.sent(REMOVE) == [2 if mode["mixed_batch"] == "reject_all" else 1]


def test_who_should_not_be_there_at_all_is_removed_as_slack_knows_them(live: Stage) -> None:
    behind_our_back(live, add="Eve")
    behind_our_back(live, add="Ada")
    live.join("Ada")
    live.settle()

    assert live.present() == ["Ada"]
    assert batches(live, REMOVE) == [[on_the_card("Eve")]]


def test_a_person_stays_the_object_that_was_sent_however_slack_spells_it(live: Stage) -> None:
    live.slack.switches.change({"removal_matches": "id"})
    live.join("Ada")
    live.settle()
    call = live.slack.workspace().calls.get(str(live.shown().slack_call_id))
    call.present = [{"external_id": "ada-1", "display_name": "ADA"}, on_the_card("Bob")]
    live.join("Bob")
    live.settle()
    assert live.sent(ADD, REMOVE, INFO) == [2, 0, 1]

    live.leave("Ada")
    live.settle()
    assert batches(live, REMOVE) == [[on_the_card("Ada")]]


def test_a_batch_whose_answer_was_lost_is_not_shown_twice(live: Stage) -> None:
    live.slack.faults.add(ADD, "drop_after", times=1)
    live.join("Ada", "Bob")
    live.settle()

    assert (live.present(), live.attended()) == (["Ada", "Bob"], ["Ada", "Bob"])
    assert live.sent(ADD, INFO) == [1, 1]


def test_a_removal_whose_answer_was_lost_is_no_trouble(live: Stage) -> None:
    live.join("Ada")
    live.settle()
    live.slack.faults.add(REMOVE, "drop_after", times=1)
    live.leave("Ada")
    live.settle()

    assert live.present() == []
    assert live.sent(REMOVE, INFO) == [1, 1]


def test_nobody_stays_on_the_card_because_an_answer_was_lost(live: Stage) -> None:
    live.slack.faults.add(ADD, "drop_after", times=1)
    live.join("Ada")
    live.work()
    live.leave("Ada")
    live.settle()
    assert (live.present(), live.attended()) == ([], ["Ada"])


def test_nobody_is_missing_on_the_card_because_an_answer_was_lost(live: Stage) -> None:
    live.join("Ada")
    live.settle()
    live.slack.faults.add(REMOVE, "drop_after", times=1)
    live.leave("Ada")
    live.work()
    live.clock.move(0.5)
    live.join("Ada")
    live.settle()
    assert live.present() == ["Ada"]


def test_a_title_that_was_taken_back_is_not_the_one_whose_answer_was_lost(live: Stage) -> None:
    live.slack.faults.add("calls.update", "drop_after", times=1)
    live.rename("Retro")
    live.work()
    live.clock.move(0.5)
    live.rename("Weekly sync")
    live.settle()
    assert live.card()["name"] == "Weekly sync"
    assert live.sent("calls.update") == [2]


def test_an_app_that_may_not_look_goes_by_what_it_believes(live: Stage) -> None:
    live.slack.faults.add(INFO, "error", error="missing_scope")
    live.slack.faults.add(ADD, "drop_before", times=1)
    live.join("Ada")
    live.settle()
    assert live.present() == ["Ada"]


def test_what_is_not_known_is_looked_into_before_anything_else_is_sent(live: Stage) -> None:
    live.slack.faults.add(ADD, "drop_before", times=1)
    live.slack.faults.add(INFO, "status", status=503, times=2)
    live.join("Ada")
    live.rename("Retro")
    live.join("Bob")
    live.work()
    live.rename("Planning")
    live.clock.move(1)
    live.work()
    assert live.sent(ADD, "calls.update", INFO) == [1, 1, 1]

    live.settle()
    assert (live.present(), live.card()["name"]) == (["Ada", "Bob"], "Planning")


def test_when_slack_cannot_be_asked_the_look_comes_later(live: Stage) -> None:
    behind_our_back(live, add="Ada")
    live.slack.faults.add(INFO, "status", status=503, times=2)
    live.join("Ada", "Bob")
    live.settle()

    assert live.present() == ["Ada", "Bob"]
    assert live.attended() == ["Ada", "Bob"]


def test_told_to_wait_with_looking_only_looking_waits(live: Stage) -> None:
    behind_our_back(live, add="Ada")
    live.slack.faults.add(INFO, "status", status=429, retry_after=60, times=1)
    live.join("Ada", "Bob")
    live.settle(within_seconds=50)
    assert live.sent(INFO) == [1]

    live.rename("Retro")
    live.work()
    assert live.card()["name"] == "Retro"
    live.settle()
    assert live.present() == ["Ada", "Bob"]


def test_a_slack_that_contradicts_itself_is_asked_less_and_less(live: Stage) -> None:
    live.slack.faults.add(ADD, "error", error="bad_users")
    live.join("Ada")
    live.settle(within_seconds=600)
    assert live.sent(ADD)[0] < 15

    live.slack.faults.clear()
    live.settle(within_seconds=600)
    assert live.present() == ["Ada"]


# --- The call has ended in Slack -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["ok_false", "ok_true"])
def test_a_card_that_was_ended_behind_our_back_is_asked_less_and_less(live: Stage, mode: str) -> None:
    live.slack.switches.change({"call_errors_as": mode})
    live.slack.workspace().calls.end(str(live.shown().slack_call_id), None)
    live.join("Ada")
    live.settle(within_seconds=3600)
    assert live.sent(ADD)[0] < 25

    live.end()
    live.settle(within_seconds=600)
    assert live.sent("calls.end") == [1]
    assert live.stored().is_in_step


@pytest.mark.parametrize("code", ["inactive_call", "invalid_call_id"])
def test_a_call_that_slack_did_not_know_for_a_moment_gets_its_people(live: Stage, code: str) -> None:
    live.slack.faults.add(ADD, "error", error=code, times=2)
    live.join("Ada")
    live.settle()
    assert live.present() == ["Ada"]


@pytest.mark.parametrize("mode", ["ok_false", "ok_true"])
def test_an_end_that_was_told_already_is_an_end(live: Stage, mode: str) -> None:
    live.slack.switches.change({"call_errors_as": mode})
    live.slack.faults.add("calls.end", "drop_after", times=1)
    live.clock.move(600)
    live.end()
    live.settle(within_seconds=200)

    assert live.sent("calls.end") == [SURE_AFTER]
    card = live.card()
    assert card["date_end"] - card["date_start"] == 660
    assert live.stored().is_in_step


# --- People whom Slack does not know ---------------------------------------------------------------------------------


@pytest.mark.parametrize("strangers", [["U0NOBODY"], ["U0NOBODY", "U0NOONE"]])
def test_whom_slack_does_not_know_is_found_and_shown_by_name(live: Stage, strangers: list[str]) -> None:
    live.join("Ada", "Bob", "U0ALAN", "U0GRACE", *strangers)
    live.settle()

    assert live.present() == sorted(["Ada", "Bob", "U0ALAN", "U0GRACE", *strangers])
    by_name = [user for user in live.card()["active_participants"] if user.get("display_name") in strangers]
    assert [user["external_id"] for user in by_name] == [f"{name.lower()}-1" for name in strangers]
    assert len({user.get("slack_id") or user["external_id"] for user in live.card()["all_participants"]}) == (
        4 + len(strangers)
    )


def test_a_stranger_among_many_does_not_keep_them_waiting_for_long(live: Stage) -> None:
    live.join(*(f"U0PERSON{number}" for number in range(12)))
    live.settle(within_seconds=60)
    assert len(live.present()) == 12


def test_a_stranger_leaves_as_they_came(live: Stage) -> None:
    live.join("U0NOBODY")
    live.settle()
    live.leave("U0NOBODY")
    live.settle()

    assert (live.present(), live.attended()) == ([], ["U0NOBODY"])


def test_who_is_deactivated_meanwhile_does_not_keep_others_on_the_card(live: Stage) -> None:
    live.join("Ada", "U0ALAN", "U0GRACE")
    live.settle()
    del live.slack.workspace().users["U0ALAN"]
    live.leave("Ada", "U0ALAN", "U0GRACE")
    live.settle()

    assert live.present() == ["U0ALAN"]
    assert live.stored().is_in_step


def test_one_person_whom_slack_will_not_take_does_not_keep_others_off_the_card(live: Stage) -> None:
    live.join("Ada")
    live.settle()
    live.slack.faults.add(ADD, "error", error="invalid_arguments", times=2)
    live.join("Bob", "Cid", "Dan")
    live.settle()

    assert live.present() == ["Ada", "Cid", "Dan"]
    live.leave("Bob", "Cid")
    live.settle()
    assert live.present() == ["Ada", "Dan"]
    assert live.stored().is_in_step


def test_a_slack_that_takes_fewer_at_once_gets_them_all_the_same(live: Stage) -> None:
    live.slack.switches.change({"max_users_per_request": 10})
    live.join(*(f"Person {number}" for number in range(25)))
    live.settle()
    assert len(live.present()) == 25

    live.slack.switches.reset()
    live.join(*(f"Late {number}" for number in range(25)))
    live.settle()
    assert len(batches(live, ADD)[-1]) == 25


def test_a_title_that_slack_will_not_take_holds_nothing_up(live: Stage) -> None:
    live.slack.faults.add("calls.update", "error", error="invalid_arguments")
    live.rename("Retro")
    live.settle()
    live.join("Ada")
    live.work()

    assert live.present() == ["Ada"]
    assert live.sent("calls.update") == [1]


# --- The app is no longer welcome ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["token_revoked", "missing_scope", "ekm_access_denied"])
def test_a_refusal_that_people_can_mend_is_tried_again_now_and_then(live: Stage, code: str) -> None:
    live.slack.faults.add("*", "error", error=code)
    live.join("Ada")
    live.end()
    live.settle(within_seconds=3600)
    assert len(live.slack.requests()) < 60

    live.slack.faults.clear()
    live.settle(within_seconds=600)
    assert live.card()["has_ended"]
    assert live.attended() == ["Ada"]


def test_a_call_that_is_over_is_not_tried_for_ever(live: Stage, caplog: pytest.LogCaptureFixture) -> None:
    live.slack.faults.add("*", "error", error="account_inactive")
    live.end()
    hours = 0
    while live.next_due_at() is not None and hours < 48:
        live.settle(within_seconds=3600)
        live.clock.move(1)
        hours += 1

    assert 20 < hours < 30
    assert "given up" in caplog.text
    assert live.sent("calls.end") == [300]
