"""What an app can read of a workspace: lists in pages, histories, threads, profiles, the team and its bot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.workspace import Grant
from tests.emulator.slack_side import Clock, error_of, refusal

Json = dict[str, Any]
EVERYTHING = frozenset(
    {
        "chat:write",
        "chat:write.public",
        "team:read",
        "users.profile:read",
        "users:read",
        "users:read.email",
        *(f"{kind}:{what}" for kind in ("channels", "groups", "im", "mpim") for what in ("history", "read")),
    }
)


@pytest.fixture
def client(emulator: Emulator) -> WebClient:
    """A bot that may read everything and is in #general."""
    emulator.workspace().add_grant(Grant("xoxb-local", "U0BOT", EVERYTHING, "B0BOT"))
    emulator.workspace().channel("C0GENERAL").members.append("U0BOT")
    return WebClient("xoxb-local", base_url=emulator.api_url, retry_handlers=[])


@pytest.fixture
def grace(emulator: Emulator) -> WebClient:
    """A client with a user token of somebody who is no administrator."""
    scopes = frozenset({"users.profile:write", "users.profile:read"})
    emulator.workspace().add_grant(Grant("xoxp-grace", "U0GRACE", scopes))
    return WebClient("xoxp-grace", base_url=emulator.api_url, retry_handlers=[])


def texts(answer: Any) -> list[str]:
    return [message["text"] for message in answer["messages"]]


def all_pages(pages: Iterable[Any], name: str) -> list[list[Any]]:
    return [page[name] for page in pages]


def test_channels_are_listed_as_far_as_the_bot_sees_them(client: WebClient) -> None:
    public = client.conversations_list()["channels"]
    assert [each["id"] for each in public] == ["C0GENERAL", "C0RANDOM", "C0ARCHIVED"]
    assert [each["is_member"] for each in public] == [True, False, False]
    active = client.conversations_list(types="public_channel,private_channel", exclude_archived=True)["channels"]
    assert [each["id"] for each in active] == ["C0GENERAL", "C0RANDOM"]


def test_lists_come_in_pages_as_the_sdk_turns_them(client: WebClient) -> None:
    assert [len(page) for page in all_pages(client.conversations_list(limit=2), "channels")] == [2, 1]
    assert [len(page) for page in all_pages(client.users_list(limit=2), "members")] == [2, 2, 1]
    pages = all_pages(client.conversations_members(channel="C0GENERAL", limit=3), "members")
    assert pages == [["U0ADA", "U0GRACE", "U0ALAN"], ["U0BOT"]]


def test_everybody_is_listed_with_the_last_page_saying_so(client: WebClient) -> None:
    answer = client.users_list()
    assert {"U0ADA", "U0BOT", "USLACKBOT"} <= {each["id"] for each in answer["members"]}
    assert answer["response_metadata"] == {"next_cursor": ""}


def test_a_history_is_newest_first_and_without_replies(client: WebClient) -> None:
    first = client.chat_postMessage(channel="C0GENERAL", text="one")["ts"]
    client.chat_postMessage(channel="C0GENERAL", text="reply", thread_ts=first)
    client.chat_postMessage(channel="C0GENERAL", text="two")
    answer = client.conversations_history(channel="C0GENERAL")
    assert (texts(answer), answer["has_more"]) == (["two", "one"], False)
    (root,) = [each for each in answer["messages"] if each["text"] == "one"]
    assert (root["thread_ts"], root["reply_count"], root["reply_users"]) == (first, 1, ["U0BOT"])


def test_a_history_has_pages_and_ends(client: WebClient, clock: Clock) -> None:
    for text in "abc":
        clock.forward(1)
        client.chat_postMessage(channel="C0GENERAL", text=text)
    pages = client.conversations_history(channel="C0GENERAL", limit=2)
    assert [texts(page) for page in pages] == [["c", "b"], ["a"]]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"oldest": "b"}, ["c"]),
        ({"latest": "b"}, ["a"]),
        ({"oldest": "b", "inclusive": True}, ["c", "b"]),
        ({"oldest": "a", "latest": "c"}, ["b"]),
        ({"oldest": "b", "latest": "b", "inclusive": True}, ["b"]),
    ],
)
def test_a_history_has_bounds(client: WebClient, clock: Clock, bounds: Json, expected: list[str]) -> None:
    posted = {}
    for text in "abc":
        clock.forward(1)
        posted[text] = client.chat_postMessage(channel="C0GENERAL", text=text)["ts"]
    given = {name: posted.get(value, value) for name, value in bounds.items()}
    assert texts(client.conversations_history(channel="C0GENERAL", **given)) == expected


def test_a_thread_is_read_from_its_root_or_a_reply(client: WebClient) -> None:
    root = client.chat_postMessage(channel="C0GENERAL", text="root")["ts"]
    reply = client.chat_postMessage(channel="C0GENERAL", text="reply", thread_ts=root)["ts"]
    for ts in (root, reply):
        assert texts(client.conversations_replies(channel="C0GENERAL", ts=ts)) == ["root", "reply"]


def test_metadata_is_whole_only_on_request(client: WebClient) -> None:
    metadata = {"event_type": "call", "event_payload": {"id": "R1"}}
    client.chat_postMessage(channel="C0GENERAL", text="Hi", metadata=metadata)
    (plain,) = client.conversations_history(channel="C0GENERAL")["messages"]
    (whole,) = client.conversations_history(channel="C0GENERAL", include_all_metadata=True)["messages"]
    assert (plain["metadata"], whole["metadata"]) == ({"event_type": "call"}, metadata)


def test_a_message_has_a_link(client: WebClient) -> None:
    root = client.chat_postMessage(channel="C0GENERAL", text="root")["ts"]
    reply = client.chat_postMessage(channel="C0GENERAL", text="reply", thread_ts=root)["ts"]
    link = client.chat_getPermalink(channel="C0GENERAL", message_ts=root)["permalink"]
    assert link == f"https://local.slack.com/archives/C0GENERAL/p{root.replace('.', '')}"
    answer = client.chat_getPermalink(channel="C0GENERAL", message_ts=reply)
    assert answer["permalink"].endswith(f"?thread_ts={root}&cid=C0GENERAL")


def test_a_deleted_message_is_gone_also_from_its_thread(emulator: Emulator, client: WebClient) -> None:
    root = client.chat_postMessage(channel="C0GENERAL", text="root")["ts"]
    reply = client.chat_postMessage(channel="C0GENERAL", text="reply", thread_ts=root)["ts"]
    assert client.chat_delete(channel="C0GENERAL", ts=reply).data == {"ok": True, "channel": "C0GENERAL", "ts": reply}
    (left,) = emulator.messages("C0GENERAL")
    assert "reply_count" not in left
    assert error_of(lambda: client.chat_delete(channel="C0GENERAL", ts=reply)) == "message_not_found"


def test_a_bot_does_not_delete_what_people_say(emulator: Emulator, client: WebClient) -> None:
    ts = emulator.say("U0ADA", "C0GENERAL", "Mine")["ts"]
    assert error_of(lambda: client.chat_delete(channel="C0GENERAL", ts=ts)) == "cant_delete_message"


def test_the_team_and_its_bot_are_described(client: WebClient) -> None:
    team = client.team_info()["team"]
    assert (team["id"], team["name"], team["domain"]) == ("T0LOCAL", "Local", "local")
    bot = client.bots_info(bot="B0BOT")["bot"]
    assert (bot["id"], bot["app_id"], bot["user_id"]) == ("B0BOT", "A0LOCAL", "U0BOT")


def test_a_profile_is_read_and_written(client: WebClient, grace: WebClient) -> None:
    grace.users_profile_set(profile={"status_text": "In a call", "status_emoji": ":telephone:"})
    grace.users_profile_set(name="title", value="Admiral")
    profile = client.users_profile_get(user="U0GRACE")["profile"]
    assert (profile["status_text"], profile["status_emoji"], profile["title"]) == (
        "In a call",
        ":telephone:",
        "Admiral",
    )
    assert client.users_info(user="U0GRACE")["user"]["profile"] == profile


BAD: list[tuple[str, Json, str]] = [
    ("conversations.list", {"types": "huddle"}, "invalid_types"),
    ("conversations.list", {"cursor": "x"}, "invalid_cursor"),
    ("conversations.list", {"cursor": "bmV4dDo5OTk="}, "invalid_cursor"),
    ("conversations.list", {"limit": "many"}, "invalid_limit"),
    ("conversations.list", {"limit": 1001}, "invalid_limit"),
    ("users.list", {"limit": -1}, "invalid_limit"),
    ("conversations.members", {}, "invalid_arguments"),
    ("conversations.members", {"channel": "C0NOWHERE"}, "channel_not_found"),
    ("conversations.members", {"channel": "G0SECRET"}, "channel_not_found"),
    ("conversations.history", {"channel": "C0RANDOM"}, "not_in_channel"),
    ("conversations.history", {"channel": "D0ADAGRACE"}, "channel_not_found"),
    ("conversations.history", {"channel": "C0GENERAL", "oldest": "yesterday"}, "invalid_ts_oldest"),
    ("conversations.history", {"channel": "C0GENERAL", "latest": "now"}, "invalid_ts_latest"),
    ("conversations.replies", {"channel": "C0GENERAL"}, "invalid_arguments"),
    ("conversations.replies", {"channel": "C0GENERAL", "ts": "1.000000"}, "thread_not_found"),
    ("chat.getPermalink", {"channel": "C0GENERAL", "message_ts": "1.000000"}, "message_not_found"),
    ("chat.getPermalink", {"channel": "C0NOWHERE", "message_ts": "1.000000"}, "channel_not_found"),
    ("chat.delete", {"channel": "C0GENERAL", "ts": "1.000000"}, "message_not_found"),
    ("team.info", {"team": "T0OTHER"}, "team_not_found"),
    ("bots.info", {"bot": "B0OTHER"}, "bot_not_found"),
    ("users.profile.get", {"user": "U0NOBODY"}, "user_not_found"),
]


@pytest.mark.parametrize(("method", "args", "error"), BAD)
def test_bad_input_gets_slacks_error(client: WebClient, method: str, args: Json, error: str) -> None:
    assert error_of(lambda: client.api_call(method, params=args)) == error


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"profile": {"status_text": "x" * 101}}, "too_long"),
        ({"profile": {"height": "tall"}}, "profile_set_failed"),
        ({"profile": []}, "invalid_profile"),
        ({"profile": {"title": "x"}, "user": "U0ADA"}, "not_admin"),
        ({"profile": {"title": "x"}, "user": "U0NOBODY"}, "user_not_found"),
    ],
)
def test_a_bad_profile_gets_slacks_error(grace: WebClient, args: Json, error: str) -> None:
    assert error_of(lambda: grace.api_call("users.profile.set", json=args)) == error


@pytest.mark.parametrize(
    ("method", "scope"),
    [("conversations.history", "channels:history"), ("conversations.members", "channels:read")],
)
def test_each_kind_of_conversation_needs_its_scope(
    emulator: Emulator, client: WebClient, method: str, scope: str
) -> None:
    emulator.workspace().add_grant(Grant("xoxb-local", "U0BOT", EVERYTHING - {scope}, "B0BOT"))
    assert refusal(lambda: client.api_call(method, params={"channel": "C0GENERAL"}))["needed"] == scope
