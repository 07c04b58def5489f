"""BigBlueButton's own proofs and payloads, where the contract's general questions end."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.bigbluebutton.checksums import Algorithm
from app.providers.bigbluebutton.webhooks import parse_events, verify
from tests.providers.bigbluebutton.captured import MEETING, OCCURRENCE, captured
from tests.providers.bigbluebutton.server import OLD_SECRET, SECRET
from tests.providers.bigbluebutton.signing import bearing, checksum, form, signed
from tests.providers.contract import Proof, card_after

VECTORS = Path("/work/shared/samples/providers/bigbluebutton/signature.json")
CAPTURES = Path("/work/shared/samples/captures/bbb-webhooks/sha1")
HOOK = "https://calls.example.com/webhooks/bigbluebutton"
BODY = b"domain=bbb.example.test&event=%5B%5D&timestamp=1"


def check(
    proof: Proof, *, body: bytes = BODY, url: str = HOOK, weakest: Algorithm = Algorithm.SHA1, secret: str = SECRET
) -> None:
    request = WebhookRequest.of(body=body, headers=proof.headers, query=proof.query)
    verify(request, url=url, secrets=(secret, OLD_SECRET), weakest=weakest)


# --- Proof ------------------------------------------------------------------------------------------------------

# What bbb-webhooks 3.5.0 sent, November 2026.
OBSERVED_SECRET = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"
OBSERVED_HOOK = "http://127.0.0.1:40549/ok"
OBSERVED_BODY = (
    b"domain=bbb.example.com&event=%5B%7B%22data%22%3A%7B%22type%22%3A%22event%22%2C%22id%22%3A%22user-joined%22%2C"
    b"%22attributes%22%3A%7B%22meeting%22%3A%7B%22internal-meeting-id%22%3A%228043c8452ae9830aac14c517adff3839dbd9228f"
    b"-1698771157700%22%2C%22external-meeting-id%22%3A%22random-9019868%22%7D%2C%22user%22%3A%7B%22internal-user-id%22"
    b"%3A%22w_uxw0dzhtvk0l%22%2C%22external-user-id%22%3A%22w_uxw0dzhtvk0l%22%2C%22name%22%3A%22Mary+Sue%22%2C%22role"
    b"%22%3A%22VIEWER%22%2C%22presenter%22%3Afalse%2C%22guest%22%3Afalse%7D%7D%2C%22event%22%3A%7B%22ts%22%3A"
    b"1795208838329%7D%7D%7D%5D&timestamp=1795208838333"
)
OBSERVED_CHECKSUM = "d7c0de35ede1f7244841d1dd4c5e70d41c733f80"


def test_what_the_real_sender_signed_is_accepted() -> None:
    proof = Proof(query=f"checksum={OBSERVED_CHECKSUM}")
    check(proof, body=OBSERVED_BODY, url=OBSERVED_HOOK, secret=OBSERVED_SECRET)


def test_but_not_for_another_address() -> None:
    proof = Proof(query=f"checksum={OBSERVED_CHECKSUM}")
    with pytest.raises(WebhookRejected):
        check(proof, body=OBSERVED_BODY, url=f"{OBSERVED_HOOK}/", secret=OBSERVED_SECRET)


@pytest.mark.skipif(not VECTORS.exists(), reason="the collection of vectors is not here")
def test_all_vectors_of_webhooks_are_accepted() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))["webhook_checksum"]["vectors"]
    assert len(vectors) == 4
    for vector in vectors:
        body, url, secret = vector["raw_body"].encode(), vector["registered_callback_url"], vector["secret"]
        check(Proof(query=f"checksum={vector['checksum']}"), body=body, url=url, secret=secret)
        assert checksum(url, body, secret) == vector["checksum"]


@pytest.mark.skipif(not CAPTURES.exists(), reason="the captured deliveries are not here")
def test_our_copies_are_what_was_captured() -> None:
    stored = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(CAPTURES.glob("*.json"))]
    assert [(one["query"], one["body"].encode()) for one in stored] == [(one.query, one.body) for one in captured()]


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_the_length_tells_the_algorithm(algorithm: str) -> None:
    check(signed(HOOK, BODY, SECRET, algorithm))


@pytest.mark.parametrize(("algorithm", "weakest"), [("sha1", "sha256"), ("sha256", "sha384"), ("sha384", "sha512")])
def test_a_weaker_algorithm_than_the_account_allows_is_rejected(algorithm: str, weakest: str) -> None:
    with pytest.raises(WebhookRejected, match="BIGBLUEBUTTON_WEBHOOK_CHECKSUM"):
        check(signed(HOOK, BODY, SECRET, algorithm), weakest=Algorithm(weakest))


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_a_stronger_one_is_accepted(algorithm: str) -> None:
    check(signed(HOOK, BODY, SECRET, algorithm), weakest=Algorithm.SHA256)


@pytest.mark.parametrize("algorithm", ["md5", "sha224", "blake2s"])
def test_an_algorithm_that_is_not_documented_is_rejected(algorithm: str) -> None:
    """blake2s is as long as sha256."""
    with pytest.raises(WebhookRejected):
        check(signed(HOOK, BODY, SECRET, algorithm))


@pytest.mark.parametrize(
    "query",
    [
        "",
        "checksum=",
        "checksum",
        "{checksum}",
        "checksum={checksum}&checksum={checksum}",
        "a=1&checksum={checksum}",
        "checksum={checksum}&a=1",
        "CHECKSUM={checksum}",
        "checksum={checksum}\n",
        "checksum=+{checksum}",
        "checksum=\ud83d",
        "checksum=" + "٣" * 40,
        "checksum=" + "0" * 40,
    ],
)
def test_the_query_is_the_checksum_and_nothing_else(query: str) -> None:
    """No other comes from the one who registered our address, which has no query."""
    with pytest.raises(WebhookRejected):
        check(Proof(query=query.replace("{checksum}", checksum(HOOK, BODY, SECRET))))


@pytest.mark.parametrize("secret", [SECRET, OLD_SECRET])
def test_the_secret_itself_is_proof(secret: str) -> None:
    check(bearing(secret))


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", SECRET, f"bearer {SECRET}", f"Bearer {SECRET} "])
def test_what_is_not_quite_the_secret_is_none(authorization: str) -> None:
    with pytest.raises(WebhookRejected):
        check(Proof(headers={"Authorization": authorization}))


def test_a_checksum_is_proof_beside_a_proxys_own_authorization() -> None:
    headers = {"Authorization": "Basic cHJveHk6cHJveHk="}
    check(Proof(headers=headers, query=signed(HOOK, BODY, SECRET).query))


# --- Payload ----------------------------------------------------------------------------------------------------


def told(word: str = "user-joined", *, meeting: Any = None, user: Any = None, ts: Any = 1795208768093) -> Any:
    """An event; ``meeting`` and ``user`` are changed."""
    ids = {"internal-meeting-id": "sha-1", "external-meeting-id": "weekly-1", **(meeting or {})}
    person = {
        "internal-user-id": "w_1",
        "external-user-id": "slack-t1-u1",
        "name": "Ada Lovelace",
        "role": "VIEWER",
        "presenter": False,
        "guest": False,
        **(user or {}),
    }
    attributes = {"meeting": ids} if word.startswith("meeting-") else {"meeting": ids, "user": person}
    return {"data": {"type": "event", "id": word, "attributes": attributes, "event": {"ts": ts}}}


def only(body: bytes) -> Event:
    (event,) = parse_events(body)
    return event


def person_in(event: Any) -> Person:
    parsed = only(form(event))
    assert isinstance(parsed, ParticipantJoined | ParticipantLeft)
    return parsed.person


def body_of(name: str) -> bytes:
    return next(one.body for one in captured() if one.event == name)


def test_a_meeting_that_is_made() -> None:
    assert only(body_of("meeting-created")) == MeetingStarted(
        meeting_id=MEETING,
        at=datetime(2026, 11, 20, 21, 6, 7, 840_000, tzinfo=UTC),
        dedupe_key=f"meeting-created:{OCCURRENCE}::1795208767843",
        occurrence_id=OCCURRENCE,
    )


def test_a_person_who_comes() -> None:
    assert only(body_of("user-joined")) == ParticipantJoined(
        meeting_id=MEETING,
        at=datetime(2026, 11, 20, 21, 6, 7, 890_000, tzinfo=UTC),
        dedupe_key=f"user-joined:{OCCURRENCE}:w_xfsb9gxtlfom:1795208767891",
        occurrence_id=OCCURRENCE,
        person=Person(key="w_xfsb9gxtlfom", connection_id="w_xfsb9gxtlfom", name="John Doe"),
    )


def test_a_person_who_goes_has_no_name() -> None:
    event = only(body_of("user-left"))
    assert isinstance(event, ParticipantLeft)
    assert event.person == Person(key="w_uxw0dzhtvk0l", connection_id="w_uxw0dzhtvk0l")


def test_a_meeting_that_ends() -> None:
    assert isinstance(only(body_of("meeting-ended")), MeetingEnded)


def test_whoever_came_by_a_link_of_ours_is_called_by_its_key() -> None:
    assert person_in(told()) == Person(key="slack-t1-u1", connection_id="w_1", name="Ada Lovelace")


def test_two_browsers_of_one_person_are_one_person() -> None:
    joins = form(told(), told(user={"internal-user-id": "w_2"}))
    one_leave = form(told("user-left", ts=1795208769000), timestamp="2")
    card = card_after([*parse_events(joins), *parse_events(one_leave)])
    assert [user.external_id for user in card.present] == ["slack-t1-u1"]


def test_a_person_without_an_id_of_ours_is_called_by_the_servers() -> None:
    assert person_in(told(user={"external-user-id": ""})).key == "w_1"


def test_a_leave_that_is_told_a_second_time_makes_up_nobody() -> None:
    """By then bbb-webhooks has forgotten the external id."""
    leave, again = told("user-left", ts=1795208769000), told("user-left", user={"external-user-id": ""})
    card = card_after(parse_events(form(told(), leave, again)))
    assert [user.external_id for user in card.attended] == ["slack-t1-u1"]
    assert not card.present


def test_one_delivery_may_tell_of_several_events() -> None:
    events = parse_events(form(told("meeting-created"), told(), told("poll-started"), told("user-left")))
    assert [type(event) for event in events] == [MeetingStarted, ParticipantJoined, ParticipantLeft]
    assert len({event.dedupe_key for event in events}) == 3


def test_an_event_may_stand_without_its_list() -> None:
    """As the documentation has it, and as versions before 3.0 sent it."""
    alone = form(told()).replace(b"%5B%7B%22data", b"%7B%22data").replace(b"%7D%5D&", b"%7D&")
    assert b"%5B" not in alone
    assert parse_events(alone) == parse_events(form(told()))


def test_a_body_may_be_json_alone() -> None:
    """As older versions sent it together with the secret."""
    without_timestamp = "user-joined:sha-1:w_1:2026-11-20T21:06:08.093000+00:00"
    expected = replace(only(form(told())), dedupe_key=without_timestamp)
    for body in [json.dumps(told()).encode(), json.dumps([told()]).encode()]:
        assert parse_events(body) == [expected]


@pytest.mark.parametrize("event", sorted({one.event for one in captured()}))
def test_only_four_kinds_of_events_say_something(event: str) -> None:
    followed = {"meeting-created", "user-joined", "user-left", "meeting-ended"}
    assert bool(parse_events(body_of(event))) == (event in followed)


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"data": None},
        {"data": {"id": 7}},
        {"data": {"id": "rap-publish-ended", "attributes": 7}},
        {"envelope": {"name": "UserJoinedMeetingEvtMsg"}, "core": {"body": {"intId": "w_1"}}},
    ],
)
def test_other_events_are_not_ours(other: Any) -> None:
    """The last is what a hook with getRaw=true gets."""
    assert parse_events(form(other)) == []


@pytest.mark.parametrize("word", ["meeting-created", "user-joined", "user-left", "meeting-ended"])
def test_a_meeting_whose_id_is_forgotten_is_nobodys(word: str) -> None:
    for forgotten in [None, ""]:
        assert parse_events(form(told(word, meeting={"external-meeting-id": forgotten}))) == []


def test_a_breakout_room_is_not_the_meeting() -> None:
    breakout = {"is-breakout": True, "parent-id": "sha-1", "external-meeting-id": "weekly-1"}
    assert parse_events(form(told("meeting-created", meeting=breakout))) == []


def test_people_in_a_breakout_room_are_told_of_under_its_own_id() -> None:
    [event] = parse_events(form(told(meeting={"external-meeting-id": "sha-1-1795208768000"})))
    assert event.meeting_id == "sha-1-1795208768000"


def test_a_bot_is_nobody() -> None:
    assert parse_events(form(told(user={"bot": True}))) == []


def test_numbers_may_stand_for_ids() -> None:
    event = only(form(told(meeting={"internal-meeting-id": 7}, user={"internal-user-id": 8, "external-user-id": 9})))
    assert isinstance(event, ParticipantJoined)
    assert (event.occurrence_id, event.person.connection_id, event.person.key) == ("7", "8", "9")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Grace “Ümlaut” Hopper 🎥", "Grace “Ümlaut” Hopper 🎥"),
        ("a+b & c=d%20", "a+b & c=d%20"),
        (" Ada\x00\n\u202eecalevoL  ", "Ada ecalevoL"),
        ("Ada \ud83d", "Ada ?"),
        ("x" * 5000, "x" * 200),
        ("\x00", None),
        (None, None),
    ],
)
def test_a_name_is_cleaned(name: str | None, shown: str | None) -> None:
    assert person_in(told(user={"name": name})).name == shown


def test_an_id_that_cannot_be_stored_never_becomes_another() -> None:
    """Repaired, it would be somebody else's."""
    keys = {person_in(told(user={"external-user-id": key})).key for key in ["ada", "ada\x00", "ada\x01", "a" * 201]}
    assert len(keys) == 4
    assert all(key.isprintable() and len(key) <= 200 for key in keys)


def test_a_dedupe_key_is_never_too_long() -> None:
    keys = {only(form(told(), timestamp=timestamp)).dedupe_key for timestamp in ["9" * 5000, "9" * 5001, "\x00"]}
    assert len(keys) == 3
    assert all(len(key) <= 200 and key.isprintable() for key in keys)


@pytest.mark.parametrize("gone", ["attributes", "attributes.meeting", "attributes.user", "event", "event.ts"])
def test_an_event_without_its_essentials_is_malformed(gone: str) -> None:
    event = told()
    holder = event["data"]
    *path, last = gone.split(".")
    for step in path:
        holder = holder[step]
    del holder[last]
    with pytest.raises(WebhookMalformed, match=last):
        parse_events(form(event))


@pytest.mark.parametrize("ts", ["", "soon", 10**16, 10**30, -(10**14), [], None, True])
def test_a_time_beyond_the_calendar_is_malformed(ts: object) -> None:
    with pytest.raises(WebhookMalformed, match="ts"):
        parse_events(form(told(ts=ts)))


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"event=%5B%5D",
        b"timestamp=1",
        b"event=7&timestamp=1",
        b"event=%5B7%5D&timestamp=1",
        b"event=&timestamp=1",
        b"event=%FF&timestamp=1",
        b"\xff=1",
        b"[",
        b"{",
        b"event=%5B%5D&timestamp=1" + b"&a=1" * 1000,
        b"event=" + b"%5B" * 100_000 + b"&timestamp=1",
    ],
)
def test_what_is_no_form_of_events_is_malformed(garbage: bytes) -> None:
    with pytest.raises(WebhookMalformed):
        parse_events(garbage)


def test_a_list_of_nothing_is_nothing() -> None:
    assert parse_events(form()) == []


# --- The captured meeting ---------------------------------------------------------------------------------------


def test_the_captured_meeting_folds_to_its_people_in_500_orders() -> None:
    events = [event for one in captured() for event in parse_events(one.body)]
    shuffle = random.Random(20261121)
    for _ in range(500):
        card = card_after(shuffle.sample(events * 2, k=len(events) * 2))
        assert {user.display_name for user in card.attended} == {"John Doe", "Mary Sue"}
        assert not card.present
        assert card.duration_seconds is not None


def test_a_delivery_that_is_repeated_has_the_same_keys() -> None:
    """Its form is the same to the last byte, and its keys are no other delivery's."""
    keys = [event.dedupe_key for one in captured() for event in parse_events(one.body)]
    assert keys == [event.dedupe_key for one in captured() for event in parse_events(one.body)]
    assert len(set(keys)) == len(keys) == 6
