"""users.info, users.lookupByEmail, conversations.info, conversations.open."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.workspace import Channel, Grant, User
from tests.emulator.slack_side import error_of, refusal


def with_scopes(emulator: Emulator, *scopes: str) -> None:
    """Give the bot these scopes and no others."""
    bot = emulator.workspace().bot_grant()
    emulator.workspace().add_grant(Grant(bot.token, bot.user_id, frozenset(scopes), bot.bot_id))


def test_a_user_is_described(client: WebClient) -> None:
    user = client.users_info(user="U0ADA")["user"]
    assert (user["id"], user["team_id"], user["real_name"], user["is_admin"]) == (
        "U0ADA",
        "T0LOCAL",
        "Ada Lovelace",
        True,
    )
    assert (user["profile"]["email"], user["profile"]["first_name"]) == ("ada@example.com", "Ada")
    assert client.users_info(user="U0GRACE")["user"]["is_admin"] is False


def test_an_unknown_user_is_not_found(client: WebClient) -> None:
    assert error_of(lambda: client.users_info(user="U0NOBODY")) == "user_not_found"


def test_without_the_scope_for_it_there_is_no_email(client: WebClient, emulator: Emulator) -> None:
    with_scopes(emulator, "users:read")
    assert "email" not in client.users_info(user="U0ADA")["user"]["profile"]
    assert refusal(lambda: client.users_lookupByEmail(email="ada@example.com"))["needed"] == "users:read.email"


@pytest.mark.parametrize("email", ["ada@example.com", "Ada@Example.COM"])
def test_somebody_is_found_by_email(client: WebClient, email: str) -> None:
    assert client.users_lookupByEmail(email=email)["user"]["id"] == "U0ADA"


def test_nobody_is_found_by_another_email(client: WebClient) -> None:
    assert error_of(lambda: client.users_lookupByEmail(email="nobody@example.com")) == "users_not_found"


def test_who_was_deactivated_is_not_found_by_email(client: WebClient, emulator: Emulator) -> None:
    emulator.workspace().add_user(User("U0ADA", "ada", "Ada Lovelace", "ada@example.com", deleted=True))
    assert error_of(lambda: client.users_lookupByEmail(email="ada@example.com")) == "users_not_found"
    assert client.users_info(user="U0ADA")["user"]["deleted"] is True


def test_a_channel_is_described(client: WebClient, emulator: Emulator) -> None:
    with_scopes(emulator, "channels:read")
    channel = client.conversations_info(channel="C0GENERAL")["channel"]
    assert (channel["id"], channel["name"], channel["is_channel"]) == ("C0GENERAL", "general", True)
    assert (channel["is_private"], channel["is_archived"], channel["is_member"]) == (False, False, False)
    assert client.conversations_info(channel="C0ARCHIVED")["channel"]["is_archived"] is True


def test_the_usual_scopes_do_not_let_the_bot_look_at_channels(client: WebClient) -> None:
    body = refusal(lambda: client.conversations_info(channel="C0GENERAL"))
    assert (body["error"], body["needed"]) == ("missing_scope", "channels:read,groups:read,mpim:read,im:read")


def test_each_kind_of_channel_has_its_own_scope(client: WebClient, emulator: Emulator) -> None:
    with_scopes(emulator, "im:read")
    emulator.workspace().add_channel(Channel("G0TEAM", "team", "private", ["U0BOT"]))
    assert refusal(lambda: client.conversations_info(channel="C0GENERAL"))["needed"] == "channels:read"
    assert refusal(lambda: client.conversations_info(channel="G0TEAM"))["needed"] == "groups:read"


@pytest.mark.parametrize("channel", ["G0SECRET", "D0ADAGRACE", "C0NOWHERE"])
def test_what_the_bot_is_not_in_it_cannot_see(client: WebClient, emulator: Emulator, channel: str) -> None:
    with_scopes(emulator, "channels:read", "groups:read", "im:read")
    assert error_of(lambda: client.conversations_info(channel=channel)) == "channel_not_found"


def test_a_direct_conversation_is_opened_once(client: WebClient) -> None:
    first = client.conversations_open(users="U0ADA")
    again = client.conversations_open(users="U0ADA")
    assert first["channel"]["id"].startswith("D")
    assert "already_open" not in first.data
    assert (again["already_open"], again["channel"]) == (True, first["channel"])


def test_an_opened_conversation_is_described_on_request(client: WebClient) -> None:
    channel = client.conversations_open(users="U0ADA", return_im=True)["channel"]
    assert (channel["is_im"], channel["user"]) == (True, "U0ADA")


def test_a_conversation_with_several_is_a_group_and_needs_its_scope(client: WebClient, emulator: Emulator) -> None:
    both = ["U0ADA", "U0GRACE"]
    assert refusal(lambda: client.conversations_open(users=both))["needed"] == "mpim:write"
    with_scopes(emulator, "mpim:write")
    channel = client.conversations_open(users=both)["channel"]["id"]
    assert emulator.workspace().channel(channel).kind == "mpim"


def test_an_opened_conversation_can_be_opened_by_its_id(client: WebClient) -> None:
    channel = client.conversations_open(users="U0ADA")["channel"]["id"]
    assert client.conversations_open(channel=channel)["channel"]["id"] == channel


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "users_list_not_supplied"),
        ({"users": " , "}, "users_list_not_supplied"),
        ({"users": "U0NOBODY"}, "user_not_found"),
        ({"users": ",".join(["U0ADA"] * 9)}, "too_many_users"),
        ({"channel": "D0ADAGRACE"}, "channel_not_found"),
        ({"channel": "C0GENERAL"}, "channel_not_found"),
    ],
)
def test_what_cannot_be_opened(client: WebClient, asked: dict[str, str], code: str) -> None:
    assert error_of(lambda: client.api_call("conversations.open", params=asked)) == code
