"""calls.participants.add and calls.participants.remove."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.calls import CallBook, CallDetails
from app.emulator.errors import SlackError
from app.emulator.ids import Ids
from app.emulator.participants import Person, find_person, same_person
from app.emulator.switches import Switches
from tests.emulator.slack_side import ADA, KIM, error_of

GRACE = {"slack_id": "U0GRACE"}


def test_people_come_and_go(client: WebClient, call_id: str) -> None:
    assert client.calls_participants_add(id=call_id, users=[ADA, KIM])["call"]["users"] == [ADA, KIM]
    assert client.calls_participants_remove(id=call_id, users=[ADA])["call"]["users"] == [KIM]
    assert client.calls_info(id=call_id)["call"]["users"] == [KIM]


def test_a_call_without_people_has_no_users_key(client: WebClient, call_id: str) -> None:
    client.calls_participants_add(id=call_id, users=[ADA])
    client.calls_participants_remove(id=call_id, users=[ADA])
    assert "users" not in client.calls_info(id=call_id)["call"]


def test_a_call_without_people_has_an_empty_list_where_the_switch_says_so(
    client: WebClient, emulator: Emulator, call_id: str
) -> None:
    emulator.switches.empty_users_key = "empty_list"
    assert client.calls_info(id=call_id)["call"]["users"] == []


@pytest.mark.parametrize("twice", [{"slack_id": "U0ADA"}, {"slack_id": "U0ADA", "external_id": "new"}])
def test_who_is_in_cannot_come_in(client: WebClient, call_id: str, twice: Person) -> None:
    client.calls_participants_add(id=call_id, users=[ADA])
    assert error_of(lambda: client.calls_participants_add(id=call_id, users=[twice])) == "bad_users"


def test_nobody_comes_in_twice_in_one_batch(client: WebClient, call_id: str) -> None:
    assert error_of(lambda: client.calls_participants_add(id=call_id, users=[KIM, KIM])) == "bad_users"


def test_who_is_not_in_cannot_leave(client: WebClient, call_id: str) -> None:
    assert error_of(lambda: client.calls_participants_remove(id=call_id, users=[ADA])) == "bad_users"


def test_nobody_leaves_twice_in_one_batch(client: WebClient, call_id: str) -> None:
    client.calls_participants_add(id=call_id, users=[ADA])
    assert error_of(lambda: client.calls_participants_remove(id=call_id, users=[ADA, ADA])) == "bad_users"
    assert client.calls_info(id=call_id)["call"]["users"] == [ADA]


def test_who_left_may_come_back(client: WebClient, call_id: str) -> None:
    client.calls_participants_add(id=call_id, users=[KIM])
    client.calls_participants_remove(id=call_id, users=[KIM])
    assert client.calls_participants_add(id=call_id, users=[KIM])["call"]["users"] == [KIM]


@pytest.mark.parametrize("method", ["add", "remove"])
def test_an_unknown_member_is_refused(client: WebClient, call_id: str, method: str) -> None:
    asked = {"id": call_id, "users": '[{"slack_id": "U123"}]'}
    assert error_of(lambda: client.api_call(f"calls.participants.{method}", params=asked)) == "user_not_found"


@pytest.mark.parametrize("method", ["add", "remove"])
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"users": "[]"}, "missing_argument"),
        ({"id": "R1"}, "missing_argument"),
        ({"id": "R1", "users": ""}, "missing_argument"),
        ({"id": "R1", "users": "[]"}, "invalid_arguments"),
        ({"id": "R1", "users": "[1]"}, "invalid_arguments"),
        ({"id": "R1", "users": "not json"}, "invalid_arguments"),
        ({"id": "R1", "users": '[{"slack_id": "U0ADA"}]'}, "invalid_call_id"),
    ],
)
def test_bad_arguments_are_refused(client: WebClient, method: str, asked: dict[str, str], code: str) -> None:
    assert error_of(lambda: client.api_call(f"calls.participants.{method}", params=asked)) == code


def test_nobody_comes_or_goes_after_the_end(client: WebClient, call_id: str) -> None:
    client.calls_participants_add(id=call_id, users=[ADA])
    client.calls_end(id=call_id)
    assert error_of(lambda: client.calls_participants_add(id=call_id, users=[GRACE])) == "inactive_call"
    assert error_of(lambda: client.calls_participants_remove(id=call_id, users=[ADA])) == "inactive_call"


@pytest.mark.parametrize("method", ["add", "remove"])
def test_bad_users_may_be_reported_inside_a_success(
    client: WebClient, emulator: Emulator, call_id: str, sample: Callable[[str], Any], method: str
) -> None:
    emulator.switches.call_errors_as = "ok_true"
    users = '[{"slack_id": "U0ADA"}, {"slack_id": "U0ADA"}]'
    answer = client.api_call(f"calls.participants.{method}", params={"id": call_id, "users": users})
    assert answer.data == sample(f"docs.calls.participants.{method}.error.json")


def test_one_bad_user_spoils_the_batch(client: WebClient, call_id: str) -> None:
    client.calls_participants_add(id=call_id, users=[ADA])
    assert error_of(lambda: client.calls_participants_add(id=call_id, users=[GRACE, ADA, KIM])) == "bad_users"
    assert error_of(lambda: client.calls_participants_remove(id=call_id, users=[ADA, KIM])) == "bad_users"
    assert client.calls_info(id=call_id)["call"]["users"] == [ADA]


def test_the_rest_of_a_batch_is_applied_where_the_switch_says_so(
    client: WebClient, emulator: Emulator, call_id: str
) -> None:
    emulator.switches.mixed_batch = "apply_rest"
    client.calls_participants_add(id=call_id, users=[ADA])
    assert error_of(lambda: client.calls_participants_add(id=call_id, users=[GRACE, ADA, KIM])) == "bad_users"
    assert client.calls_info(id=call_id)["call"]["users"] == [ADA, GRACE, KIM]


@pytest.mark.parametrize(
    "incomplete",
    [
        {"external_id": KIM["external_id"]},
        {"external_id": KIM["external_id"], "display_name": KIM["display_name"]},
        {**KIM, "avatar_url": ""},
        {**KIM, "display_name": "Kim"},
    ],
)
def test_a_removal_with_another_object_is_answered_with_ok_and_ignored(
    client: WebClient, call_id: str, incomplete: Person
) -> None:
    client.calls_participants_add(id=call_id, users=[KIM])
    assert client.calls_participants_remove(id=call_id, users=[incomplete])["ok"]
    assert client.calls_info(id=call_id)["call"]["users"] == [KIM]


def test_a_removal_needs_only_the_id_where_the_switch_says_so(
    client: WebClient, emulator: Emulator, call_id: str
) -> None:
    emulator.switches.removal_matches = "id"
    client.calls_participants_add(id=call_id, users=[KIM, ADA])
    client.calls_participants_remove(id=call_id, users=[{"external_id": KIM["external_id"]}])
    assert client.calls_info(id=call_id)["call"]["users"] == [ADA]


IDS = st.sampled_from(["a", "b", "c"])
PEOPLE = st.one_of(
    st.builds(lambda slack_id: {"slack_id": slack_id}, IDS),
    st.builds(lambda external_id: {"external_id": external_id, "display_name": "X"}, IDS),
    st.builds(lambda one, other: {"slack_id": one, "external_id": other}, IDS, IDS),
)


@settings(deadline=None)
@given(one=PEOPLE, other=PEOPLE)
def test_being_the_same_person_is_mutual(one: Person, other: Person) -> None:
    assert same_person(one, one)
    assert same_person(one, other) == same_person(other, one)


@settings(deadline=None)
@given(moves=st.lists(st.tuples(st.booleans(), PEOPLE), max_size=12))
def test_nobody_is_ever_on_the_card_twice(moves: list[tuple[bool, Person]]) -> None:
    book = CallBook(Ids(1), lambda: 1_700_000_000, Switches(removal_matches="id"))
    call = book.add(CallDetails("meeting-1", "https://example.com", "U0ADA", 1), [])
    for comes, person in moves:
        with suppress(SlackError):
            (book.join if comes else book.leave)(call.id, [person])
    for person in call.present:
        assert [each for each in call.present if same_person(each, person)] == [person]
        assert find_person(person, call.everyone) is not None
