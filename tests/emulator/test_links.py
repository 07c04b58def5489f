"""Links of the app's domains: the event, and showing something in their place; and declining a call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.errors import SlackError
from app.emulator.links import domain_of, links_in
from tests.emulator.slack_side import Clock, error_of
from tests.emulator.test_manifest import FIXTURE

Json = dict[str, Any]
URL = "https://meet.example.com/j/1"


@pytest.fixture
def emulator(clock: Clock) -> Iterator[Emulator]:
    manifest = json.loads(FIXTURE.read_text("utf-8"))
    manifest["oauth_config"]["scopes"]["bot"] += ["im:history", "channels:history", "app_mentions:read"]
    manifest["settings"]["event_subscriptions"]["bot_events"] += ["message.channels", "app_mention"]
    with Emulator(now=clock, manifest=manifest) as running:
        yield running


def shared(heard: list[Json]) -> list[Json]:
    return [each["event"] for each in heard if each["event"]["type"] == "link_shared"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no link", []),
        (f"<{URL}>", [URL]),
        (f"<{URL}|here> and <{URL}>", [URL]),
        ("see https://a.example.com/?a=1&amp;b=2 now", ["https://a.example.com/?a=1&b=2"]),
    ],
)
def test_links_are_found_in_messages(text: str, found: list[str]) -> None:
    assert links_in(text) == found


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://example.com", "example.com"),
        ("https://MEET.example.com:8443/x", "example.com"),
        ("https://notexample.com", None),
        ("https://example.com.evil.com", None),
    ],
)
def test_a_domain_means_what_lies_below_it_too(url: str, domain: str | None) -> None:
    assert domain_of(url, ["example.com"]) == domain


def test_a_posted_link_is_told_with_the_documented_fields(
    emulator: Emulator, heard: list[Json], sample: Callable[[str], Any]
) -> None:
    root = emulator.say("U0GRACE", "C0RANDOM", "root")["ts"]
    ts = emulator.say("U0ADA", "C0RANDOM", f"Join <{URL}> or https://example.org", thread_ts=root)["ts"]
    (event,) = shared(heard)
    assert set(event) - {"event_ts"} == set(sample("link_shared.json")["event"])
    assert event["links"] == [{"domain": "meet.example.com", "url": URL}]
    assert (event["message_ts"], event["thread_ts"], event["channel"]) == (ts, root, "C0RANDOM")
    assert (event["source"], event["is_bot_user_member"]) == ("conversations_history", False)


def test_an_organisation_does_not_name_the_unfurl(emulator: Emulator, heard: list[Json]) -> None:
    emulator.add_enterprise("E0ORG", "The Org", ["T0LOCAL"])
    emulator.say("U0ADA", "C0GENERAL", URL)
    assert not shared(heard)[0].keys() & {"unfurl_id", "source"}


def test_other_links_and_the_apps_own_are_not_told(emulator: Emulator, client: WebClient, heard: list[Json]) -> None:
    emulator.say("U0ADA", "C0GENERAL", "https://example.org/j/1")
    client.chat_postMessage(channel="C0GENERAL", text=URL)
    emulator.deliver_due()
    assert shared(heard) == []


def test_a_link_becomes_a_live_card(emulator: Emulator, client: WebClient, call_id: str) -> None:
    ts = emulator.say("U0ADA", "C0GENERAL", URL)["ts"]
    blocks = [{"type": "call", "call_id": call_id}]
    client.chat_unfurl(channel="C0GENERAL", ts=ts, unfurls={URL: {"blocks": blocks}})
    client.calls_participants_add(id=call_id, users=[{"slack_id": "U0ADA"}])
    (card,) = emulator.cards("C0GENERAL")
    assert card["active_participants"] == [{"slack_id": "U0ADA"}]
    (attachment,) = emulator.messages("C0GENERAL")[0]["attachments"]
    assert (attachment["from_url"], attachment["is_app_unfurl"], attachment["id"]) == (URL, True, 1)
    assert attachment["blocks"][0]["call"]["v1"]["id"] == call_id
    assert client.calls_info(id=call_id)["call"]["channels"] == ["C0GENERAL"]


def test_a_link_is_shown_by_the_id_of_the_event_and_once(
    emulator: Emulator, client: WebClient, heard: list[Json]
) -> None:
    emulator.say("U0ADA", "C0GENERAL", URL)
    event = shared(heard)[0]
    for title in ("One", "Two"):
        client.chat_unfurl(unfurl_id=event["unfurl_id"], source=event["source"], unfurls={URL: {"title": title}})
    assert [each["title"] for each in emulator.messages("C0GENERAL")[0]["attachments"]] == ["Two"]


CARD = {"title": "A call"}
BAD: list[tuple[Json, str]] = [
    ({"ts": None}, "missing_ts"),
    ({"channel": None}, "missing_channel"),
    ({"unfurls": None}, "missing_unfurls"),
    ({"unfurls": "{"}, "invalid_unfurls_format"),
    ({"unfurls": [CARD]}, "invalid_unfurls_format"),
    ({"unfurls": {URL: "A call"}}, "invalid_unfurls_format"),
    ({"unfurls": {URL: {}}}, "invalid_unfurls_format"),
    ({"unfurls": {"https://meet.example.com/other": CARD}}, "cannot_unfurl_url"),
    ({"unfurls": {"https://example.org": CARD}}, "cannot_unfurl_url"),
    ({"unfurls": {URL: {"blocks": [{"type": "huddle"}]}}}, "invalid_blocks"),
    ({"unfurls": {URL: {"blocks": [{"type": "call", "call_id": "R0"}]}}}, "invalid_blocks"),
    ({"channel": "C0NOWHERE"}, "cannot_find_channel"),
    ({"ts": "1.000000"}, "cannot_find_message"),
    ({"source": "conversations_history"}, "missing_unfurl_id"),
    ({"unfurl_id": "C0GENERAL.1.2"}, "missing_source"),
    ({"unfurl_id": "C0GENERAL.1.2", "source": "composer"}, "invalid_source"),
    ({"unfurl_id": "C0GENERAL.1.2", "source": "conversations_history"}, "invalid_unfurl_id"),
]


@pytest.mark.parametrize(("wrong", "error"), BAD)
def test_bad_input_gets_slacks_error(emulator: Emulator, client: WebClient, wrong: Json, error: str) -> None:
    ts = emulator.say("U0ADA", "C0GENERAL", f"{URL} https://example.org")["ts"]
    args = {"channel": "C0GENERAL", "ts": ts, "unfurls": {URL: CARD}, **wrong}
    given = {name: value for name, value in args.items() if value is not None}
    assert error_of(lambda: client.api_call("chat.unfurl", json=given)) == error


def test_a_bot_does_not_unfurl_what_it_said_itself(client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0GENERAL", text=URL)["ts"]
    refused = error_of(lambda: client.chat_unfurl(channel="C0GENERAL", ts=ts, unfurls={URL: CARD}))
    assert refused == "cannot_unfurl_message"


def test_what_people_say_is_told_where_the_bot_takes_part(emulator: Emulator, heard: list[Json]) -> None:
    emulator.say("U0ADA", "C0RANDOM", "Hello")
    emulator.workspace().channel("C0RANDOM").members.append("U0BOT")
    ts = emulator.say("U0ADA", "C0RANDOM", "Hello again")["ts"]
    (event,) = [each["event"] for each in heard]
    assert event.items() >= {"type": "message", "text": "Hello again", "user": "U0ADA", "ts": ts}.items()
    assert (event["channel"], event["channel_type"]) == ("C0RANDOM", "channel")


def test_speaking_to_the_bot_is_a_mention(emulator: Emulator, heard: list[Json]) -> None:
    emulator.say("U0ADA", "C0RANDOM", "<@U0BOT> hello")
    assert [each["event"]["type"] for each in heard] == ["app_mention"]


def post_card(emulator: Emulator, client: WebClient, call_id: str) -> None:
    emulator.workspace().channel("D0ADAGRACE").members.append("U0BOT")
    client.chat_postMessage(channel="D0ADAGRACE", text="A call", blocks=[{"type": "call", "call_id": call_id}])


def test_a_declined_call_is_told_with_the_documented_fields(
    emulator: Emulator, client: WebClient, call_id: str, heard: list[Json], sample: Callable[[str], Any]
) -> None:
    post_card(emulator, client, call_id)
    assert emulator.decline_call("U0GRACE", "D0ADAGRACE", call_id).status == 200
    (event,) = [each["event"] for each in heard]
    assert set(event) == set(sample("call_rejected.json")["event"])
    assert (event["call_id"], event["user_id"], event["external_unique_id"]) == (call_id, "U0GRACE", "meeting-1")
    assert emulator.call(call_id)["was_rejected"] is True


@pytest.mark.parametrize(
    ("user", "channel", "error"),
    [
        ("U0GRACE", "C0GENERAL", "not_allowed"),
        ("U0ALAN", "D0ADAGRACE", "not_in_channel"),
        ("U0NOBODY", "D0ADAGRACE", "user_not_found"),
    ],
)
def test_a_call_is_declined_only_in_a_direct_message(
    emulator: Emulator, client: WebClient, call_id: str, user: str, channel: str, error: str
) -> None:
    post_card(emulator, client, call_id)
    with pytest.raises(SlackError, match=error):
        emulator.decline_call(user, channel, call_id)


def test_an_ended_call_cannot_be_declined(emulator: Emulator, client: WebClient, call_id: str) -> None:
    post_card(emulator, client, call_id)
    client.calls_end(id=call_id)
    with pytest.raises(SlackError, match="inactive_call"):
        emulator.decline_call("U0GRACE", "D0ADAGRACE", call_id)


@pytest.mark.parametrize(
    ("say", "error"),
    [
        (("U0NOBODY", "C0GENERAL", "Hi"), "user_not_found"),
        (("U0ADA", "C0NOWHERE", "Hi"), "channel_not_found"),
        (("U0ALAN", "G0SECRET", "Hi"), "not_in_channel"),
        (("U0ADA", "C0ARCHIVED", "Hi"), "is_archived"),
        (("U0ADA", "C0GENERAL", " "), "no_text"),
        (("U0ADA", "C0GENERAL", "Hi", "1.000000"), "thread_not_found"),
    ],
)
def test_nobody_speaks_where_they_cannot(emulator: Emulator, say: tuple[str, ...], error: str) -> None:
    with pytest.raises(SlackError, match=error):
        emulator.say(*say)
