"""What MiroTalk is asked, and what becomes of its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.meetings import Meeting, MeetingRequest, Visitor
from app.errors import ConfigurationError, PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.providers.base import Provider
from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.mirotalk.server import KEY, MiroTalkServer, not_found, told
from tests.providers.standin import HANG_UP, Reply

WISH = MeetingRequest(key="weekly-1", title="Weekly sync")
MEETING = Meeting(id="weekly-1")
ADA = Visitor(key="slack-T1-U1", name="Ada & “Lovelace”", avatar_url="https://example.com/ada.png")


@pytest.fixture
def server() -> Iterator[MiroTalkServer]:
    with MiroTalkServer() as started:
        yield started


@pytest.fixture
def mirotalk(server: MiroTalkServer) -> Provider:
    return load_providers(server.settings(), MovedClock(NOON))["mirotalk"]


def test_the_key_is_the_room(mirotalk: Provider) -> None:
    assert mirotalk.create_meeting(WISH) == MEETING


def test_a_visitor_comes_in_under_their_own_name(mirotalk: Provider) -> None:
    parts = urlsplit(mirotalk.personal_link(MEETING, ADA).url)
    assert parts.path == "/join"
    assert parse_qs(parts.query) == {
        "room": ["weekly-1"],
        "name": [ADA.name],
        "avatar": [ADA.avatar_url],
        "audio": ["true"],
        "video": ["false"],
        "notify": ["false"],
    }


def test_a_visitor_without_a_picture_has_none(mirotalk: Provider, server: MiroTalkServer) -> None:
    mirotalk.personal_link(MEETING, Visitor(key="guest", name="Grace"))
    assert "avatar" not in json.loads(server.asked[-1].body)


def test_the_api_is_asked_under_the_address_that_is_set(mirotalk: Provider, server: MiroTalkServer) -> None:
    mirotalk.create_meeting(WISH)
    mirotalk.end_meeting(MEETING)
    assert [(asked.method, asked.path) for asked in server.asked] == [
        ("POST", "/api/v1/join"),
        ("DELETE", "/api/v1/meeting/weekly-1"),
    ]
    assert {asked.headers["authorization"] for asked in server.asked} == {KEY}


def test_everybody_is_put_out(mirotalk: Provider, server: MiroTalkServer) -> None:
    server.rooms.add("weekly-1")
    mirotalk.end_meeting(MEETING)
    assert server.rooms == set()


def test_a_room_with_nobody_in_it_is_ended_already(mirotalk: Provider) -> None:
    mirotalk.end_meeting(MEETING)


def test_a_server_that_cannot_end_meetings_is_not_believed_to_have_done_so(
    mirotalk: Provider, server: MiroTalkServer
) -> None:
    server.next_reply(not_found())
    with pytest.raises(PermanentFailure, match="too old to end meetings"):
        mirotalk.end_meeting(MEETING)


def test_what_the_server_does_not_allow_is_told(mirotalk: Provider, server: MiroTalkServer) -> None:
    server.next_reply(told(403, {"success": False, "error": "This endpoint has been disabled."}))
    with pytest.raises(PermanentFailure, match=r"This endpoint has been disabled.*Check MIROTALK_API_KEY_SECRET"):
        mirotalk.end_meeting(MEETING)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(429, headers={"Retry-After": "7"}), RateLimited),
        (Reply(503), TemporaryFailure),
        (HANG_UP, TemporaryFailure),
        (Reply(200, b"<html>a proxy's page</html>"), TemporaryFailure),
        (not_found(), PermanentFailure),
        (told(200, {}), PermanentFailure),
        (told(200, {"join": "javascript:alert(1)"}), PermanentFailure),
        (told(200, {"join": "https://meet.example.com/join?name=Ada Lovelace"}), PermanentFailure),
    ],
)
def test_no_link_is_given_that_the_server_did_not_give(
    mirotalk: Provider, server: MiroTalkServer, reply: Reply, kind: type[RequestFailed]
) -> None:
    server.next_reply(reply)
    with pytest.raises(kind):
        mirotalk.personal_link(MEETING, ADA)


def test_a_call_ends_after_four_hours_or_what_is_set(server: MiroTalkServer, mirotalk: Provider) -> None:
    longer = load_providers({**server.settings(), "MIROTALK_LIMIT_HOURS": "8"}, MovedClock(NOON))["mirotalk"]
    assert (mirotalk.limit_seconds, longer.limit_seconds) == (4 * 3600, 8 * 3600)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"MIROTALK_URL": "meet.example.com"}, "MIROTALK_URL: must be an address"),
        ({"MIROTALK_API_KEY_SECRET": ""}, "MIROTALK_API_KEY_SECRET: is missing"),
        ({"MIROTALK_API_KEY_SECRET": "two words"}, "MIROTALK_API_KEY_SECRET: must be printable ASCII without spaces"),
        ({"MIROTALK_LIMIT_HOURS": "0"}, "MIROTALK_LIMIT_HOURS: Input should be greater than 0"),
    ],
)
def test_wrong_settings_are_told(server: MiroTalkServer, given: dict[str, str], complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load_providers({**server.settings(), **given}, MovedClock(NOON))
    assert complaint in str(raised.value)
