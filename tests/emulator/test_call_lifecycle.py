"""calls.info, calls.update and calls.end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from tests.emulator.slack_side import ADA, KIM, Clock, error_of, refusal


@pytest.fixture
def full_call_id(client: WebClient) -> str:
    """A call with everything a call can have, standing in a channel."""
    call = client.calls_add(
        external_unique_id="meeting-2",
        external_display_id="705-292-868",
        join_url="https://example.com/j/2",
        desktop_app_join_url="callapp://join/2",
        date_start=1_562_002_086,
        title="Kimpossible sync up",
        created_by="U0ADA",
        users=[ADA, KIM],
    )["call"]
    client.chat_postMessage(channel="C0GENERAL", text="A call", blocks=[{"type": "call", "call_id": call["id"]}])
    return str(call["id"])


@pytest.mark.parametrize(
    "method", ["calls.info", "calls.update", "calls.participants.add", "calls.participants.remove"]
)
def test_a_call_is_shown_with_the_recorded_fields(
    client: WebClient, full_call_id: str, sample: Callable[[str], Any], method: str
) -> None:
    arguments = {
        "calls.info": {},
        "calls.update": {"title": "Another"},
        "calls.participants.add": {"users": '[{"slack_id": "U0GRACE"}]'},
        "calls.participants.remove": {"users": '[{"slack_id": "U0ADA"}]'},
    }[method]
    answered = client.api_call(method, params={"id": full_call_id, **arguments})
    assert set(answered["call"]) == set(sample(f"{method}.json")["call"])


def test_info_shows_what_the_documentation_shows_and_the_channels(
    client: WebClient, full_call_id: str, sample: Callable[[str], Any]
) -> None:
    call = client.calls_info(id=full_call_id)["call"]
    assert set(call) == {*sample("docs.calls.info.ok.json")["call"], "channels"}
    assert (call["title"], call["channels"], call["users"]) == ("Kimpossible sync up", ["C0GENERAL"], [ADA, KIM])


def test_channels_appear_with_the_first_message(client: WebClient, call_id: str) -> None:
    assert "channels" not in client.calls_info(id=call_id)["call"]
    client.chat_postMessage(channel="C0RANDOM", text="A call", blocks=[{"type": "call", "call_id": call_id}])
    assert client.calls_info(id=call_id)["call"]["channels"] == ["C0RANDOM"]


def test_a_call_posted_twice_in_a_channel_names_it_once(client: WebClient, call_id: str) -> None:
    for channel in ("C0RANDOM", "C0GENERAL", "C0RANDOM"):
        client.chat_postMessage(channel=channel, text="A call", blocks=[{"type": "call", "call_id": call_id}])
    assert client.calls_info(id=call_id)["call"]["channels"] == ["C0RANDOM", "C0GENERAL"]


@pytest.mark.parametrize("method", ["calls.info", "calls.update", "calls.end"])
def test_an_unknown_call_is_refused_as_documented(client: WebClient, sample: Callable[[str], Any], method: str) -> None:
    body = refusal(lambda: client.api_call(method, params={"id": "R0DUMMY", "title": "T"}))
    assert body == sample("docs.calls.info.error.json")


@pytest.mark.parametrize("method", ["calls.info", "calls.update", "calls.end"])
def test_a_call_has_to_be_named(client: WebClient, method: str) -> None:
    assert refusal(lambda: client.api_call(method))["response_metadata"]["messages"] == [
        "[ERROR] missing required field: id"
    ]


def test_title_and_links_can_change(client: WebClient, full_call_id: str) -> None:
    new = {
        "title": "Renamed",
        "join_url": "https://example.com/j/3",
        "desktop_app_join_url": "callapp://join/3",
    }
    client.calls_update(id=full_call_id, **new)
    assert new.items() <= client.calls_info(id=full_call_id)["call"].items()


def test_nothing_else_can_change(client: WebClient, full_call_id: str) -> None:
    before = client.calls_info(id=full_call_id)["call"]
    client.calls_update(
        id=full_call_id, title="Kimpossible sync up", external_display_id="other", date_start=5, users="[]"
    )
    assert client.calls_info(id=full_call_id)["call"] == before


@pytest.mark.parametrize("code", ["invalid_arguments", "missing_argument"])
def test_an_update_of_nothing_is_refused(client: WebClient, emulator: Emulator, call_id: str, code: Any) -> None:
    emulator.switches.empty_update = code
    assert error_of(lambda: client.calls_update(id=call_id)) == code


@pytest.mark.parametrize("wrong", [{"join_url": "ftp://example.com"}, {"desktop_app_join_url": "nowhere"}])
def test_a_bad_link_changes_nothing(client: WebClient, call_id: str, wrong: dict[str, str]) -> None:
    before = client.calls_info(id=call_id)["call"]
    assert error_of(lambda: client.calls_update(id=call_id, **wrong)) == "invalid_arguments"
    assert client.calls_info(id=call_id)["call"] == before


def test_the_end_is_the_start_plus_the_duration(
    client: WebClient, full_call_id: str, sample: Callable[[str], Any]
) -> None:
    ended = client.calls_end(id=full_call_id, duration=1140)["call"]
    assert set(ended) == set(sample("calls.end.json")["call"])
    assert ended["date_end"] == 1_562_002_086 + 1140


def test_an_end_without_a_duration_is_now(client: WebClient, clock: Clock, call_id: str) -> None:
    clock.forward(90)
    assert client.calls_end(id=call_id)["call"]["date_end"] == int(clock())


@pytest.mark.parametrize("duration", ["-1", "1.5", "long", "9" * 30])
def test_a_bad_duration_ends_nothing(client: WebClient, emulator: Emulator, call_id: str, duration: str) -> None:
    asked = {"id": call_id, "duration": duration}
    assert error_of(lambda: client.api_call("calls.end", params=asked)) == "invalid_arguments"
    assert emulator.call(call_id)["has_ended"] is False


def test_a_call_ends_once(client: WebClient, call_id: str) -> None:
    client.calls_end(id=call_id)
    assert error_of(lambda: client.calls_end(id=call_id)) == "inactive_call"


def test_the_second_end_may_be_reported_inside_a_success(
    client: WebClient, emulator: Emulator, call_id: str, sample: Callable[[str], Any]
) -> None:
    emulator.switches.call_errors_as = "ok_true"
    client.calls_end(id=call_id)
    assert client.calls_end(id=call_id).data == sample("docs.calls.end.error.json")


def test_an_ended_call_does_not_say_when_it_ended(client: WebClient, call_id: str) -> None:
    client.calls_end(id=call_id)
    assert "date_end" not in client.calls_info(id=call_id)["call"]


def test_an_ended_call_says_when_it_ended_where_the_switch_says_so(
    client: WebClient, emulator: Emulator, clock: Clock, call_id: str
) -> None:
    emulator.switches.info_shows_date_end = True
    client.calls_end(id=call_id)
    assert client.calls_info(id=call_id)["call"]["date_end"] == int(clock())


def test_an_ended_call_can_be_renamed(client: WebClient, call_id: str) -> None:
    client.calls_end(id=call_id)
    assert client.calls_update(id=call_id, title="After the fact")["call"]["title"] == "After the fact"


def test_an_ended_call_cannot_be_renamed_where_the_switch_says_so(
    client: WebClient, emulator: Emulator, call_id: str
) -> None:
    emulator.switches.update_after_end = "inactive_call"
    client.calls_end(id=call_id)
    assert error_of(lambda: client.calls_update(id=call_id, title="Too late")) == "inactive_call"
