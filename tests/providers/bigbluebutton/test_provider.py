"""What we ask of a BigBlueButton server, over HTTP with its checksums."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.meetings import Meeting, MeetingRequest, Person, Roster, Visitor
from app.errors import ConfigurationError, PermanentFailure, RateLimited, TemporaryFailure, WebhookRejected
from app.providers.base import Provider, WebhookRequest
from app.providers.bigbluebutton.checksums import Algorithm, signed_query
from app.providers.payloads import stable_key
from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.bigbluebutton.server import (
    SECRET,
    BigBlueButtonServer,
    HeldMeeting,
    failed,
    parameters_of,
    succeeded,
)
from tests.providers.bigbluebutton.signing import signed
from tests.providers.standin import HANG_UP, Reply, nobody_there

VECTORS = Path("/work/shared/samples/providers/bigbluebutton/signature.json")
PUBLIC_URL = "https://calls.example.com"
HOOK = f"{PUBLIC_URL}/webhooks/bigbluebutton"
WEEKLY = MeetingRequest(key="weekly-1", title="Weekly sync")
ADA = Visitor(key="slack-t1-u1", name="Ada Lovelace")


@pytest.fixture
def server() -> Iterator[BigBlueButtonServer]:
    with BigBlueButtonServer() as running:
        yield running


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(NOON)


@pytest.fixture
def bigbluebutton(server: BigBlueButtonServer, clock: MovedClock) -> Provider:
    return provider(server.settings(), clock)


def provider(env: dict[str, str], clock: MovedClock | None = None) -> Provider:
    return load_providers(env, clock or MovedClock(NOON), public_url=PUBLIC_URL)["bigbluebutton"]


# --- Checksums --------------------------------------------------------------------------------------------------

# https://docs.bigbluebutton.org/development/api/#usage
OFFICIAL_SECRET = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"
OFFICIAL = {"name": "Test Meeting", "meetingID": "abc123", "attendeePW": "111222", "moderatorPW": "333444"}


@pytest.mark.parametrize(
    ("algorithm", "checksum"),
    [
        (Algorithm.SHA1, "1fcbb0c4fc1f039f73aa6d697d2db9ba7f803f17"),
        (Algorithm.SHA256, "da9185f7f333cfdfcd6eeac32dca3777510c4c436020d8b887ba5515bd1d189e"),
        (
            Algorithm.SHA384,
            "891ac633df39d0a1b4f8d597f3e190833216c4b29c4fb51ea3ca72757eeb958d6e7b49a845cf29f5c6019c7d29d029d1",
        ),
        (
            Algorithm.SHA512,
            "de73ad61d11a5c801b68d4bd6ec5248546085cefb0b25c85f3c46249ea93a3a4"
            "b120f92c0a8a58d7512cb77821884951a3b01245f3435dbbef49fff3cc3988b4",
        ),
    ],
)
def test_the_vendors_own_example_comes_out(algorithm: Algorithm, checksum: str) -> None:
    query = "name=Test+Meeting&meetingID=abc123&attendeePW=111222&moderatorPW=333444"
    assert signed_query(algorithm, "create", OFFICIAL, OFFICIAL_SECRET) == f"{query}&checksum={checksum}"


def test_a_request_without_parameters_has_a_checksum_too() -> None:
    expected = "checksum=2027baa7771026e9e93392f55031535d1444c41f"
    assert signed_query(Algorithm.SHA1, "getMeetings", {}, OFFICIAL_SECRET) == expected


@pytest.mark.skipif(not VECTORS.exists(), reason="the collection of vectors is not here")
def test_all_vectors_of_requests_come_out() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))["api_checksum"]["vectors"]
    assert vectors
    for vector in vectors:
        parameters = {name: value for name, [value] in parse_qs(vector["query"]).items()}
        for algorithm in Algorithm:
            if algorithm in vector:
                query = signed_query(algorithm, vector["call"], parameters, vector["secret"])
                assert query.endswith(f"checksum={vector[algorithm]}")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_the_checksum_of_choice_is_used(server: BigBlueButtonServer, algorithm: str) -> None:
    server.algorithms = {algorithm}
    provider({**server.settings(), "BIGBLUEBUTTON_CHECKSUM": algorithm}).create_meeting(WEEKLY)
    assert list(server.meetings) == ["weekly-1"]


def test_sha256_is_used_where_nothing_is_chosen(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    bigbluebutton.create_meeting(WEEKLY)
    assert len(parameters_of(server.asked[0])["checksum"]) == 64


# --- Meetings ---------------------------------------------------------------------------------------------------


def test_a_meeting_is_known_by_our_key(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    assert bigbluebutton.create_meeting(WEEKLY) == Meeting(id="weekly-1")
    assert server.meetings["weekly-1"].parameters["name"] == "Weekly sync"


def test_a_meeting_waits_an_hour_for_its_first_person(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    bigbluebutton.create_meeting(WEEKLY)
    assert server.meetings["weekly-1"].parameters["meetingExpireIfNoUserJoinedInMinutes"] == "60"


def test_a_meeting_ends_soon_after_its_last(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    bigbluebutton.create_meeting(WEEKLY)
    assert server.meetings["weekly-1"].parameters["meetingExpireWhenLastUserLeftInMinutes"] == "1"


def test_a_meeting_that_is_there_already_is_ours(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    """Older servers, asked again without passwords: https://github.com/bigbluebutton/bigbluebutton/issues/16690"""
    server.next_reply(failed("idNotUnique", "A meeting already exists with that meeting ID."))
    assert bigbluebutton.create_meeting(WEEKLY) == Meeting(id="weekly-1")


@pytest.mark.parametrize(("title", "name"), [("x", "Call x"), ("", "Call"), ("\x00", "Call"), ("é & ü=🎥", "é & ü=🎥")])
def test_every_title_makes_a_name(bigbluebutton: Provider, server: BigBlueButtonServer, title: str, name: str) -> None:
    bigbluebutton.create_meeting(MeetingRequest(key="weekly-1", title=title))
    assert server.meetings["weekly-1"].parameters["name"] == name


def test_an_ended_meeting_is_gone(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    bigbluebutton.end_meeting(bigbluebutton.create_meeting(WEEKLY))
    assert server.meetings == {}


@pytest.mark.parametrize("key", ["notFound", "invalidMeetingIdentifier", "meetingForciblyEnded", "meetingEnded"])
def test_a_meeting_that_is_gone_is_ended(bigbluebutton: Provider, server: BigBlueButtonServer, key: str) -> None:
    server.next_reply(failed(key, "no such meeting"))
    bigbluebutton.end_meeting(Meeting(id="long-gone"))
    assert server.calls_asked() == ["end"]


# --- Who is in --------------------------------------------------------------------------------------------------


def seen(*people: Person, is_complete: bool = True) -> Roster:
    """The answer holds no connections."""
    return Roster(people, is_complete=is_complete, knows_connections=False)


def test_a_meeting_that_waits_for_people_is_empty(bigbluebutton: Provider) -> None:
    assert bigbluebutton.look(bigbluebutton.create_meeting(WEEKLY)) == seen()


def test_people_are_called_as_in_webhooks(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    meeting = bigbluebutton.create_meeting(WEEKLY)
    server.meetings["weekly-1"].attendees |= {"slack-t1-u1": " Ada\nLovelace ", "w_2": "", "x" * 201: "Grace"}
    assert bigbluebutton.look(meeting) == seen(
        Person(key="slack-t1-u1", connection_id="", name="Ada Lovelace"),
        Person(key="w_2", connection_id=""),
        Person(key=stable_key("x" * 201), connection_id="", name="Grace"),
    )


@pytest.mark.parametrize(
    "told",
    [
        "<participantCount>2</participantCount><attendees/>",
        "<participantCount>many</participantCount><attendees/>",
        "<attendees/>",
        "<participantCount>0</participantCount><attendees><attendee><fullName>Ada</fullName></attendee></attendees>",
    ],
)
def test_whoever_is_counted_and_not_named_is_unseen(
    bigbluebutton: Provider, server: BigBlueButtonServer, told: str
) -> None:
    server.next_reply(succeeded(told))
    assert bigbluebutton.look(Meeting(id="weekly-1")) == seen(is_complete=False)


@pytest.mark.parametrize("end", [{"was_ended": True}, {"end_time": 1795208769000}])
def test_a_meeting_that_is_kept_after_its_end_is_over(
    bigbluebutton: Provider, server: BigBlueButtonServer, end: dict[str, Any]
) -> None:
    server.meetings["weekly-1"] = HeldMeeting({"name": "Weekly sync"}, {"slack-t1-u1": "Ada Lovelace"}, **end)
    assert bigbluebutton.look(Meeting(id="weekly-1")) is None


def test_a_meeting_that_the_server_does_not_know_is_over(bigbluebutton: Provider) -> None:
    assert bigbluebutton.look(Meeting(id="long-gone")) is None


# --- Personal links ---------------------------------------------------------------------------------------------


def parameters_in(link: str) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(link).query).items()}


def link_for(bigbluebutton: Provider, visitor: Visitor) -> str:
    return bigbluebutton.personal_link(Meeting(id="weekly-1"), visitor).url


def test_a_personal_link_leads_into_the_meeting(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    link = link_for(bigbluebutton, ADA)
    assert link.startswith(f"{server.url}/bigbluebutton/api/join?")
    parameters = parameters_in(link)
    assert parameters.pop("checksum")
    assert parameters == {
        "fullName": "Ada Lovelace",
        "meetingID": "weekly-1",
        "role": "VIEWER",
        "userID": "slack-t1-u1",
        "redirect": "true",
    }


def test_a_personal_link_is_signed(bigbluebutton: Provider) -> None:
    query, _, checksum = urlsplit(link_for(bigbluebutton, ADA)).query.partition("&checksum=")
    assert hashlib.sha256(f"join{query}{SECRET}".encode()).hexdigest() == checksum


def test_a_personal_link_takes_no_request(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    link_for(bigbluebutton, ADA)
    assert server.asked == []


def test_webhooks_call_people_by_the_key_in_their_link(bigbluebutton: Provider) -> None:
    link = bigbluebutton.personal_link(Meeting(id="weekly-1"), ADA)
    assert link.person_key == parameters_in(link.url)["userID"] == "slack-t1-u1"
    assert link.is_proof


def test_the_host_is_moderator(bigbluebutton: Provider) -> None:
    host = Visitor(key="slack-t1-u2", name="Grace Hopper", is_host=True)
    assert parameters_in(link_for(bigbluebutton, host))["role"] == "MODERATOR"


def test_a_picture_goes_along(bigbluebutton: Provider) -> None:
    pictured = Visitor(key="slack-t1-u1", name="Ada", avatar_url="https://example.com/ada.png?s=72&v=2")
    assert parameters_in(link_for(bigbluebutton, pictured))["avatarURL"] == "https://example.com/ada.png?s=72&v=2"


@pytest.mark.parametrize("picture", ["javascript:alert(1)", "ada.png", None])
def test_what_is_no_picture_does_not(bigbluebutton: Provider, picture: str | None) -> None:
    assert "avatarURL" not in link_for(bigbluebutton, Visitor(key="slack-t1-u1", name="Ada", avatar_url=picture))


@pytest.mark.parametrize(("name", "shown"), [("Ü\x00\ud83d & ?", "Ü & ?"), ("\x00", "Guest"), ("x" * 500, "x" * 200)])
def test_an_odd_name_is_tamed(bigbluebutton: Provider, name: str, shown: str) -> None:
    assert parameters_in(link_for(bigbluebutton, Visitor(key="slack-t1-u1", name=name)))["fullName"] == shown


# --- The hook ---------------------------------------------------------------------------------------------------


def test_the_server_is_told_where_we_are(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    assert bigbluebutton.set_up_webhooks() == f"BigBlueButton sends its webhooks to {HOOK}."
    assert list(server.hooks) == [HOOK]


def test_only_what_we_follow_is_asked_for(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    bigbluebutton.set_up_webhooks()
    wanted = server.hooks[HOOK]
    assert wanted["eventID"] == "user-joined,user-left,meeting-ended"
    assert wanted["getRaw"] == "false"
    assert "meetingID" not in wanted


def test_a_meeting_that_is_made_has_the_hook_made(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    bigbluebutton.create_meeting(WEEKLY)
    assert list(server.hooks) == [HOOK]


def test_a_look_has_the_hook_made(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    bigbluebutton.look(Meeting(id="weekly-1"))
    assert list(server.hooks) == [HOOK]


def test_the_server_is_told_every_five_minutes_at_the_most(
    bigbluebutton: Provider, server: BigBlueButtonServer, clock: MovedClock
) -> None:
    meeting = bigbluebutton.create_meeting(WEEKLY)
    for seconds in [0, 299, 1, 10, 289, 1]:
        clock.move(seconds)
        bigbluebutton.look(meeting)
    assert server.calls_asked().count("hooks/create") == 3


def test_a_hook_that_was_deleted_is_made_again(
    bigbluebutton: Provider, server: BigBlueButtonServer, clock: MovedClock
) -> None:
    meeting = bigbluebutton.create_meeting(WEEKLY)
    server.hooks.clear()
    clock.move(300)
    bigbluebutton.look(meeting)
    assert list(server.hooks) == [HOOK]


@pytest.mark.parametrize(
    "reply",
    [HANG_UP, Reply(404), Reply(502), Reply(429), Reply(200, b"<html>"), failed("createHookError", "Check the logs.")],
)
def test_a_call_does_not_wait_for_its_webhooks(
    bigbluebutton: Provider, server: BigBlueButtonServer, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    server.next_reply(succeeded("<meetingID>weekly-1</meetingID>"))
    server.next_reply(reply)
    with caplog.at_level(logging.WARNING):
        assert bigbluebutton.create_meeting(WEEKLY) == Meeting(id="weekly-1")
    assert "webhooks may not arrive" in caplog.text
    assert SECRET not in caplog.text


def test_a_server_without_bbb_webhooks_is_told_so(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    server.has_webhooks = False
    with pytest.raises(PermanentFailure, match="The server at BIGBLUEBUTTON_URL has no bbb-webhooks"):
        bigbluebutton.set_up_webhooks()


def test_without_an_address_of_ours_nothing_can_be_set_up(server: BigBlueButtonServer) -> None:
    nowhere = load_providers(server.settings(), MovedClock(NOON))["bigbluebutton"]
    nowhere.create_meeting(WEEKLY)
    assert server.hooks == {}
    with pytest.raises(PermanentFailure, match="PUBLIC_URL is not set"):
        nowhere.set_up_webhooks()


# --- Webhooks ---------------------------------------------------------------------------------------------------


def delivery_with(algorithm: str) -> WebhookRequest:
    proof = signed(HOOK, b"event=%5B%5D&timestamp=1", SECRET, algorithm)
    return WebhookRequest.of(body=b"event=%5B%5D&timestamp=1", headers=proof.headers, query=proof.query)


def test_sha1_is_enough_unless_the_account_says_otherwise(bigbluebutton: Provider) -> None:
    bigbluebutton.verify(delivery_with("sha1"))


def test_the_account_may_ask_for_more(server: BigBlueButtonServer) -> None:
    strict = provider({**server.settings(), "BIGBLUEBUTTON_WEBHOOK_CHECKSUM": "sha256"})
    strict.verify(delivery_with("sha256"))
    strict.verify(strict.test_delivery())
    with pytest.raises(WebhookRejected):
        strict.verify(delivery_with("sha1"))


# --- Checks -----------------------------------------------------------------------------------------------------


def test_a_check_changes_nothing(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    assert bigbluebutton.check() == [
        "It answers, and accepts BIGBLUEBUTTON_SECRET.",
        "BigBlueButton does not tell its time.",
        f"BigBlueButton does not know {HOOK} yet: the next call tells it.",
    ]
    assert (server.meetings, server.hooks) == ({}, {})


def test_a_check_tells_of_the_hook(bigbluebutton: Provider) -> None:
    bigbluebutton.set_up_webhooks()
    assert f"BigBlueButton sends its webhooks to {HOOK}." in bigbluebutton.check()


def test_a_check_compares_the_clocks(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    """Events are ordered by the server's clock, and looks by ours."""
    answer = failed("notFound", "no such meeting")
    server.next_reply(replace(answer, headers={"Date": "Fri, 20 Nov 2026 12:01:00 GMT"}))
    assert "Our clock agrees with BigBlueButton's." in bigbluebutton.check()
    server.next_reply(replace(answer, headers={"Date": "Fri, 20 Nov 2026 12:01:01 GMT"}))
    with pytest.raises(PermanentFailure, match="61 seconds apart"):
        bigbluebutton.check()


def test_a_check_finds_that_bbb_webhooks_is_missing(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    server.has_webhooks = False
    with pytest.raises(PermanentFailure, match="no_webhooks"):
        bigbluebutton.check()


# --- Trouble ----------------------------------------------------------------------------------------------------


def test_a_wrong_secret_names_the_settings(server: BigBlueButtonServer) -> None:
    wrong = provider({**server.settings(), "BIGBLUEBUTTON_SECRET": "not-the-secret"})
    with pytest.raises(PermanentFailure, match=r"Check BIGBLUEBUTTON_SECRET.* BIGBLUEBUTTON_CHECKSUM") as raised:
        wrong.create_meeting(WEEKLY)
    assert raised.value.code == "checksumError"
    assert "not-the-secret" not in str(raised.value)


def test_an_algorithm_that_the_server_does_not_support_names_the_settings(server: BigBlueButtonServer) -> None:
    server.algorithms = {"sha512"}
    with pytest.raises(PermanentFailure, match="BIGBLUEBUTTON_CHECKSUM"):
        provider(server.settings()).create_meeting(WEEKLY)


def test_the_servers_own_words_are_told(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    server.next_reply(failed("validationError", "Meeting ID cannot contain ','"))
    with pytest.raises(PermanentFailure, match=r"\[validationError\] BigBlueButton refused \(Meeting ID cannot"):
        bigbluebutton.create_meeting(WEEKLY)


def test_but_not_when_they_hold_the_secret(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    server.next_reply(failed(f"validationError{SECRET}", f"You said {SECRET}"))
    with pytest.raises(PermanentFailure) as raised:
        bigbluebutton.create_meeting(WEEKLY)
    assert SECRET not in str(raised.value)


def test_a_refusal_may_stand_in_a_list(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    body = (
        b"<response><returncode>FAILED</returncode><errors>"
        b'<error key="nonUniqueVoiceBridge" message="The selected voice bridge is already in use."/>'
        b"</errors></response>"
    )
    server.next_reply(Reply(200, body))
    with pytest.raises(PermanentFailure, match=r"nonUniqueVoiceBridge.*already in use"):
        bigbluebutton.create_meeting(WEEKLY)


def test_a_refusal_without_a_word_is_one_too(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    server.next_reply(Reply(200, b"<response><returncode>FAILED</returncode></response>"))
    with pytest.raises(PermanentFailure, match=r"\[failed\] BigBlueButton refused\."):
        bigbluebutton.create_meeting(WEEKLY)


@pytest.mark.parametrize("status", [401, 403])
def test_whoever_stands_before_the_server_may_refuse(
    bigbluebutton: Provider, server: BigBlueButtonServer, status: int
) -> None:
    server.next_reply(Reply(status))
    with pytest.raises(PermanentFailure, match=f"answered {status}. Check BIGBLUEBUTTON_SECRET"):
        bigbluebutton.create_meeting(WEEKLY)


def test_an_address_that_leads_elsewhere_is_told(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    server.next_reply(Reply(302, headers={"Location": "https://other.example.com/"}))
    with pytest.raises(PermanentFailure, match="Redirects are not followed"):
        bigbluebutton.create_meeting(WEEKLY)


def test_what_answers_as_no_bigbluebutton_does_names_the_setting(
    bigbluebutton: Provider, server: BigBlueButtonServer
) -> None:
    server.next_reply(Reply(200, b"<!doctype html><p>Welcome<br>"))
    with pytest.raises(TemporaryFailure, match=r"The answer is no XML\. Check BIGBLUEBUTTON_URL\."):
        bigbluebutton.check()


def test_a_limit_says_when_to_come_back(bigbluebutton: Provider, server: BigBlueButtonServer) -> None:
    server.next_reply(Reply(429, headers={"Retry-After": "9"}))
    with pytest.raises(RateLimited) as raised:
        bigbluebutton.create_meeting(WEEKLY)
    assert raised.value.retry_after_seconds == 9


BILLION_LAUGHS = (
    b'<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><response><returncode>&b;</returncode></response>'
)
FOREIGN_FILE = (
    b'<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><response><returncode>&f;</returncode></response>'
)


@pytest.mark.parametrize(
    "reply",
    [
        HANG_UP,
        Reply(500),
        Reply(503),
        Reply(200, b""),
        Reply(200, b"<html>"),
        Reply(200, b"<html><body>Starting</body></html>"),
        Reply(200, b'{"response": {"returncode": "SUCCESS"}}'),
        Reply(200, b'<?xml version="1.0" encoding="nonsense"?><response/>'),
        Reply(200, b"<response><returncode>SUCC\xff"),
        Reply(200, b"<a>" * 5000),
        Reply(200, BILLION_LAUGHS),
        Reply(200, FOREIGN_FILE),
        failed("internalError", "No servers are available."),
    ],
)
@pytest.mark.parametrize("ask", ["create_meeting", "end_meeting", "look", "check"])
def test_a_server_in_trouble_may_recover(
    bigbluebutton: Provider, server: BigBlueButtonServer, reply: Reply, ask: str
) -> None:
    arguments = {"create_meeting": [WEEKLY], "check": []}.get(ask, [Meeting(id="weekly-1")])
    server.next_reply(reply)
    with pytest.raises(TemporaryFailure):
        getattr(bigbluebutton, ask)(*arguments)


def test_a_server_that_is_down_may_come_back(server: BigBlueButtonServer) -> None:
    with pytest.raises(TemporaryFailure, match="unreachable"):
        provider({**server.settings(), "BIGBLUEBUTTON_URL": nobody_there()}).create_meeting(WEEKLY)


# --- Settings ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://meet.example.com", "https://meet.example.com/bigbluebutton/api"),
        ("https://meet.example.com/", "https://meet.example.com/bigbluebutton/api"),
        ("https://meet.example.com/bigbluebutton", "https://meet.example.com/bigbluebutton/api"),
        ("https://meet.example.com/bigbluebutton/", "https://meet.example.com/bigbluebutton/api"),
        ("https://meet.example.com/bigbluebutton/api", "https://meet.example.com/bigbluebutton/api"),
        ("https://meet.example.com/bigbluebutton/api/", "https://meet.example.com/bigbluebutton/api"),
        ("https://example.com/tenant/bigbluebutton/", "https://example.com/tenant/bigbluebutton/api"),
        ("https://example.com/tenant/api", "https://example.com/tenant/api"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090/bigbluebutton/api"),
    ],
)
def test_the_address_may_be_told_in_several_ways(given: str, address: str) -> None:
    told = provider({"BIGBLUEBUTTON_URL": given, "BIGBLUEBUTTON_SECRET": SECRET})
    assert link_for(told, ADA).startswith(f"{address}/join?")


@pytest.mark.parametrize(
    ("setting", "value", "complaint"),
    [
        ("BIGBLUEBUTTON_URL", "meet.example.com", "BIGBLUEBUTTON_URL: must be an address"),
        ("BIGBLUEBUTTON_URL", "https://meet.example.com/?x=1", "BIGBLUEBUTTON_URL: must be an address"),
        ("BIGBLUEBUTTON_SECRET", "", "BIGBLUEBUTTON_SECRET: is missing"),
        ("BIGBLUEBUTTON_SECRET", "two words", "BIGBLUEBUTTON_SECRET: must be printable ASCII"),
        ("BIGBLUEBUTTON_PREVIOUS_SECRET", "two words", "BIGBLUEBUTTON_PREVIOUS_SECRET: must be printable ASCII"),
        ("BIGBLUEBUTTON_CHECKSUM", "md5", "BIGBLUEBUTTON_CHECKSUM: Input should be 'sha1', 'sha256'"),
        ("BIGBLUEBUTTON_WEBHOOK_CHECKSUM", "none", "BIGBLUEBUTTON_WEBHOOK_CHECKSUM: Input should be 'sha1'"),
    ],
)
def test_wrong_settings_are_told(server: BigBlueButtonServer, setting: str, value: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        provider({**server.settings(), setting: value})
    assert complaint in str(raised.value)
    assert "two words" not in str(raised.value)
