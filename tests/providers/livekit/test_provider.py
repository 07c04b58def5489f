"""What we ask of a LiveKit server, over HTTP in its own protobuf."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from livekit import api
from livekit.protocol.models import ParticipantInfo, ParticipantPermission

from app.domain.meetings import Meeting, MeetingRequest, Person, Roster, Visitor
from app.errors import ConfigurationError, PermanentFailure, RateLimited, TemporaryFailure
from app.providers.base import Provider
from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.livekit.server import KEY, SECRET, LiveKitServer, twirp_error
from tests.providers.standin import HANG_UP, Reply, nobody_there

WEEKLY = MeetingRequest(key="weekly-1", title="Weekly sync")
ADA = Visitor(key="slack-T1-U1", name="Ada Lovelace")


@pytest.fixture
def server() -> Iterator[LiveKitServer]:
    with LiveKitServer() as running:
        yield running


@pytest.fixture
def livekit(server: LiveKitServer) -> Provider:
    return provider(server.settings())


def provider(env: dict[str, str]) -> Provider:
    return load_providers(env, MovedClock(NOON))["livekit"]


def participant(**fields: Any) -> ParticipantInfo:
    return ParticipantInfo(**{"sid": "PA_1", "identity": "ada", "state": ParticipantInfo.State.ACTIVE, **fields})


# --- Rooms ------------------------------------------------------------------------------------------------------


def test_a_meeting_is_a_room_named_by_our_key(livekit: Provider, server: LiveKitServer) -> None:
    assert livekit.create_meeting(WEEKLY) == Meeting(id="weekly-1")
    assert list(server.rooms) == ["weekly-1"]


def test_one_request_makes_a_room(livekit: Provider, server: LiveKitServer) -> None:
    livekit.create_meeting(WEEKLY)
    assert server.methods_asked() == ["CreateRoom"]


def test_a_room_waits_an_hour_for_its_first_person(livekit: Provider, server: LiveKitServer) -> None:
    livekit.create_meeting(WEEKLY)
    assert server.rooms["weekly-1"].empty_timeout == 3600


def test_a_room_ends_soon_after_its_last(livekit: Provider, server: LiveKitServer) -> None:
    livekit.create_meeting(WEEKLY)
    assert server.rooms["weekly-1"].departure_timeout == 30


def test_a_room_knows_its_title(livekit: Provider, server: LiveKitServer) -> None:
    livekit.create_meeting(WEEKLY)
    assert json.loads(server.rooms["weekly-1"].metadata) == {"title": "Weekly sync"}


def test_an_ended_meeting_has_no_room(livekit: Provider, server: LiveKitServer) -> None:
    livekit.end_meeting(livekit.create_meeting(WEEKLY))
    assert server.rooms == {}


def test_a_room_that_is_gone_is_ended(livekit: Provider) -> None:
    livekit.end_meeting(Meeting(id="long-gone"))


# --- Who is in --------------------------------------------------------------------------------------------------


def test_a_look_tells_who_is_in(livekit: Provider, server: LiveKitServer) -> None:
    meeting = livekit.create_meeting(WEEKLY)
    server.participants["weekly-1"] = [participant(name="Ada"), participant(sid="PA_2", identity="guest")]
    assert livekit.look(meeting) == Roster(
        (
            Person(key="ada", connection_id="PA_1", name="Ada"),
            Person(key="guest", connection_id="PA_2"),
        )
    )


@pytest.mark.parametrize(
    "machine",
    [
        participant(kind=ParticipantInfo.Kind.AGENT),
        participant(kind=ParticipantInfo.Kind.EGRESS),
        participant(kind=99),
        participant(permission=ParticipantPermission(hidden=True)),
        participant(state=ParticipantInfo.State.JOINING),
        participant(state=ParticipantInfo.State.DISCONNECTED),
    ],
)
def test_a_look_overlooks_machines_and_those_not_in(
    livekit: Provider,
    server: LiveKitServer,
    machine: ParticipantInfo,
) -> None:
    meeting = livekit.create_meeting(WEEKLY)
    server.participants["weekly-1"] = [machine]
    assert livekit.look(meeting) == Roster(())


def test_a_caller_by_telephone_is_in(livekit: Provider, server: LiveKitServer) -> None:
    meeting = livekit.create_meeting(WEEKLY)
    server.participants["weekly-1"] = [participant(kind=ParticipantInfo.Kind.SIP)]
    assert livekit.look(meeting) == Roster((Person(key="ada", connection_id="PA_1"),))


def test_a_meeting_without_a_room_is_not_running(livekit: Provider) -> None:
    assert livekit.look(Meeting(id="long-gone")) is None


def test_a_room_may_go_while_we_look(livekit: Provider, server: LiveKitServer) -> None:
    meeting = livekit.create_meeting(WEEKLY)
    listed = api.ListRoomsResponse(rooms=[api.Room(name="weekly-1")]).SerializeToString()
    server.next_reply(Reply(200, listed))
    server.next_reply(twirp_error(404, "not_found", "room does not exist"))
    assert livekit.look(meeting) is None


# --- Personal links ---------------------------------------------------------------------------------------------


def claims_in(link: str) -> dict[str, Any]:
    (token,) = parse_qs(urlsplit(link).query)["token"]
    claims: dict[str, Any] = jwt.decode(token, SECRET, algorithms=["HS256"], issuer=KEY)
    return claims


def test_a_personal_link_lets_one_person_into_one_room(livekit: Provider) -> None:
    claims = claims_in(livekit.personal_link(Meeting(id="weekly-1"), ADA).url)
    assert (claims["sub"], claims["name"]) == ("slack-T1-U1", "Ada Lovelace")
    assert (claims["video"]["roomJoin"], claims["video"]["room"]) == (True, "weekly-1")


def test_a_personal_link_gives_no_power_over_the_server(livekit: Provider) -> None:
    grants = claims_in(livekit.personal_link(Meeting(id="weekly-1"), ADA).url)["video"]
    assert not {"roomCreate", "roomList", "roomAdmin", "canUpdateOwnMetadata", "hidden"} & set(grants)


def test_a_personal_link_is_good_for_six_hours(livekit: Provider) -> None:
    claims = claims_in(livekit.personal_link(Meeting(id="weekly-1"), ADA).url)
    assert abs(claims["exp"] - claims["nbf"] - timedelta(hours=6).total_seconds()) <= 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("http://127.0.0.1:7880", "ws://127.0.0.1:7880"),
        ("https://meet.example.com/", "wss://meet.example.com"),
        ("ws://meet.example.com", "ws://meet.example.com"),
        ("wss://meet.example.com/sfu", "wss://meet.example.com/sfu"),
    ],
)
def test_the_web_app_is_told_where_the_server_is(given: str, told: str) -> None:
    livekit = provider({"LIVEKIT_URL": given, "LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET})
    link = livekit.personal_link(Meeting(id="weekly-1"), ADA).url
    assert parse_qs(urlsplit(link).query)["liveKitUrl"] == [told]


def test_the_web_apps_own_parameters_stay(server: LiveKitServer) -> None:
    meet = "https://meet.example.com/room?theme=dark&empty=#top"
    livekit = provider({**server.settings(), "LIVEKIT_MEET_URL": meet})
    link = urlsplit(livekit.personal_link(Meeting(id="weekly-1"), ADA).url)
    assert link.query.startswith("theme=dark&empty=&liveKitUrl=ws")
    assert link.fragment == "top"


def test_without_a_web_app_the_demo_is_used(livekit: Provider) -> None:
    link = livekit.personal_link(Meeting(id="weekly-1"), ADA).url
    assert link.startswith("https://meet.livekit.io/custom?")


# --- Trouble ----------------------------------------------------------------------------------------------------


def test_wrong_credentials_name_the_settings(server: LiveKitServer) -> None:
    livekit = provider({**server.settings(), "LIVEKIT_API_SECRET": "not-the-secret-of-the-livekit-server"})
    with pytest.raises(PermanentFailure, match="Check LIVEKIT_API_KEY and LIVEKIT_API_SECRET"):
        livekit.create_meeting(WEEKLY)


def test_the_servers_own_words_are_told(livekit: Provider, server: LiveKitServer) -> None:
    server.next_reply(twirp_error(400, "invalid_argument", "room name is too long"))
    with pytest.raises(PermanentFailure, match=r"LiveKit answered 400 \(room name is too long\)"):
        livekit.create_meeting(WEEKLY)


def test_a_limit_says_when_to_come_back(livekit: Provider, server: LiveKitServer) -> None:
    server.next_reply(Reply(429, headers={"Retry-After": "9"}))
    with pytest.raises(RateLimited) as raised:
        livekit.create_meeting(WEEKLY)
    assert raised.value.retry_after_seconds == 9


@pytest.mark.parametrize("reply", [twirp_error(500, "internal", "no"), Reply(503), HANG_UP, Reply(200, b"<html>")])
def test_a_server_in_trouble_may_recover(livekit: Provider, server: LiveKitServer, reply: Reply) -> None:
    server.next_reply(reply)
    with pytest.raises(TemporaryFailure):
        livekit.create_meeting(WEEKLY)


def test_a_server_that_is_down_may_come_back(server: LiveKitServer) -> None:
    with pytest.raises(TemporaryFailure, match="unreachable"):
        provider({**server.settings(), "LIVEKIT_URL": nobody_there()}).create_meeting(WEEKLY)


# --- Settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("LIVEKIT_URL", "livekit.example.com", "LIVEKIT_URL: must be an address"),
        ("LIVEKIT_URL", "ftp://livekit.example.com", "LIVEKIT_URL: must be an address"),
        ("LIVEKIT_URL", "wss://livekit.example.com/?x=1", "LIVEKIT_URL: must be an address"),
        ("LIVEKIT_URL", "wss://[::1", "LIVEKIT_URL: must be an address"),
        ("LIVEKIT_API_KEY", "", "LIVEKIT_API_KEY: is missing"),
        ("LIVEKIT_API_SECRET", "two words", "LIVEKIT_API_SECRET: must be printable ASCII"),
        ("LIVEKIT_MEET_URL", "javascript:alert(1)", "LIVEKIT_MEET_URL: must be an address"),
        ("LIVEKIT_PREVIOUS_API_KEY", "APIold", "LIVEKIT_PREVIOUS_API_SECRET: must be given together"),
        ("LIVEKIT_PREVIOUS_API_SECRET", "old", "LIVEKIT_PREVIOUS_API_SECRET: must be given together"),
    ],
)
def test_wrong_settings_are_told(server: LiveKitServer, setting: str, value: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        provider({**server.settings(), setting: value})
    assert complaint in str(raised.value)
    assert "two words" not in str(raised.value)
