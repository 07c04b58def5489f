"""The Calls API as we send it and read it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from app.domain.card import CallCard, CardUser
from app.emulator import Emulator
from app.errors import OutOfStep, PermanentFailure, TemporaryFailure
from app.slack.calls import CallsApi, NewSlackCall
from app.slack.messages import MessagesApi
from tests.clocks import START

ADA = CardUser(slack_id="U0ADA")
KIM = CardUser(external_id="kim-1", display_name="Kim “Ümlaut” 🎥", avatar_url="https://example.com/kim.jpg")
BOB = CardUser(external_id="bob-1", display_name="Bob")
CARD = CallCard(title="Weekly sync", join_url="https://meet.example.com/1")
NEW = NewSlackCall(external_unique_id="call-1", created_by="U0GRACE", started_at=START, display_id="100-1", card=CARD)


@pytest.fixture
def call_id(calls: CallsApi) -> str:
    """A call with nobody in it."""
    return calls.add(NEW)


def sent(slack: Emulator, method: str) -> dict[str, Any]:
    """The arguments of the only request for this method."""
    [request] = slack.requests(method)
    return request.args


def people(slack: Emulator, method: str) -> list[dict[str, str]]:
    told: list[dict[str, str]] = json.loads(sent(slack, method)["users"])
    return told


# --- calls.add -------------------------------------------------------------------------------------------------------


def test_a_call_is_added_with_all_that_is_known(slack: Emulator, calls: CallsApi) -> None:
    card = replace(CARD, desktop_app_join_url="examplemeet://1", present=frozenset({ADA, KIM}))
    call_id = calls.add(replace(NEW, card=card))

    assert {**sent(slack, "calls.add"), "users": None} == {
        "external_unique_id": "call-1",
        "created_by": "U0GRACE",
        "date_start": str(int(START.timestamp())),
        "external_display_id": "100-1",
        "join_url": "https://meet.example.com/1",
        "desktop_app_join_url": "examplemeet://1",
        "title": "Weekly sync",
        "users": None,
    }
    assert people(slack, "calls.add") == [
        {"external_id": "kim-1", "display_name": "Kim “Ümlaut” 🎥", "avatar_url": "https://example.com/kim.jpg"},
        {"slack_id": "U0ADA"},
    ]
    assert call_id == slack.call(call_id)["id"]


def test_what_is_not_known_is_not_sent(slack: Emulator, calls: CallsApi) -> None:
    calls.add(replace(NEW, display_id=None))
    assert sent(slack, "calls.add").keys() == {"external_unique_id", "created_by", "date_start", "join_url", "title"}


def test_a_starter_whom_slack_does_not_know_gives_way_to_the_app(slack: Emulator, calls: CallsApi) -> None:
    call_id = calls.add(replace(NEW, created_by="U0ELSEWHERE"))

    first, second = slack.requests("calls.add")
    assert first.error == "invalid_created_by"
    assert first.args == {**second.args, "created_by": "U0ELSEWHERE"}
    assert slack.call(call_id)["created_by"] == "U0BOT"


def test_any_other_refusal_is_not_tried_again(slack: Emulator, calls: CallsApi) -> None:
    slack.faults.add("calls.add", "error", error="not_authorized")
    with pytest.raises(PermanentFailure, match="not_authorized"):
        calls.add(NEW)
    assert len(slack.requests("calls.add")) == 1


def test_an_answer_without_an_id_may_have_made_a_call(slack: Emulator, calls: CallsApi) -> None:
    slack.faults.add("calls.add", "ok_true_error", error="")
    with pytest.raises(TemporaryFailure) as caught:
        calls.add(NEW)
    assert caught.value.effect_unknown


# --- Participants ----------------------------------------------------------------------------------------------------


def test_people_are_removed_as_the_objects_that_were_added(slack: Emulator, calls: CallsApi, call_id: str) -> None:
    calls.add_participants(call_id, [ADA, KIM, BOB])
    calls.remove_participants(call_id, [ADA, KIM, BOB])

    assert people(slack, "calls.participants.add") == people(slack, "calls.participants.remove")
    assert calls.info(call_id).users == frozenset()


def test_a_person_of_slack_is_told_by_id_alone(slack: Emulator, calls: CallsApi, call_id: str) -> None:
    calls.add_participants(call_id, [CardUser(slack_id="U0ADA", display_name="ignored")])
    assert people(slack, "calls.participants.add") == [{"slack_id": "U0ADA"}]


@pytest.mark.parametrize("mode", ["ok_false", "ok_true"])
def test_refused_people_are_news(slack: Emulator, calls: CallsApi, call_id: str, mode: str) -> None:
    slack.switches.change({"call_errors_as": mode})
    calls.add_participants(call_id, [KIM])
    with pytest.raises(OutOfStep, match="bad_users"):
        calls.add_participants(call_id, [KIM])
    with pytest.raises(OutOfStep, match="bad_users"):
        calls.remove_participants(call_id, [BOB])
    with pytest.raises(OutOfStep, match="user_not_found"):
        calls.add_participants(call_id, [CardUser(slack_id="U0NOBODY")])


# --- calls.update, calls.end, calls.info -----------------------------------------------------------------------------


def test_a_change_sends_title_and_links(slack: Emulator, calls: CallsApi, call_id: str) -> None:
    calls.update(call_id, title="Retro", join_url="https://meet.example.com/2", desktop_app_join_url="examplemeet://2")
    shown = slack.call(call_id)
    assert (shown["name"], shown["join_url"]) == ("Retro", "https://meet.example.com/2")
    assert shown["desktop_app_join_url"] == "examplemeet://2"


@pytest.mark.parametrize("seconds", [0, 754])
def test_a_call_ends_after_its_duration(slack: Emulator, calls: CallsApi, call_id: str, seconds: int) -> None:
    calls.end(call_id, seconds)
    shown = slack.call(call_id)
    assert shown["date_end"] - shown["date_start"] == seconds
    assert shown["has_ended"]


@pytest.mark.parametrize("mode", ["ok_false", "ok_true"])
def test_an_end_that_comes_twice_is_news(slack: Emulator, calls: CallsApi, call_id: str, mode: str) -> None:
    slack.switches.change({"call_errors_as": mode})
    calls.end(call_id, 1)
    with pytest.raises(OutOfStep, match="inactive_call"):
        calls.end(call_id, 1)


def test_a_call_that_slack_does_not_know_is_news(calls: CallsApi) -> None:
    with pytest.raises(OutOfStep, match="invalid_call_id"):
        calls.end("R404", 1)


@pytest.mark.parametrize("empty", ["missing", "empty_list"])
def test_a_look_at_a_call_that_nobody_sees(slack: Emulator, calls: CallsApi, call_id: str, empty: str) -> None:
    slack.switches.change({"empty_users_key": empty})
    seen = calls.info(call_id)
    assert (seen.channels, seen.users) == (frozenset(), frozenset())


def test_a_look_tells_where_the_card_stands_and_who_is_in(messages: MessagesApi, calls: CallsApi, call_id: str) -> None:
    calls.add_participants(call_id, [ADA, KIM, BOB])
    messages.post_card("C0GENERAL", call_id, "Weekly sync", None)

    seen = calls.info(call_id)
    assert (seen.channels, seen.users) == (frozenset({"C0GENERAL"}), frozenset({ADA, KIM, BOB}))


def test_a_look_without_a_call_tells_nothing(slack: Emulator, calls: CallsApi, call_id: str) -> None:
    """An empty card is something else."""
    slack.faults.add("calls.info", "malformed", body='{"ok": true}')
    with pytest.raises(TemporaryFailure, match="malformed_answer"):
        calls.info(call_id)


def test_a_look_tells_what_the_card_says(calls: CallsApi, call_id: str) -> None:
    calls.update(call_id, title="Retro", join_url="https://meet.example.com/2", desktop_app_join_url=None)
    seen = calls.info(call_id)
    assert (seen.title, seen.join_url) == ("Retro", "https://meet.example.com/2")
