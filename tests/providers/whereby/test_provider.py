"""What we ask of Whereby, over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from app.domain.meetings import Meeting, MeetingRequest, Visitor
from app.errors import ConfigurationError, PermanentFailure, RateLimited, TemporaryFailure
from app.providers.base import Provider
from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.standin import HANG_UP, Reply, nobody_there
from tests.providers.whereby.server import ROOM_KEY, SUBDOMAIN_URL, WherebyServer, told

WEEKLY = MeetingRequest(key="call-weekly-1", title="Weekly sync")
ADA = Visitor(key="slack-1f9c0a3b5d7e", name="Ada Lovelace")
HOST = Visitor(key="slack-8e2d4c6b0a1f", name="Grace Hopper", is_host=True)
PICTURE = "https://avatars.slack-edge.com/2026-11-20/ada_48.png"


@pytest.fixture
def server() -> Iterator[WherebyServer]:
    with WherebyServer() as running:
        yield running


@pytest.fixture
def whereby(server: WherebyServer) -> Provider:
    return provider(server.settings())


def provider(env: dict[str, str]) -> Provider:
    return load_providers(env, MovedClock(NOON))["whereby"]


# --- Meetings ---------------------------------------------------------------------------------------------------


def test_a_meeting_is_an_open_room_for_many_until_the_limit(whereby: Provider, server: WherebyServer) -> None:
    whereby.create_meeting(WEEKLY)
    (wanted,) = server.wanted
    assert re.fullmatch("[a-z0-9]{36}", wanted.pop("roomNamePrefix"))
    assert wanted == {
        "endDate": "2026-11-20T16:00:00Z",
        "roomMode": "group",
        "isLocked": False,
        "fields": ["hostRoomUrl"],
    }


def test_the_limit_may_be_another(server: WherebyServer) -> None:
    whereby = provider({**server.settings(), "WHEREBY_LIMIT_HOURS": "1.5"})
    whereby.create_meeting(WEEKLY)
    assert whereby.limit_seconds == 5400
    assert server.wanted[0]["endDate"] == "2026-11-20T13:30:00Z"


def test_an_empty_call_ends_after_five_minutes_or_what_we_are_told(server: WherebyServer) -> None:
    assert provider(server.settings()).idle_seconds == 300
    assert provider({**server.settings(), "WHEREBY_IDLE_MINUTES": "20"}).idle_seconds == 1200


def test_a_meeting_whose_answer_was_lost_is_found(whereby: Provider, server: WherebyServer) -> None:
    first = whereby.create_meeting(WEEKLY)
    assert provider(server.settings()).create_meeting(WEEKLY) == first
    assert len(server.wanted) == 1


def test_two_that_were_made_at_once_count_as_one(whereby: Provider, server: WherebyServer) -> None:
    first = whereby.create_meeting(WEEKLY)
    prefix = server.wanted[0]["roomNamePrefix"]
    server.add("100000000", f"{prefix}0")
    server.meetings = dict(reversed(server.meetings.items()))
    assert whereby.create_meeting(WEEKLY) == first


def test_a_list_of_other_meetings_does_not_mislead_us(whereby: Provider, server: WherebyServer) -> None:
    """The filter stands in a guide of Whereby's and not in its reference."""
    server.filters = False
    server.add("1", "somebody-elses-room")
    assert whereby.create_meeting(WEEKLY).id != "1"
    assert len(server.wanted) == 1


def test_after_a_slow_search_nothing_is_made(server: WherebyServer) -> None:
    """Another worker may have taken the call over, and be searching too."""
    clock = MovedClock(NOON)
    whereby = load_providers(server.settings(), clock)["whereby"]
    server.before = lambda asked: clock.move(4.1) if asked.method == "GET" else None
    with pytest.raises(TemporaryFailure) as raised:
        whereby.create_meeting(WEEKLY)
    assert not raised.value.effect_unknown
    assert server.meetings == {}
    server.before = lambda _: None
    assert whereby.create_meeting(WEEKLY).id in server.meetings


def test_our_key_is_not_in_the_address(whereby: Provider, server: WherebyServer) -> None:
    whereby.create_meeting(WEEKLY)
    assert "weekly" not in json.dumps(server.wanted)


def test_the_hosts_address_is_not_kept(whereby: Provider) -> None:
    meeting = whereby.create_meeting(WEEKLY)
    assert meeting == Meeting(id="82490895")


def test_an_ended_meeting_is_gone(whereby: Provider, server: WherebyServer) -> None:
    whereby.end_meeting(whereby.create_meeting(WEEKLY))
    assert server.meetings == {}


def test_a_meeting_that_is_gone_is_ended(whereby: Provider, server: WherebyServer) -> None:
    server.next_reply(told(404, {"error": "Not found"}))
    whereby.end_meeting(Meeting(id="82490895"))


def test_a_meetings_id_stays_one_part_of_the_address(whereby: Provider, server: WherebyServer) -> None:
    whereby.end_meeting(Meeting(id="../rooms/x?y"))
    assert server.asked[0].path == "/meetings/..%2Frooms%2Fx%3Fy"


@pytest.mark.parametrize("meeting_id", ["", "1/2", "1?x", "..", None, "x" * 101])
def test_an_id_that_could_lead_elsewhere_is_none(whereby: Provider, server: WherebyServer, meeting_id: object) -> None:
    server.next_reply(told(200, {"results": []}))
    server.next_reply(told(201, {"meetingId": meeting_id, "roomUrl": f"{SUBDOMAIN_URL}/x"}))
    with pytest.raises(PermanentFailure, match="meetingId"):
        whereby.create_meeting(WEEKLY)


def test_an_id_may_be_a_number(whereby: Provider, server: WherebyServer) -> None:
    server.next_reply(told(200, {"results": []}))
    server.next_reply(told(201, {"meetingId": 134, "roomUrl": f"{SUBDOMAIN_URL}/x"}))
    assert whereby.create_meeting(WEEKLY).id == "134"


# --- Personal links ---------------------------------------------------------------------------------------------


def parameters(link: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(link).query))


def test_a_personal_link_tells_who_comes(whereby: Provider, server: WherebyServer) -> None:
    meeting = whereby.create_meeting(WEEKLY)
    link = whereby.personal_link(meeting, ADA)
    assert link.url.startswith(f"{server.meetings[meeting.id]['roomUrl']}?")
    assert parameters(link.url) == {"externalId": "slack-1f9c0a3b5d7e", "displayName": "Ada Lovelace"}


def test_who_comes_is_a_claim(whereby: Provider) -> None:
    """Anybody can change the address."""
    link = whereby.personal_link(whereby.create_meeting(WEEKLY), ADA)
    assert (link.person_key, link.is_proof) == ("slack-1f9c0a3b5d7e", False)


def test_the_host_gets_the_hosts_address(whereby: Provider) -> None:
    link = whereby.personal_link(whereby.create_meeting(WEEKLY), HOST)
    assert parameters(link.url) == {
        "roomKey": ROOM_KEY,
        "externalId": "slack-8e2d4c6b0a1f",
        "displayName": "Grace Hopper",
    }
    assert ROOM_KEY not in repr(link)


def test_the_hosts_address_is_asked_for_each_time(whereby: Provider, server: WherebyServer) -> None:
    meeting = whereby.create_meeting(WEEKLY)
    for _ in range(2):
        whereby.personal_link(meeting, HOST)
    assert server.requests()[2:] == [f"GET /meetings/{meeting.id}"] * 2


def test_a_host_without_an_address_of_their_own_comes_as_the_others_do(
    whereby: Provider, server: WherebyServer
) -> None:
    meeting = whereby.create_meeting(WEEKLY)
    server.next_reply(told(200, server.meetings[meeting.id]))
    assert "roomKey" not in parameters(whereby.personal_link(meeting, HOST).url)


@pytest.mark.parametrize("room_key", ["a+b/c=", "a%2Bb", "a b%20c"])
def test_the_hosts_key_stays_as_it_is(whereby: Provider, server: WherebyServer, room_key: str) -> None:
    meeting = whereby.create_meeting(WEEKLY)
    room = server.meetings[meeting.id]
    server.next_reply(told(200, {**room, "hostRoomUrl": f"{room['roomUrl']}?roomKey={room_key.replace(' ', '')}"}))
    assert f"?roomKey={room_key.replace(' ', '')}&externalId=" in whereby.personal_link(meeting, HOST).url


def test_the_rooms_address_is_asked_for_once(server: WherebyServer) -> None:
    """By a process that did not make the meeting."""
    meeting = provider(server.settings()).create_meeting(WEEKLY)
    server.asked.clear()
    other = provider(server.settings())
    assert len({other.personal_link(meeting, ADA).url for _ in range(3)}) == 1
    assert server.requests() == [f"GET /meetings/{meeting.id}"]


def test_addresses_are_forgotten_in_time(whereby: Provider, server: WherebyServer) -> None:
    for number in range(1001):
        server.meetings[str(number)] = {"meetingId": str(number), "roomUrl": f"{SUBDOMAIN_URL}/room-{number}"}
    for number in [*range(1001), 0]:
        link = whereby.personal_link(Meeting(id=str(number)), ADA)
        assert link.url.startswith(f"{SUBDOMAIN_URL}/room-{number}?")
    assert server.requests().count("GET /meetings/0") == 2


def test_an_ended_meeting_has_no_links(whereby: Provider) -> None:
    meeting = whereby.create_meeting(WEEKLY)
    whereby.end_meeting(meeting)
    with pytest.raises(PermanentFailure, match="Whereby answered 404"):
        whereby.personal_link(meeting, ADA)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Grace “Ümlaut” Hopper 🎥", "Grace “Ümlaut” Hopper 🎥"),
        ("Ada & Grace = 100%?#+", "Ada & Grace = 100%?#+"),
        ("<b>$Ada!</b>; :-)", "b Ada /b -)"),
        (" Ada\x00\n\u202eecalevoL", "Ada ecalevoL"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_name_is_one_that_whereby_takes(whereby: Provider, name: str, shown: str) -> None:
    meeting = whereby.create_meeting(WEEKLY)
    link = whereby.personal_link(meeting, Visitor(key="guest-1", name=name)).url
    assert link.isascii()
    assert parameters(link)["displayName"] == shown


@pytest.mark.parametrize("name", ["", "$!<>:;", "\x00\ud83d"])
def test_a_name_of_nothing_is_left_out(whereby: Provider, name: str) -> None:
    meeting = whereby.create_meeting(WEEKLY)
    link = whereby.personal_link(meeting, Visitor(key="guest-1", name=name)).url
    assert parameters(link) == {"externalId": "guest-1"}


def with_picture(address: str | None) -> Visitor:
    return Visitor(key="slack-1f9c0a3b5d7e", name="Ada Lovelace", avatar_url=address)


def test_without_a_host_for_them_no_pictures_are_passed_on(whereby: Provider) -> None:
    meeting = whereby.create_meeting(WEEKLY)
    assert "avatarUrl" not in parameters(whereby.personal_link(meeting, with_picture(PICTURE)).url)


def test_a_picture_that_whereby_allows_is_passed_on(server: WherebyServer) -> None:
    whereby = provider({**server.settings(), "WHEREBY_AVATAR_HOST": "Avatars.Slack-Edge.com"})
    meeting = whereby.create_meeting(WEEKLY)
    link = whereby.personal_link(meeting, with_picture(PICTURE)).url
    assert parse_qs(urlsplit(link).query)["avatarUrl"] == [PICTURE]


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        PICTURE.replace("https", "http"),
        f"{PICTURE}?size=48",
        "https://secure.gravatar.com/avatar/ada.png",
        "https://avatars.slack-edge.com.example.org/ada.png",
    ],
)
def test_no_other_is(server: WherebyServer, address: str | None) -> None:
    whereby = provider({**server.settings(), "WHEREBY_AVATAR_HOST": "avatars.slack-edge.com"})
    meeting = whereby.create_meeting(WEEKLY)
    assert "avatarUrl" not in parameters(whereby.personal_link(meeting, with_picture(address)).url)


# --- Trouble ----------------------------------------------------------------------------------------------------

ASKS: list[Callable[[Provider], object]] = [
    lambda whereby: whereby.create_meeting(WEEKLY),
    lambda whereby: whereby.personal_link(Meeting(id="1"), ADA),
    lambda whereby: whereby.personal_link(Meeting(id="1"), HOST),
    lambda whereby: whereby.end_meeting(Meeting(id="1")),
    lambda whereby: whereby.check(),
]


def test_a_check_tells_what_works(whereby: Provider, server: WherebyServer) -> None:
    body = json.dumps({"results": [], "cursor": None}).encode()
    server.next_reply(Reply(200, body, {"Date": "Fri, 20 Nov 2026 12:00:20 GMT"}))
    assert list(whereby.check()) == ["It answers, and accepts WHEREBY_API_KEY.", "Our clock agrees with Whereby's."]
    assert server.asked[0].path == "/meetings?limit=1"


def test_a_wrong_key_names_the_setting(server: WherebyServer) -> None:
    with pytest.raises(PermanentFailure, match="Check WHEREBY_API_KEY"):
        provider({**server.settings(), "WHEREBY_API_KEY": "another"}).create_meeting(WEEKLY)


@pytest.mark.parametrize("ask", ASKS)
def test_a_spent_budget_says_when_to_come_back(
    whereby: Provider, server: WherebyServer, ask: Callable[[Provider], object]
) -> None:
    limit = told(429, {"error": "Rate limit active for throttle key: organization:1", "data": {"msLeft": 38689}})
    server.next_reply(Reply(429, limit.body, {"Retry-After": "39", "X-RateLimit-Remaining": "0"}))
    with pytest.raises(RateLimited) as raised:
        ask(whereby)
    assert raised.value.retry_after_seconds == 39


@pytest.mark.parametrize("reply", [Reply(500), Reply(503), HANG_UP])
@pytest.mark.parametrize("ask", ASKS)
def test_a_whereby_in_trouble_may_recover(
    whereby: Provider, server: WherebyServer, reply: Reply, ask: Callable[[Provider], object]
) -> None:
    server.next_reply(reply)
    with pytest.raises(TemporaryFailure):
        ask(whereby)


@pytest.mark.parametrize("body", [b"<html>", b""])
@pytest.mark.parametrize("ask", ASKS[:3])
def test_a_page_of_something_in_between_is_no_answer(
    whereby: Provider, server: WherebyServer, body: bytes, ask: Callable[[Provider], object]
) -> None:
    server.next_reply(Reply(200, body))
    with pytest.raises(TemporaryFailure):
        ask(whereby)


def test_a_request_that_got_no_answer_may_have_made_the_meeting(whereby: Provider, server: WherebyServer) -> None:
    server.next_reply(told(200, {"results": []}))
    server.next_reply(HANG_UP)
    with pytest.raises(TemporaryFailure) as raised:
        whereby.create_meeting(WEEKLY)
    assert raised.value.effect_unknown


def test_a_whereby_that_takes_too_long_may_have_made_the_meeting(server: WherebyServer) -> None:
    clock = MovedClock(NOON)
    whereby = load_providers(server.settings(), clock)["whereby"]
    server.before = lambda asked: clock.move(7.1) if asked.method == "POST" else None
    with pytest.raises(TemporaryFailure, match="too slow") as raised:
        whereby.create_meeting(WEEKLY)
    assert raised.value.effect_unknown
    assert whereby.create_meeting(WEEKLY).id in server.meetings
    assert len(server.meetings) == 1


@pytest.mark.parametrize("ask", ASKS[1:4])
def test_a_conflict_would_come_again(
    whereby: Provider, server: WherebyServer, ask: Callable[[Provider], object]
) -> None:
    server.next_reply(told(409, {"error": "Conflict"}))
    with pytest.raises(PermanentFailure, match="Whereby answered 409"):
        ask(whereby)


@pytest.mark.parametrize("answer", [{}, [], {"results": None}, {"results": [{"meetingId": "1"}]}])
def test_a_list_that_tells_nothing_makes_no_second_meeting(
    whereby: Provider, server: WherebyServer, answer: object
) -> None:
    server.next_reply(told(200, answer))
    with pytest.raises(PermanentFailure, match="bad_answer"):
        whereby.create_meeting(WEEKLY)
    assert server.wanted == []


def test_an_api_that_is_down_may_come_back(server: WherebyServer) -> None:
    with pytest.raises(TemporaryFailure, match="unreachable"):
        provider({**server.settings(), "WHEREBY_URL": nobody_there()}).create_meeting(WEEKLY)


# --- Settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("WHEREBY_API_KEY", "", "WHEREBY_API_KEY: is missing"),
        ("WHEREBY_API_KEY", "two words", "WHEREBY_API_KEY: must be printable ASCII"),
        ("WHEREBY_WEBHOOK_SECRET", "", "WHEREBY_WEBHOOK_SECRET: is missing"),
        ("WHEREBY_WEBHOOK_SECRET", "two words", "WHEREBY_WEBHOOK_SECRET: must be printable ASCII"),
        ("WHEREBY_PREVIOUS_WEBHOOK_SECRET", "two words", "WHEREBY_PREVIOUS_WEBHOOK_SECRET: must be printable"),
        ("WHEREBY_LIMIT_HOURS", "0", "WHEREBY_LIMIT_HOURS: "),
        ("WHEREBY_IDLE_MINUTES", "0", "WHEREBY_IDLE_MINUTES: "),
        ("WHEREBY_AVATAR_HOST", "https://avatars.slack-edge.com", "WHEREBY_AVATAR_HOST: "),
        ("WHEREBY_URL", "api.whereby.dev", "WHEREBY_URL: must be an address"),
    ],
)
def test_wrong_settings_are_told(server: WherebyServer, setting: str, value: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        provider({**server.settings(), setting: value})
    assert complaint in str(raised.value)
    assert "two words" not in str(raised.value)
