"""calls.add: https://docs.slack.dev/reference/methods/calls.add"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from tests.emulator.slack_side import ADA, KIM, Clock, error_of, refusal

MEETING: dict[str, Any] = {"external_unique_id": "meeting-1", "join_url": "https://example.com/j/1"}


def test_the_documented_call_is_answered_as_documented(client: WebClient, sample: Callable[[str], Any]) -> None:
    documented = sample("docs.calls.add.ok.json")["call"]
    sent = {name: value for name, value in documented.items() if name not in ("id", "users")}
    answered = client.calls_add(**sent, created_by="U0ADA", users=[ADA, documented["users"][1]])["call"]
    assert answered.pop("id").startswith("R")
    assert answered == {**sent, "users": [ADA, documented["users"][1]]}


def test_the_answer_has_only_fields_that_were_recorded(client: WebClient, sample: Callable[[str], Any]) -> None:
    answered = client.calls_add(
        **MEETING,
        title="Weekly",
        external_display_id="705-292-868",
        desktop_app_join_url="callapp://join/1",
        users=[ADA],
    )["call"]
    assert set(answered) == set(sample("calls.add.json")["call"])


def test_what_was_not_given_is_left_out(client: WebClient) -> None:
    answered = client.calls_add(**MEETING)["call"]
    assert set(answered) == {"id", "date_start", "external_unique_id", "join_url"}


def test_a_call_without_a_start_starts_now(client: WebClient, clock: Clock) -> None:
    assert client.calls_add(**MEETING)["call"]["date_start"] == int(clock())


def test_every_call_gets_an_id_of_its_own(client: WebClient) -> None:
    ids = {client.calls_add(external_unique_id=str(n), join_url="https://example.com")["call"]["id"] for n in range(5)}
    assert len(ids) == 5


def test_a_call_without_a_creator_is_the_bots(client: WebClient, emulator: Emulator) -> None:
    call_id = client.calls_add(**MEETING)["call"]["id"]
    assert emulator.call(call_id)["created_by"] == "U0BOT"


def test_a_bot_has_to_name_the_creator_where_the_switch_says_so(client: WebClient, emulator: Emulator) -> None:
    emulator.switches.created_by = "required"
    assert error_of(lambda: client.calls_add(**MEETING)) == "invalid_created_by"
    assert client.calls_add(**MEETING, created_by="U0ADA")["ok"]


def test_what_is_missing_is_named(http: httpx.Client) -> None:
    answer = http.post("/api/calls.add", data={"title": "Weekly"}).json()
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] missing required field: external_unique_id",
        "[ERROR] missing required field: join_url",
    ]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"created_by": "U0NOBODY"}, "invalid_created_by"),
        ({"date_start": "soon"}, "invalid_start_time"),
        ({"date_start": "-5"}, "invalid_start_time"),
        ({"date_start": "0"}, "invalid_start_time"),
        ({"date_start": "1.5"}, "invalid_start_time"),
        ({"date_start": "1700000000000"}, "invalid_start_time"),
        ({"date_start": "٣"}, "invalid_start_time"),
        ({"join_url": "example.com/j"}, "invalid_arguments"),
        ({"join_url": "javascript:alert(1)"}, "invalid_arguments"),
        ({"join_url": "https://"}, "invalid_arguments"),
        ({"desktop_app_join_url": "no url"}, "invalid_arguments"),
        ({"external_unique_id": ""}, "invalid_arguments"),
        ({"users": "U0ADA"}, "invalid_arguments"),
        ({"users": "{}"}, "invalid_arguments"),
        ({"users": '["U0ADA"]'}, "invalid_arguments"),
        ({"users": "[{}]"}, "invalid_arguments"),
        ({"users": '[{"slack_id": 5}]'}, "invalid_arguments"),
        ({"users": '[{"external_id": "x"}]'}, "invalid_arguments"),
        ({"users": '[{"external_id": "x", "displayName": "X"}]'}, "invalid_arguments"),
        ({"users": '[{"slack_id": "U0ADA"}, {"slack_id": "U0ADA"}]'}, "invalid_arguments"),
        ({"users": '[{"slack_id": "U123"}]'}, "user_not_found"),
    ],
)
def test_bad_arguments_are_refused_and_make_no_call(
    http: httpx.Client, emulator: Emulator, wrong: dict[str, str], code: str
) -> None:
    answer = http.post("/api/calls.add", data={**MEETING, **wrong}).json()
    assert (answer["ok"], answer["error"]) == (False, code)
    assert emulator.workspace().calls.all() == []


def test_the_place_of_a_bad_user_is_named(client: WebClient) -> None:
    body = refusal(lambda: client.calls_add(**MEETING, users=[ADA, {"external_id": "x"}]))
    assert body["response_metadata"]["messages"] == [
        "[ERROR] missing required field: display_name [json-pointer:/users/1]"
    ]


def test_json_takes_users_as_an_array_and_not_as_text(http: httpx.Client) -> None:
    as_text = http.post("/api/calls.add", json={**MEETING, "users": json.dumps([ADA])}).json()
    as_array = http.post("/api/calls.add", json={**MEETING, "users": [ADA, KIM]}).json()
    assert as_text["error"] == "invalid_arguments"
    assert as_array["call"]["users"] == [ADA, KIM]


def test_json_takes_the_start_as_a_number(http: httpx.Client) -> None:
    assert (
        http.post("/api/calls.add", json={**MEETING, "date_start": 1562002086}).json()["call"]["date_start"]
        == 1562002086
    )


def test_an_app_link_may_have_a_scheme_of_its_own(client: WebClient) -> None:
    link = "zoommtg://zoom.us/join?confno=123"
    assert client.calls_add(**MEETING, desktop_app_join_url=link)["call"]["desktop_app_join_url"] == link


def test_a_repeated_unique_id_makes_a_second_call(client: WebClient) -> None:
    assert client.calls_add(**MEETING)["call"]["id"] != client.calls_add(**MEETING)["call"]["id"]


def test_a_repeated_unique_id_answers_with_the_same_call_where_the_switch_says_so(
    client: WebClient, emulator: Emulator
) -> None:
    emulator.switches.repeated_external_unique_id = "same_call"
    assert client.calls_add(**MEETING)["call"]["id"] == client.calls_add(**MEETING)["call"]["id"]


def test_a_repeated_unique_id_is_refused_where_the_switch_says_so(client: WebClient, emulator: Emulator) -> None:
    emulator.switches.repeated_external_unique_id = "error"
    client.calls_add(**MEETING)
    assert error_of(lambda: client.calls_add(**MEETING)) == "invalid_arguments"


def test_too_many_users_are_refused_where_the_switch_says_so(client: WebClient, emulator: Emulator) -> None:
    emulator.switches.max_users_per_request = 1
    assert error_of(lambda: client.calls_add(**MEETING, users=[ADA, KIM])) == "invalid_arguments"
    assert client.calls_add(**MEETING, users=[ADA])["ok"]
