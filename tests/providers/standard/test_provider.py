"""What we ask of a server that implements the documented contract."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from app.domain.meetings import Meeting, MeetingRequest, Person, Roster, Visitor
from app.errors import ConfigurationError, PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.providers.base import Provider
from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.standard.reference_server import API_KEY, ReferenceServer, told
from tests.providers.standin import HANG_UP, Reply

WEEKLY = MeetingRequest(key="weekly-1", title="Weekly sync")


@pytest.fixture
def server() -> Iterator[ReferenceServer]:
    with ReferenceServer() as running:
        yield running


@pytest.fixture
def standard(server: ReferenceServer) -> Provider:
    return provider(server.settings())


def provider(env: dict[str, str]) -> Provider:
    return load_providers(env, MovedClock(NOON))["standard"]


def answering(server: ReferenceServer, answer: object) -> None:
    server.next_reply(told(201, answer))


# --- Creating ---------------------------------------------------------------------------------------------------


def test_a_meeting_is_made(standard: Provider) -> None:
    assert standard.create_meeting(WEEKLY) == Meeting(
        id="meeting/1",
        join_url="https://meet.example.com/1",
        desktop_app_join_url="examplemeet://join/1",
        display_id="100-1",
    )


def test_the_request_is_as_documented(standard: Provider, server: ReferenceServer) -> None:
    standard.create_meeting(WEEKLY)
    asked = server.asked[0]
    assert (asked.method, asked.path) == ("POST", "/api/meetings")
    assert asked.headers["authorization"] == f"Bearer {API_KEY}"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["idempotency-key"] == "weekly-1"
    assert json.loads(asked.body) == {"key": "weekly-1", "title": "Weekly sync"}


def test_a_lost_answer_makes_no_second_meeting(standard: Provider, server: ReferenceServer) -> None:
    standard.create_meeting(WEEKLY)
    server.next_reply(HANG_UP)
    with pytest.raises(TemporaryFailure):
        standard.create_meeting(WEEKLY)
    assert standard.create_meeting(WEEKLY).id == "meeting/1"
    assert len(server.meetings) == 1


def test_an_id_and_a_link_are_enough(standard: Provider, server: ReferenceServer) -> None:
    answering(server, {"id": 7, "join_url": "http://meet.example.com/7"})
    assert standard.create_meeting(WEEKLY) == Meeting(id="7", join_url="http://meet.example.com/7")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        None,
        {"id": "7"},
        {"join_url": "https://meet.example.com/7"},
        {"id": "", "join_url": "https://meet.example.com/7"},
        {"id": "..", "join_url": "https://meet.example.com/7"},
        {"id": "7\x00", "join_url": "https://meet.example.com/7"},
        {"id": "x" * 201, "join_url": "https://meet.example.com/7"},
        {"id": "7", "join_url": "javascript:alert(1)"},
        {"id": "7", "join_url": "meet.example.com/7"},
        {"id": "7", "join_url": "https://meet.example.com@elsewhere.example/7"},
        {"id": "7", "join_url": "https://meet.example.com/7|here"},
        {"id": "7", "join_url": "https://meet.example.com/7|click> me"},
        {"id": "7", "join_url": "https://meet.example.com/" + "x" * 2000},
        {"id": "7", "join_url": "https://meet.example.com/7", "desktop_app_join_url": "javascript:alert(1)"},
        {"id": "7", "join_url": "https://meet.example.com/7", "desktop_app_join_url": "FILE:///etc/passwd"},
        {"id": "7", "join_url": "https://meet.example.com/7", "desktop_app_join_url": "no address"},
    ],
)
def test_an_answer_off_the_contract_is_for_good(
    standard: Provider,
    server: ReferenceServer,
    answer: object,
) -> None:
    answering(server, answer)
    with pytest.raises(PermanentFailure, match="bad_answer"):
        standard.create_meeting(WEEKLY)


@pytest.mark.parametrize("body", [b"", b"<html>Bad day</html>", b"\xff"])
def test_an_answer_that_is_no_json_may_pass(standard: Provider, server: ReferenceServer, body: bytes) -> None:
    server.next_reply(Reply(200, body))
    with pytest.raises(TemporaryFailure, match="bad_answer"):
        standard.create_meeting(WEEKLY)


# --- Links of one's own -----------------------------------------------------------------------------------------

ADA = Visitor(key="slack-1", name=" Ada\nLovelace", is_host=True, avatar_url="https://example.com/ada.png")
GRACE = Visitor(key="guest-2", name="\x00", avatar_url="no address")


@pytest.fixture
def with_links(server: ReferenceServer) -> Provider:
    return provider({**server.settings(), "STANDARD_PERSONAL_LINKS": "true"})


def test_with_personal_links_no_link_is_everybodys(with_links: Provider) -> None:
    assert with_links.create_meeting(WEEKLY) == Meeting(id="meeting/1", display_id="100-1")


def test_and_none_need_be_told(with_links: Provider, server: ReferenceServer) -> None:
    answering(server, {"id": "m-81"})
    assert with_links.create_meeting(WEEKLY) == Meeting(id="m-81")


def test_a_personal_link_is_asked_for_as_documented(with_links: Provider, server: ReferenceServer) -> None:
    link = with_links.personal_link(with_links.create_meeting(WEEKLY), ADA)
    assert link.url.startswith("https://meet.example.com/meeting%2F1?as=")
    assert (link.person_key, link.is_proof) == ("slack-1", True)
    asked = server.asked[-1]
    assert (asked.method, asked.path) == ("POST", "/api/meetings/meeting%2F1/links")
    assert asked.headers["authorization"] == f"Bearer {API_KEY}"
    assert json.loads(asked.body)["person"] == {
        "key": "slack-1",
        "name": "Ada Lovelace",
        "avatar_url": "https://example.com/ada.png",
        "is_host": True,
    }


def test_what_nobody_knows_of_a_visitor_is_left_out(with_links: Provider, server: ReferenceServer) -> None:
    with_links.personal_link(with_links.create_meeting(WEEKLY), GRACE)
    assert json.loads(server.asked[-1].body)["person"] == {"key": "guest-2", "name": "Guest", "is_host": False}


@pytest.mark.parametrize("answer", [{}, {"url": "javascript:alert(1)"}, {"url": ""}, []])
def test_no_link_is_given_that_is_none(with_links: Provider, server: ReferenceServer, answer: object) -> None:
    meeting = with_links.create_meeting(WEEKLY)
    answering(server, answer)
    with pytest.raises(PermanentFailure):
        with_links.personal_link(meeting, ADA)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (told(404, {}), PermanentFailure),
        (told(429, {}), RateLimited),
        (told(503, {}), TemporaryFailure),
        (HANG_UP, TemporaryFailure),
        (Reply(200, b"<html>"), TemporaryFailure),
    ],
)
def test_a_link_that_cannot_be_had_is_told(
    with_links: Provider, server: ReferenceServer, reply: Reply, kind: type[RequestFailed]
) -> None:
    meeting = with_links.create_meeting(WEEKLY)
    server.next_reply(reply)
    with pytest.raises(kind):
        with_links.personal_link(meeting, ADA)


# --- Ending and looking -----------------------------------------------------------------------------------------


def test_an_ended_meeting_is_over_at_the_provider(standard: Provider, server: ReferenceServer) -> None:
    standard.end_meeting(standard.create_meeting(WEEKLY))
    assert server.meetings["meeting/1"].state == "ended"
    assert server.asked[-1].path == "/api/meetings/meeting%2F1/end"


@pytest.mark.parametrize("status", [404, 410])
def test_a_meeting_that_is_gone_is_ended(standard: Provider, server: ReferenceServer, status: int) -> None:
    server.next_reply(Reply(status))
    standard.end_meeting(Meeting(id="long-gone"))


@pytest.mark.parametrize("status", [404, 410])
def test_a_meeting_that_is_gone_is_not_running(standard: Provider, server: ReferenceServer, status: int) -> None:
    server.next_reply(Reply(status))
    assert standard.look(Meeting(id="long-gone")) is None


def test_a_look_tells_who_is_in(standard: Provider, server: ReferenceServer) -> None:
    meeting = standard.create_meeting(WEEKLY)
    server.meetings[meeting.id].state = "running"
    server.meetings[meeting.id].participants = [{"id": "ada", "connection_id": "c1", "name": "Ada"}, {"id": "guest"}]
    assert standard.look(meeting) == Roster(
        (Person(key="ada", connection_id="c1", name="Ada"), Person(key="guest", connection_id="guest")),
        title="Weekly sync",
    )


def test_a_waiting_meeting_is_running_with_nobody_in_it(standard: Provider) -> None:
    assert standard.look(standard.create_meeting(WEEKLY)) == Roster((), title="Weekly sync")


def test_an_ended_meeting_needs_no_list(standard: Provider, server: ReferenceServer) -> None:
    server.next_reply(told(200, {"state": "ended"}))
    assert standard.look(Meeting(id="7")) is None


def test_a_running_meeting_must_tell_who_is_in(standard: Provider, server: ReferenceServer) -> None:
    server.next_reply(told(200, {"state": "running"}))
    with pytest.raises(PermanentFailure, match="participants must be told"):
        standard.look(Meeting(id="7"))


def test_an_unknown_state_is_off_the_contract(standard: Provider, server: ReferenceServer) -> None:
    server.next_reply(told(200, {"state": "paused"}))
    with pytest.raises(PermanentFailure, match="state"):
        standard.look(Meeting(id="7"))


# --- Trouble ----------------------------------------------------------------------------------------------------


def test_a_wrong_api_key_names_the_setting(server: ReferenceServer) -> None:
    standard = provider({**server.settings(), "STANDARD_API_KEY": "wrong"})
    with pytest.raises(PermanentFailure, match=r"The API key is not known.*Check STANDARD_API_KEY"):
        standard.create_meeting(WEEKLY)


def test_a_conflict_is_for_good(standard: Provider, server: ReferenceServer) -> None:
    server.next_reply(told(409, {"error": {"message": "The title is taken."}}))
    with pytest.raises(PermanentFailure, match="The title is taken"):
        standard.create_meeting(WEEKLY)


def test_a_limit_says_when_to_come_back(standard: Provider, server: ReferenceServer) -> None:
    server.next_reply(Reply(429, headers={"Retry-After": "9"}))
    with pytest.raises(RateLimited) as raised:
        standard.look(Meeting(id="7"))
    assert raised.value.retry_after_seconds == 9


@pytest.mark.parametrize("reply", [Reply(500), Reply(503), HANG_UP])
def test_a_server_in_trouble_may_recover(standard: Provider, server: ReferenceServer, reply: Reply) -> None:
    server.next_reply(reply)
    with pytest.raises(TemporaryFailure):
        standard.end_meeting(Meeting(id="7"))


def test_messages_call_it_by_its_own_name(server: ReferenceServer) -> None:
    standard = provider({**server.settings(), "STANDARD_NAME": "Example Meet"})
    server.next_reply(Reply(500))
    with pytest.raises(TemporaryFailure, match="Example Meet answered 500"):
        standard.create_meeting(WEEKLY)
    assert standard.display_name == "Example Meet"


# --- Settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("STANDARD_URL", "ftp://example.com", "STANDARD_URL: must be an address"),
        ("STANDARD_URL", "https://user:password@example.com", "STANDARD_URL: must be an address"),
        ("STANDARD_API_KEY", "ключ", "STANDARD_API_KEY: must be printable ASCII"),
        ("STANDARD_WEBHOOK_SECRET", "", "STANDARD_WEBHOOK_SECRET: is missing"),
        ("STANDARD_WEBHOOK_SECRET", "secret", "STANDARD_WEBHOOK_SECRET: must be whsec_"),
        ("STANDARD_WEBHOOK_SECRET", "whsec_c2hvcnQ=", "STANDARD_WEBHOOK_SECRET: must be whsec_"),
        ("STANDARD_WEBHOOK_SECRET", "whsec_не base64", "STANDARD_WEBHOOK_SECRET: must be whsec_"),
        ("STANDARD_PREVIOUS_WEBHOOK_SECRET", "whpk_AAAA", "STANDARD_PREVIOUS_WEBHOOK_SECRET: must be whsec_"),
    ],
)
def test_wrong_settings_are_told(server: ReferenceServer, setting: str, value: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        provider({**server.settings(), setting: value})
    assert complaint in str(raised.value)
