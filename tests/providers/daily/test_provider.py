"""What we ask of Daily, over HTTP."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from app.domain.meetings import Meeting, MeetingRequest, Person, Roster, Visitor
from app.errors import ConfigurationError, PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.providers.base import Provider
from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.daily.server import DOMAIN_URL, KEY, SECRET, DailyServer, no_room, refusal, told
from tests.providers.standin import HANG_UP, Reply, nobody_there

WEEKLY = MeetingRequest(key="call-weekly-1", title="Weekly sync")
ROOM = Meeting(id="call-weekly-1")
ADA = Visitor(key="slack-1f9c0a3b5d7e", name="Ada Lovelace")


@pytest.fixture
def server() -> Iterator[DailyServer]:
    with DailyServer() as running:
        yield running


@pytest.fixture
def daily(server: DailyServer) -> Provider:
    """Without an address of ours, so that it leaves hooks alone."""
    return provider(server.settings())


def provider(env: dict[str, str]) -> Provider:
    return load_providers(env, MovedClock(NOON))["daily"]


ASKS: list[Callable[[Provider], object]] = [
    lambda daily: daily.create_meeting(WEEKLY),
    lambda daily: daily.look(ROOM),
    lambda daily: daily.personal_link(ROOM, ADA),
    lambda daily: daily.end_meeting(ROOM),
    lambda daily: daily.check(),
]


def presence(**changes: Any) -> dict[str, Any]:
    """https://docs.daily.co/reference/rest-api/rooms/get-room-presence"""
    return {
        "room": "call-weekly-1",
        "id": "d61cd7b2-a273-42b4-89bd-be763fd562c1",
        "userId": "slack-1f9c0a3b5d7e",
        "userName": "Ada Lovelace",
        "mtgSessionId": "16e9701a-93e0-4933-83c9-223e7c40d552",
        "joinTime": "2026-11-20T11:58:00.000Z",
        "duration": 120,
        **changes,
    }


def session(*, ongoing: bool) -> dict[str, Any]:
    """https://docs.daily.co/reference/rest-api/meetings/list-meetings"""
    return {
        "id": "16e9701a-93e0-4933-83c9-223e7c40d552",
        "room": "call-weekly-1",
        "start_time": 1795175880,
        "duration": 120,
        "ongoing": ongoing,
        "max_participants": 1,
        "participants": [],
    }


# --- Rooms ------------------------------------------------------------------------------------------------------


def test_a_meeting_is_a_private_room_named_by_our_key(daily: Provider, server: DailyServer) -> None:
    assert daily.create_meeting(WEEKLY) == ROOM
    assert server.rooms["call-weekly-1"]["privacy"] == "private"


def test_one_request_makes_a_room(daily: Provider, server: DailyServer) -> None:
    daily.create_meeting(WEEKLY)
    assert server.requests() == ["POST /rooms"]


def test_a_room_is_closed_after_a_day(daily: Provider, server: DailyServer) -> None:
    daily.create_meeting(WEEKLY)
    tomorrow = (NOON + timedelta(days=1)).timestamp()
    assert server.rooms["call-weekly-1"]["config"] == {"exp": tomorrow, "eject_at_room_exp": True}


def test_or_after_as_many_hours_as_we_are_told(server: DailyServer) -> None:
    provider({**server.settings(), "DAILY_ROOM_HOURS": "2.5"}).create_meeting(WEEKLY)
    assert server.rooms["call-weekly-1"]["config"]["exp"] == (NOON + timedelta(hours=2.5)).timestamp()


def test_a_room_that_was_made_before_is_found(daily: Provider, server: DailyServer) -> None:
    """Its answer may have been lost."""
    daily.create_meeting(WEEKLY)
    assert daily.create_meeting(WEEKLY) == ROOM
    assert server.requests() == ["POST /rooms", "POST /rooms", "GET /rooms/call-weekly-1"]
    assert list(server.rooms) == ["call-weekly-1"]


def test_an_answer_that_is_lost_may_have_made_the_room(daily: Provider, server: DailyServer) -> None:
    server.next_reply(HANG_UP)
    with pytest.raises(TemporaryFailure) as raised:
        daily.create_meeting(WEEKLY)
    assert raised.value.effect_unknown


def test_a_room_that_is_refused_is_not_taken_for_one_that_is_there(daily: Provider, server: DailyServer) -> None:
    server.next_reply(refusal(400, "invalid-request-error", "exp is too far away"))
    with pytest.raises(PermanentFailure, match=r"Daily answered 400 \(exp is too far away\)"):
        daily.create_meeting(WEEKLY)
    assert server.requests() == ["POST /rooms", "GET /rooms/call-weekly-1"]


def test_an_ended_meeting_has_no_room(daily: Provider, server: DailyServer) -> None:
    daily.end_meeting(daily.create_meeting(WEEKLY))
    assert server.rooms == {}


def test_a_room_that_is_gone_is_ended(daily: Provider) -> None:
    daily.end_meeting(ROOM)


def test_a_meetings_id_stays_one_part_of_the_address(daily: Provider, server: DailyServer) -> None:
    daily.end_meeting(Meeting(id="../webhooks/hook-0?x"))
    assert server.requests() == ["DELETE /rooms/..%2Fwebhooks%2Fhook-0%3Fx"]


# --- Who is in --------------------------------------------------------------------------------------------------


def test_a_look_tells_who_is_in(daily: Provider, server: DailyServer) -> None:
    daily.create_meeting(WEEKLY)
    phone = presence(id="0c9a1f6e-2f5b-4a55-8d0e-5a2f5a1d7c33", userName="Ada \ud83d\x00phone")
    server.present["call-weekly-1"] = [presence(), phone]
    assert daily.look(ROOM) == Roster(
        (
            Person(
                key="slack-1f9c0a3b5d7e",
                connection_id="d61cd7b2-a273-42b4-89bd-be763fd562c1",
                name="Ada Lovelace",
            ),
            Person(
                key="slack-1f9c0a3b5d7e",
                connection_id="0c9a1f6e-2f5b-4a55-8d0e-5a2f5a1d7c33",
                name="Ada ? phone",
            ),
        )
    )


def test_one_request_sees_a_running_meeting(daily: Provider, server: DailyServer) -> None:
    daily.create_meeting(WEEKLY)
    server.present["call-weekly-1"] = [presence()]
    daily.look(ROOM)
    assert server.requests()[1:] == ["GET /rooms/call-weekly-1/presence"]


@pytest.mark.parametrize("nobody", [None, ""])
def test_whoever_has_no_token_is_known_by_their_session(daily: Provider, server: DailyServer, nobody: object) -> None:
    """As in webhooks."""
    daily.create_meeting(WEEKLY)
    server.present["call-weekly-1"] = [presence(userId=nobody, userName=None)]
    somebody = "d61cd7b2-a273-42b4-89bd-be763fd562c1"
    assert daily.look(ROOM) == Roster((Person(key=somebody, connection_id=somebody),))


def test_where_more_are_in_than_are_listed_nobody_is_missing(daily: Provider, server: DailyServer) -> None:
    daily.create_meeting(WEEKLY)
    server.present["call-weekly-1"] = [presence(id=f"session-{number}") for number in range(101)]
    seen = daily.look(ROOM)
    assert seen is not None
    assert len(seen.people) == 100
    assert not seen.is_complete


def test_where_none_of_them_are_listed_nobody_is_missing_either(daily: Provider, server: DailyServer) -> None:
    daily.create_meeting(WEEKLY)
    server.most_present = 0
    server.present["call-weekly-1"] = [presence()]
    assert daily.look(ROOM) == Roster((), is_complete=False)


def test_a_room_that_nobody_has_come_to_waits(daily: Provider) -> None:
    daily.create_meeting(WEEKLY)
    assert daily.look(ROOM) == Roster(())


def test_a_room_that_all_have_left_is_over(daily: Provider, server: DailyServer) -> None:
    daily.create_meeting(WEEKLY)
    server.sessions["call-weekly-1"] = [session(ongoing=False)]
    assert daily.look(ROOM) is None


def test_the_newest_session_counts(daily: Provider, server: DailyServer) -> None:
    """Presence is up to 15 seconds late: somebody is in, and nobody can be missed."""
    daily.create_meeting(WEEKLY)
    server.sessions["call-weekly-1"] = [session(ongoing=True), session(ongoing=False)]
    assert daily.look(ROOM) == Roster((), is_complete=False)


def test_a_meeting_without_a_room_is_not_running(daily: Provider) -> None:
    assert daily.look(ROOM) is None


def test_a_room_may_go_while_we_look(daily: Provider, server: DailyServer) -> None:
    server.next_reply(told({"total_count": 0, "data": []}))
    server.next_reply(no_room("call-weekly-1"))
    assert daily.look(ROOM) is None


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"total_count": 1}, [], {"data": [{"id": ""}]}])
def test_an_answer_that_tells_nothing_empties_no_card(daily: Provider, server: DailyServer, answer: object) -> None:
    server.next_reply(told(answer))
    with pytest.raises(PermanentFailure, match="bad_answer"):
        daily.look(ROOM)


# --- Personal links ---------------------------------------------------------------------------------------------


def claims_in(link: str) -> dict[str, Any]:
    """What our stand-in was asked to put into the token."""
    (token,) = parse_qs(urlsplit(link).query)["t"]
    claims: dict[str, Any] = jwt.decode(token, KEY, algorithms=["HS256"], options={"verify_exp": False})
    return claims


def test_a_personal_link_leads_into_the_room(daily: Provider) -> None:
    daily.create_meeting(WEEKLY)
    link = daily.personal_link(ROOM, ADA)
    assert link.url.startswith(f"{DOMAIN_URL}/call-weekly-1?t=ey")
    assert (link.person_key, link.is_proof) == ("slack-1f9c0a3b5d7e", True)


def test_its_token_lets_one_person_into_one_room_for_six_hours(daily: Provider) -> None:
    daily.create_meeting(WEEKLY)
    assert claims_in(daily.personal_link(ROOM, ADA).url) == {
        "room_name": "call-weekly-1",
        "user_id": "slack-1f9c0a3b5d7e",
        "user_name": "Ada Lovelace",
        "is_owner": False,
        "exp": (NOON + timedelta(hours=6)).timestamp(),
    }


def test_the_host_owns_the_room(daily: Provider) -> None:
    daily.create_meeting(WEEKLY)
    host = Visitor(key="slack-8e2d4c6b0a1f", name="Grace Hopper", is_host=True)
    assert claims_in(daily.personal_link(ROOM, host).url)["is_owner"] is True


def test_a_name_of_nothing_is_left_out(daily: Provider) -> None:
    daily.create_meeting(WEEKLY)
    nameless = Visitor(key="guest-1", name="\x00\ud83d")
    assert "user_name" not in claims_in(daily.personal_link(ROOM, nameless).url)


def test_where_the_domain_is_is_asked_once(daily: Provider, server: DailyServer) -> None:
    daily.create_meeting(WEEKLY)
    first = daily.personal_link(ROOM, ADA).url
    assert daily.personal_link(ROOM, ADA).url == first
    assert server.requests()[1:] == ["POST /meeting-tokens", "GET /rooms/call-weekly-1", "POST /meeting-tokens"]


def test_an_address_of_another_form_is_used_as_it_is(daily: Provider, server: DailyServer) -> None:
    daily.create_meeting(WEEKLY)
    server.rooms["call-weekly-1"]["url"] = "https://meet.example.com/rooms/1"
    for _ in range(2):
        assert daily.personal_link(ROOM, ADA).url.startswith("https://meet.example.com/rooms/1?t=ey")


def test_a_room_that_is_gone_has_no_links(daily: Provider) -> None:
    with pytest.raises(PermanentFailure, match=r"Daily answered 404 \(room call-weekly-1 not found\)"):
        daily.personal_link(ROOM, ADA)


def test_a_link_is_not_shown_in_logs(daily: Provider) -> None:
    daily.create_meeting(WEEKLY)
    link = daily.personal_link(ROOM, ADA)
    assert link.url not in repr(link)


# --- Trouble ----------------------------------------------------------------------------------------------------


def test_a_check_tells_what_works(daily: Provider, server: DailyServer) -> None:
    server.next_reply(Reply(404, headers={"Date": "Fri, 20 Nov 2026 12:00:20 GMT"}))
    assert list(daily.check()) == ["It answers, and accepts DAILY_API_KEY.", "Our clock agrees with Daily's."]


def test_a_wrong_key_names_the_setting(server: DailyServer) -> None:
    with pytest.raises(PermanentFailure, match="Check DAILY_API_KEY"):
        provider({**server.settings(), "DAILY_API_KEY": "another"}).check()


def test_a_limit_says_when_to_come_back(daily: Provider, server: DailyServer) -> None:
    limit = refusal(429, "rate-limit-error", "")
    server.next_reply(Reply(429, limit.body, {"Retry-After": "9"}))
    with pytest.raises(RateLimited) as raised:
        daily.create_meeting(WEEKLY)
    assert raised.value.retry_after_seconds == 9


@pytest.mark.parametrize("reply", [refusal(500, "server-error", "no"), Reply(503), HANG_UP])
@pytest.mark.parametrize("ask", ASKS)
def test_a_daily_in_trouble_may_recover(
    daily: Provider, server: DailyServer, reply: Reply, ask: Callable[[Provider], object]
) -> None:
    server.next_reply(reply)
    with pytest.raises(TemporaryFailure):
        ask(daily)


@pytest.mark.parametrize("ask", ASKS)
def test_a_daily_that_takes_too_long_may_recover(server: DailyServer, ask: Callable[[Provider], object]) -> None:
    clock = MovedClock(NOON)
    server.before = lambda _: clock.move(7.1)
    with pytest.raises(TemporaryFailure, match="too slow") as raised:
        ask(load_providers(server.settings(), clock)["daily"])
    assert raised.value.effect_unknown


@pytest.mark.parametrize("ask", ASKS)
def test_a_conflict_would_come_again(daily: Provider, server: DailyServer, ask: Callable[[Provider], object]) -> None:
    server.next_reply(refusal(409, "conflict-error", ""))
    with pytest.raises(PermanentFailure, match="Daily answered 409"):
        ask(daily)


@pytest.mark.parametrize("body", [b"<html>", b""])
@pytest.mark.parametrize("ask", ASKS[:3])
def test_a_page_of_something_in_between_is_no_answer(
    daily: Provider, server: DailyServer, body: bytes, ask: Callable[[Provider], object]
) -> None:
    server.next_reply(Reply(200, body))
    with pytest.raises(TemporaryFailure):
        ask(daily)


def test_an_api_that_is_down_may_come_back(server: DailyServer) -> None:
    with pytest.raises(TemporaryFailure, match="unreachable"):
        provider({**server.settings(), "DAILY_URL": nobody_there()}).create_meeting(WEEKLY)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "not an address", None, 7])
def test_a_room_must_have_an_address(daily: Provider, server: DailyServer, url: object) -> None:
    server.next_reply(told({"name": "call-weekly-1", "url": url}))
    with pytest.raises(PermanentFailure, match="url"):
        daily.create_meeting(WEEKLY)


def test_our_secret_is_never_repeated(daily: Provider, server: DailyServer) -> None:
    server.next_reply(refusal(400, "invalid-request-error", f"hmac {SECRET} is bad"))
    with pytest.raises(RequestFailed) as raised:
        daily.look(ROOM)
    assert SECRET not in str(raised.value)


# --- Settings ---------------------------------------------------------------------------------------------------


def in_base64(secret: bytes) -> str:
    return base64.b64encode(secret).decode()


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("DAILY_API_KEY", "", "DAILY_API_KEY: is missing"),
        ("DAILY_API_KEY", "two words", "DAILY_API_KEY: must be printable ASCII"),
        ("DAILY_WEBHOOK_SECRET", "", "DAILY_WEBHOOK_SECRET: is missing"),
        ("DAILY_WEBHOOK_SECRET", "no base64!", "DAILY_WEBHOOK_SECRET: must be at least 16 random bytes in base64"),
        ("DAILY_WEBHOOK_SECRET", in_base64(b"x" * 15), "DAILY_WEBHOOK_SECRET: must be at least 16 random bytes"),
        ("DAILY_PREVIOUS_WEBHOOK_SECRET", "ünïcode", "DAILY_PREVIOUS_WEBHOOK_SECRET: must be at least 16 random"),
        ("DAILY_ROOM_HOURS", "0.5", "DAILY_ROOM_HOURS: "),
        ("DAILY_URL", "api.daily.co", "DAILY_URL: must be an address"),
    ],
)
def test_wrong_settings_are_told(server: DailyServer, setting: str, value: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        provider({**server.settings(), setting: value})
    assert complaint in str(raised.value)
    assert not value or f" {value}" not in str(raised.value).replace(complaint, "")


def test_sixteen_bytes_make_a_secret(server: DailyServer) -> None:
    daily = provider({**server.settings(), "DAILY_WEBHOOK_SECRET": in_base64(b"x" * 16)})
    daily.verify(daily.test_delivery())


def test_bodies_are_json(daily: Provider, server: DailyServer) -> None:
    daily.create_meeting(WEEKLY)
    (asked,) = server.asked
    assert asked.headers["content-type"] == "application/json"
    assert json.loads(asked.body)["name"] == "call-weekly-1"
