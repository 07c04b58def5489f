"""Several workspaces in one emulator, and starting over."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.errors import SlackError
from app.emulator.switches import Switches
from tests.emulator.slack_side import error_of


@pytest.fixture
def acme(emulator: Emulator) -> WebClient:
    emulator.add_team("T0ACME", "Acme", "xoxb-acme", scopes=["calls:write", "calls:read", "chat:write"])
    return WebClient("xoxb-acme", base_url=emulator.api_url, retry_handlers=[])


def test_a_token_belongs_to_its_team(acme: WebClient, client: WebClient) -> None:
    assert (acme.auth_test()["team_id"], client.auth_test()["team_id"]) == ("T0ACME", "T0LOCAL")


def test_a_team_may_have_other_scopes(acme: WebClient) -> None:
    assert error_of(lambda: acme.users_info(user="U0ADA")) == "missing_scope"


def test_a_call_is_unknown_in_another_team(acme: WebClient, client: WebClient, call_id: str) -> None:
    assert error_of(lambda: acme.calls_info(id=call_id)) == "invalid_call_id"
    blocks = [{"type": "call", "call_id": call_id}]
    acme_general = {"channel": "U0ADA", "text": "Hi"}
    assert (
        error_of(lambda: acme.api_call("chat.postMessage", json={**acme_general, "blocks": blocks})) == "invalid_blocks"
    )
    assert client.calls_info(id=call_id)["ok"]


def test_the_same_unique_id_is_another_call_in_another_team(emulator: Emulator, acme: WebClient, call_id: str) -> None:
    emulator.switches.repeated_external_unique_id = "error"
    other = acme.calls_add(external_unique_id="meeting-1", join_url="https://example.com")["call"]["id"]
    assert other != call_id
    assert {emulator.call(each)["id"] for each in (other, call_id)} == {other, call_id}


def test_messages_stay_in_their_team(emulator: Emulator, acme: WebClient) -> None:
    emulator.workspace("T0ACME").channel("C0GENERAL").members.append("U0BOT")
    acme.chat_postMessage(channel="C0GENERAL", text="Hello, Acme")
    assert [message["team"] for message in emulator.messages("C0GENERAL", team="T0ACME")] == ["T0ACME"]
    assert emulator.messages("C0GENERAL") == []


@pytest.mark.parametrize(
    "look",
    [
        lambda emulator: emulator.messages("C0GENERAL", team="T0NONE"),
        lambda emulator: emulator.messages("C0NOWHERE"),
        lambda emulator: emulator.cards("C0NOWHERE"),
        lambda emulator: emulator.call("R0NONE"),
    ],
)
def test_what_is_not_there_is_no_empty_list(emulator: Emulator, look: object) -> None:
    assert callable(look)
    with pytest.raises(SlackError):
        look(emulator)


def test_a_reset_leaves_one_untouched_workspace(
    emulator: Emulator, acme: WebClient, client: WebClient, call_id: str
) -> None:
    emulator.connect_app("http://127.0.0.1:1/slack/events")
    client.chat_postMessage(channel="C0GENERAL", text="Hello")
    emulator.faults.add("*", "error")
    emulator.switches.removal_matches = "id"
    emulator.limits.set("auth.test", 1)
    emulator.reset()
    assert (emulator.messages("C0GENERAL"), emulator.requests(), emulator.faults.described()) == ([], [], [])
    assert error_of(acme.auth_test) == "invalid_auth"
    assert error_of(lambda: client.calls_info(id=call_id)) == "invalid_call_id"
    assert emulator.switches == Switches()
    assert [client.auth_test()["ok"] for _ in range(2)] == [True, True]
    assert emulator.app_link.request_url == "http://127.0.0.1:1/slack/events"


def test_an_emulator_started_again_gives_no_id_twice() -> None:
    before, after = Emulator(now=lambda: 1_700_000_000), Emulator(now=lambda: 1_700_000_001)
    first = {before.ids.next("R") for _ in range(500)}
    assert first.isdisjoint({after.ids.next("R") for _ in range(500)})
