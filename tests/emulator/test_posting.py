"""chat.postMessage, chat.postEphemeral and chat.update."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.workspace import Channel, Grant
from tests.emulator.slack_side import Clock, error_of, refusal


def without_scopes(emulator: Emulator, *scopes: str) -> None:
    """Take scopes from the bot."""
    workspace = emulator.workspace()
    bot = workspace.bot_grant()
    workspace.add_grant(Grant(bot.token, bot.user_id, bot.scopes - set(scopes), bot.bot_id))


def test_a_message_stands_in_its_channel(client: WebClient, emulator: Emulator) -> None:
    answer = client.chat_postMessage(channel="C0GENERAL", text="Hello")
    assert emulator.messages("C0GENERAL") == [answer["message"]]
    assert (answer["channel"], answer["message"]["text"], answer["message"]["user"]) == ("C0GENERAL", "Hello", "U0BOT")
    assert emulator.messages("C0RANDOM") == []


def test_timestamps_grow_even_when_the_clock_stands_still(client: WebClient, emulator: Emulator) -> None:
    emulator.limits.off()
    stamps = [client.chat_postMessage(channel="C0GENERAL", text="Hello")["ts"] for _ in range(4)]
    assert stamps == sorted(set(stamps))
    assert stamps[0] == "1700000000.250000"


def test_timestamps_grow_even_when_the_clock_goes_back(client: WebClient, emulator: Emulator, clock: Clock) -> None:
    emulator.limits.off()
    first = client.chat_postMessage(channel="C0GENERAL", text="Hello")["ts"]
    clock.forward(-100)
    assert client.chat_postMessage(channel="C0GENERAL", text="Hello")["ts"] > first


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ("C0NOWHERE", "channel_not_found"),
        ("G0SECRET", "channel_not_found"),
        ("D0ADAGRACE", "channel_not_found"),
        ("C0ARCHIVED", "is_archived"),
        ("#nowhere", "channel_not_found"),
    ],
)
def test_where_the_bot_may_not_post(client: WebClient, channel: str, code: str) -> None:
    assert error_of(lambda: client.chat_postMessage(channel=channel, text="Hello")) == code


def test_a_public_channel_needs_membership_or_the_scope_for_it(client: WebClient, emulator: Emulator) -> None:
    without_scopes(emulator, "chat:write.public")
    assert error_of(lambda: client.chat_postMessage(channel="C0GENERAL", text="Hello")) == "not_in_channel"
    emulator.workspace().channel("C0GENERAL").members.append("U0BOT")
    assert client.chat_postMessage(channel="C0GENERAL", text="Hello")["ok"]


def test_the_bot_posts_in_a_private_channel_that_it_is_in(client: WebClient, emulator: Emulator) -> None:
    emulator.workspace().add_channel(Channel("G0TEAM", "team", "private", ["U0ADA", "U0BOT"]))
    assert client.chat_postMessage(channel="G0TEAM", text="Hello")["channel"] == "G0TEAM"


def test_a_channel_can_be_named(client: WebClient) -> None:
    assert client.chat_postMessage(channel="#general", text="Hello")["channel"] == "C0GENERAL"


def test_a_message_to_a_person_opens_the_direct_conversation_once(client: WebClient) -> None:
    first = client.chat_postMessage(channel="U0ADA", text="Hello")["channel"]
    assert first.startswith("D")
    assert client.chat_postMessage(channel="U0ADA", text="Again")["channel"] == first


@pytest.mark.parametrize("said", [{}, {"text": ""}, {"text": "  "}, {"text": "", "blocks": []}])
def test_a_message_has_to_say_something(http: httpx.Client, said: dict[str, Any]) -> None:
    assert http.post("/api/chat.postMessage", json={"channel": "C0GENERAL", **said}).json()["error"] == "no_text"


def test_a_long_text_is_cut(client: WebClient) -> None:
    assert len(client.chat_postMessage(channel="C0GENERAL", text="x" * 40_001)["message"]["text"]) == 40_000


def test_a_thread_is_kept(client: WebClient, emulator: Emulator) -> None:
    parent = client.chat_postMessage(channel="C0GENERAL", text="Hello")["ts"]
    client.chat_postMessage(channel="C0GENERAL", text="Reply", thread_ts=parent)
    assert emulator.messages("C0GENERAL")[-1]["thread_ts"] == parent


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"thread_ts": "yesterday"}, "invalid_thread_ts"),
        ({"blocks": "not json"}, "invalid_blocks_format"),
        ({"blocks": "{}"}, "invalid_blocks_format"),
        ({"blocks": '["text"]'}, "invalid_blocks_format"),
        ({"attachments": "[1]"}, "invalid_attachments"),
        ({"metadata": '{"event_type": "x"}'}, "invalid_metadata_format"),
        ({"metadata": "[]"}, "invalid_metadata_format"),
    ],
)
def test_a_malformed_message_is_refused(http: httpx.Client, wrong: dict[str, str], code: str) -> None:
    asked = {"channel": "C0GENERAL", "text": "Hello", **wrong}
    assert http.post("/api/chat.postMessage", data=asked).json()["error"] == code


def test_attachments_are_enough_to_say(client: WebClient, emulator: Emulator) -> None:
    client.chat_postMessage(channel="C0GENERAL", attachments=[{"text": "Hello", "fallback": "Hello"}])
    assert emulator.messages("C0GENERAL")[0]["attachments"] == [{"text": "Hello", "fallback": "Hello"}]


def test_metadata_shows_its_type_but_not_its_payload(client: WebClient, emulator: Emulator) -> None:
    metadata = {"event_type": "call_started", "event_payload": {"id": 1}}
    client.chat_postMessage(channel="C0GENERAL", text="Hello", metadata=metadata)
    assert emulator.messages("C0GENERAL")[0]["metadata"] == {"event_type": "call_started"}


@pytest.mark.parametrize("encode", [lambda blocks: {"json": blocks}, lambda blocks: {"data": blocks}])
def test_blocks_travel_in_json_and_in_forms(
    http: httpx.Client, call_id: str, encode: Callable[[Any], dict[str, Any]]
) -> None:
    blocks = json.dumps([{"type": "call", "call_id": call_id}])
    asked = encode({"channel": "C0GENERAL", "text": "Hello", "blocks": blocks})
    answer = http.post("/api/chat.postMessage", **asked).json()
    assert answer["message"]["blocks"][0]["call_id"] == call_id


def test_only_one_person_sees_an_ephemeral_message(client: WebClient, emulator: Emulator) -> None:
    answer = client.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="Psst")
    (seen,) = emulator.ephemerals("U0ADA")
    assert (seen["ts"], seen["text"], seen["channel"]) == (answer["message_ts"], "Psst", "C0GENERAL")
    assert emulator.messages("C0GENERAL") == emulator.ephemerals("U0GRACE") == []


def test_an_ephemeral_message_is_only_for_somebody_in_the_channel(client: WebClient) -> None:
    assert (
        error_of(lambda: client.chat_postEphemeral(channel="C0GENERAL", user="U0BOT", text="Psst"))
        == "user_not_in_channel"
    )


def test_an_ephemeral_card_does_not_make_the_call_stand_in_the_channel(
    client: WebClient, emulator: Emulator, call_id: str
) -> None:
    block = {"type": "call", "call_id": call_id}
    client.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="Psst", blocks=[block])
    assert emulator.call(call_id)["channels"] == emulator.cards("C0GENERAL") == []


def test_an_ephemeral_card_is_refused_where_the_switch_says_so(
    client: WebClient, emulator: Emulator, call_id: str
) -> None:
    emulator.switches.call_block_in_ephemeral = "invalid_blocks"
    asked: dict[str, Any] = {"channel": "C0GENERAL", "user": "U0ADA", "text": "Psst"}
    block = {"type": "call", "call_id": call_id}
    assert error_of(lambda: client.chat_postEphemeral(**asked, blocks=[block])) == "invalid_blocks"


def test_an_ephemeral_message_has_to_say_something(http: httpx.Client) -> None:
    asked = {"channel": "C0GENERAL", "user": "U0ADA"}
    assert http.post("/api/chat.postEphemeral", data=asked).json()["error"] == "no_text"


def test_a_message_can_be_edited(client: WebClient, emulator: Emulator, call_id: str) -> None:
    posted = client.chat_postMessage(channel="C0GENERAL", text="Hello")
    block = {"type": "call", "call_id": call_id}
    answer = client.chat_update(channel="C0GENERAL", ts=posted["ts"], text="Changed", blocks=[block])
    (message,) = emulator.messages("C0GENERAL")
    assert (answer["ts"], answer["text"], answer["message"]) == (posted["ts"], "Changed", message)
    assert message["edited"]["user"] == "U0BOT"
    assert emulator.call(call_id)["channels"] == ["C0GENERAL"]


def test_an_edit_keeps_the_thread(client: WebClient, emulator: Emulator) -> None:
    parent = client.chat_postMessage(channel="C0GENERAL", text="Hello")["ts"]
    reply = client.chat_postMessage(channel="C0GENERAL", text="Reply", thread_ts=parent)["ts"]
    client.chat_update(channel="C0GENERAL", ts=reply, text="Better reply")
    assert emulator.messages("C0GENERAL")[-1]["thread_ts"] == parent


def test_only_messages_that_exist_can_be_edited(client: WebClient) -> None:
    asked: dict[str, Any] = {"channel": "C0GENERAL", "text": "Changed"}
    assert error_of(lambda: client.chat_update(**asked, ts="1.000000")) == "message_not_found"


def test_only_own_messages_can_be_edited(client: WebClient, emulator: Emulator) -> None:
    emulator.workspace().add_grant(Grant("xoxb-other", "USLACKBOT", frozenset({"chat:write"}), "B0OTHER"))
    posted = client.chat_postMessage(channel="C0GENERAL", text="Hello")["ts"]
    other = WebClient("xoxb-other", base_url=emulator.api_url, retry_handlers=[])
    asked: dict[str, Any] = {"channel": "C0GENERAL", "ts": posted, "text": "Changed"}
    assert error_of(lambda: other.chat_update(**asked)) == "cant_update_message"


def test_an_edit_has_to_say_something(client: WebClient, http: httpx.Client) -> None:
    posted = client.chat_postMessage(channel="C0GENERAL", text="Hello")["ts"]
    asked = {"channel": "C0GENERAL", "ts": posted, "text": ""}
    assert http.post("/api/chat.update", data=asked).json()["error"] == "no_text"


def test_a_missing_channel_is_named(http: httpx.Client) -> None:
    messages = http.post("/api/chat.postMessage", data={"text": "Hello"}).json()["response_metadata"]["messages"]
    assert messages == ["[ERROR] missing required field: channel"]


def test_the_scope_for_posting_is_needed(client: WebClient, emulator: Emulator) -> None:
    without_scopes(emulator, "chat:write")
    body = refusal(lambda: client.chat_postMessage(channel="C0GENERAL", text="Hello"))
    assert (body["error"], body["needed"]) == ("missing_scope", "chat:write")
    assert "calls:write" in body["provided"].split(",")
