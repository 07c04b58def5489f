"""The card: a posted `call` block, filled in and kept live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from tests.emulator.slack_side import ADA, Clock

ANONYMOUS = {
    "external_id": "anon-111",
    "avatar_url": "https://assets.brandfolder.com/xxx/slackbot.png",
    "display_name": "anonymous user 1",
}


@pytest.fixture
def card_id(client: WebClient) -> str:
    """A call like the recorded one, standing in #general."""
    call = client.calls_add(
        external_unique_id="unique-111",
        external_display_id="ext-display-id-111",
        join_url="https://www.example.com/calls-test",
        desktop_app_join_url="https://www.example.com/calls-test",
        date_start=1596711312,
        title="Test call",
        created_by="U0ADA",
        users=[ANONYMOUS, {"slack_id": "USLACKBOT"}],
    )["call"]
    client.chat_postMessage(channel="C0GENERAL", text="Test call", blocks=[{"type": "call", "call_id": call["id"]}])
    return str(call["id"])


def block_in(emulator: Emulator, channel: str = "C0GENERAL") -> dict[str, Any]:
    block: dict[str, Any] = emulator.messages(channel)[-1]["blocks"][0]
    return block


def test_an_active_card_looks_like_the_recorded_one(
    emulator: Emulator, card_id: str, sample: Callable[[str], Any]
) -> None:
    recorded, shown = sample("call_block_active.json"), block_in(emulator)
    local = {"id": card_id, "app_id": "A0LOCAL", "created_by": "U0ADA", "channels": ["C0GENERAL"]}
    icons = {"app_icon_urls": shown["call"]["v1"]["app_icon_urls"]}
    expected = recorded["call"]["v1"] | local | icons
    assert set(icons["app_icon_urls"]) == set(recorded["call"]["v1"]["app_icon_urls"])
    assert shown == recorded | {
        "call_id": card_id,
        "block_id": shown["block_id"],
        "call": {"v1": expected, "media_backend_type": "platform_call"},
    }
    assert list(shown["call"]["v1"]) == list(expected)


def test_an_ended_card_looks_like_the_recorded_one(
    client: WebClient, emulator: Emulator, sample: Callable[[str], Any]
) -> None:
    recorded = sample("call_block_ended.json")["call"]["v1"]
    call_id = client.calls_add(
        external_unique_id="zoom-1",
        external_display_id=recorded["display_id"],
        join_url=recorded["join_url"],
        date_start=recorded["date_start"],
        title=recorded["name"],
        created_by="U0ADA",
        users=[ADA, recorded["all_participants"][1]],
    )["call"]["id"]
    client.chat_postMessage(channel="C0GENERAL", text="Call", blocks=[{"type": "call", "call_id": call_id}])
    client.calls_end(id=call_id, duration=1140)
    (shown,) = emulator.cards("C0GENERAL")
    local = {name: shown[name] for name in ("id", "app_id", "app_icon_urls", "created_by", "channels")}
    assert shown == recorded | local | {"all_participants": [ADA, recorded["all_participants"][1]]}


def test_a_message_with_a_card_has_the_recorded_envelope(
    emulator: Emulator, card_id: str, sample: Callable[[str], Any]
) -> None:
    recorded, (message,) = sample("call_block_message.json"), emulator.messages("C0GENERAL")
    # `subtype` belongs to the bots of old; today's carry user and app instead.
    assert set(message) == set(recorded) - {"subtype"} | {"user", "app_id"}
    assert set(message["bot_profile"]) == set(recorded["bot_profile"])
    assert message["blocks"][0]["call_id"] == card_id


def test_who_leaves_stays_on_the_card_as_somebody_who_was_there(
    client: WebClient, emulator: Emulator, card_id: str
) -> None:
    client.calls_participants_remove(id=card_id, users=[ANONYMOUS])
    (card,) = emulator.cards("C0GENERAL")
    assert card["active_participants"] == [{"slack_id": "USLACKBOT"}]
    assert card["all_participants"] == [ANONYMOUS, {"slack_id": "USLACKBOT"}]


def test_who_comes_back_is_on_the_card_once(client: WebClient, emulator: Emulator, card_id: str) -> None:
    client.calls_participants_remove(id=card_id, users=[ANONYMOUS])
    renamed = {**ANONYMOUS, "display_name": "Kim"}
    client.calls_participants_add(id=card_id, users=[renamed])
    (card,) = emulator.cards("C0GENERAL")
    assert card["all_participants"] == [renamed, {"slack_id": "USLACKBOT"}]


def test_the_same_human_under_another_id_is_on_the_card_twice(
    client: WebClient, emulator: Emulator, card_id: str
) -> None:
    client.calls_participants_remove(id=card_id, users=[ANONYMOUS])
    client.calls_participants_add(id=card_id, users=[{**ANONYMOUS, "external_id": "anon-222"}])
    names = [person.get("display_name") for person in emulator.cards("C0GENERAL")[0]["all_participants"]]
    assert names == ["anonymous user 1", None, "anonymous user 1"]


def test_a_rename_reaches_every_posted_card(client: WebClient, emulator: Emulator, card_id: str) -> None:
    client.chat_postMessage(channel="C0RANDOM", text="Again", blocks=[{"type": "call", "call_id": card_id}])
    client.calls_update(id=card_id, title="Renamed")
    assert [emulator.cards(channel)[0]["name"] for channel in ("C0GENERAL", "C0RANDOM")] == ["Renamed", "Renamed"]


def test_the_end_empties_the_card_but_remembers_everybody(
    client: WebClient, emulator: Emulator, clock: Clock, card_id: str
) -> None:
    client.calls_end(id=card_id)
    card = emulator.call(card_id)
    assert (card["has_ended"], card["date_end"], card["active_participants"]) == (True, int(clock()), [])
    assert card["all_participants"] == [ANONYMOUS, {"slack_id": "USLACKBOT"}]


def test_a_call_that_ends_at_the_epoch_still_has_ended(client: WebClient, emulator: Emulator) -> None:
    call = client.calls_add(external_unique_id="old", join_url="https://example.com", date_start=1)["call"]
    client.calls_end(id=call["id"], duration=0)
    assert emulator.call(call["id"])["has_ended"] is True


def test_a_card_without_an_app_link_has_no_key_for_it(emulator: Emulator, call_id: str) -> None:
    assert "desktop_app_join_url" not in emulator.call(call_id)


def test_the_block_keeps_the_id_it_was_sent_with(client: WebClient, emulator: Emulator, call_id: str) -> None:
    block = {"type": "call", "call_id": call_id, "block_id": "mine"}
    client.chat_postMessage(channel="C0GENERAL", text="A call", blocks=[block])
    assert block_in(emulator)["block_id"] == "mine"


def test_the_answer_to_the_post_already_shows_the_card(client: WebClient, call_id: str) -> None:
    answer = client.chat_postMessage(channel="C0GENERAL", text="Hi", blocks=[{"type": "call", "call_id": call_id}])
    assert answer["message"]["blocks"][0]["call"]["v1"]["id"] == call_id


def test_reading_a_card_cannot_change_the_call(emulator: Emulator, card_id: str) -> None:
    emulator.call(card_id)["active_participants"][0]["display_name"] = "Mallory"
    assert emulator.call(card_id)["active_participants"][0] == ANONYMOUS
