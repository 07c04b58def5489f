"""Daily's own proofs and payloads, where the contract's general questions end."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.daily import webhooks
from app.providers.daily.webhooks import answer_check, parse_events, verify
from tests.clocks import NOON
from tests.providers.contract import card_after
from tests.providers.daily.history import HISTORY, ROOM, WAITING
from tests.providers.daily.server import CHECK, OLD_SECRET, SECRET
from tests.providers.daily.signing import signature, signed

KEYS = (base64.b64decode(SECRET), base64.b64decode(OLD_SECRET))
BODY = HISTORY[0]
SAMPLES = Path("/work/shared/samples/providers/daily/signature.json")


def check(timestamp: str, body: bytes = BODY, *, secret: str = SECRET, now: datetime = NOON) -> None:
    headers = {"X-Webhook-Timestamp": timestamp, "X-Webhook-Signature": signature(body, secret, timestamp)}
    verify(WebhookRequest.of(body=body, headers=headers), KEYS, now)


# --- Proof ------------------------------------------------------------------------------------------------------


def test_the_time_may_be_in_milliseconds() -> None:
    check("1795176000000", now=datetime.fromtimestamp(1795176000, UTC))


def test_or_in_seconds() -> None:
    check("1795176000", now=datetime.fromtimestamp(1795176000, UTC))


@pytest.mark.parametrize("late", [timedelta(minutes=20), timedelta(minutes=-20)])
def test_a_delivery_that_was_tried_again_is_accepted(late: timedelta) -> None:
    check(str(int(NOON.timestamp())), now=NOON + late)
    with pytest.raises(WebhookRejected):
        check(str(int(NOON.timestamp())), now=NOON + late * 1.001)


@pytest.mark.parametrize(
    "timestamp", ["", "soon", "0", "-1795176000", "1795176000.5", " 1795176000", "01795176000", "9" * 14, "٣" * 10]
)
def test_what_is_no_time_is_rejected(timestamp: str) -> None:
    with pytest.raises(WebhookRejected, match="X-Webhook-Timestamp"):
        check(timestamp)


def test_the_time_is_part_of_what_is_signed() -> None:
    now = str(int(NOON.timestamp()))
    headers = {"X-Webhook-Timestamp": now, "X-Webhook-Signature": signature(BODY, SECRET, now + "000")}
    with pytest.raises(WebhookRejected, match="X-Webhook-Signature"):
        verify(WebhookRequest.of(body=BODY, headers=headers), KEYS, NOON)


def test_the_secret_is_decoded_first() -> None:
    undecoded = base64.b64encode(SECRET.encode()).decode()
    with pytest.raises(WebhookRejected):
        check(str(int(NOON.timestamp())), secret=undecoded)


# Computed with node's crypto by the steps that Daily documents; the secret is made up.
VECTOR_SECRET = "cmVzZWFyY2gtZGFpbHktd2ViaG9vay1zZWNyZXQtMzJi"
VECTORS = [
    ("1728432000000", "4EX+asdrXmxLu7vK0H4EWjDAMXVoUfZr1WVlwamt7UQ="),
    ("1728432000", "UnNWvhJHmLXj7K1tpiFKq/g987DMhNVDFHUwcNoz3ww="),
]


@pytest.mark.parametrize(("timestamp", "value"), VECTORS)
def test_what_node_signs_is_accepted(timestamp: str, value: str) -> None:
    request = WebhookRequest.of(body=CHECK, headers={"x-webhook-timestamp": timestamp, "x-webhook-signature": value})
    verify(request, [base64.b64decode(VECTOR_SECRET)], datetime.fromtimestamp(1728432000, UTC))


@pytest.mark.skipif(not SAMPLES.exists(), reason="the collected samples are not here")
def test_the_collected_vectors_are_accepted() -> None:
    vectors = json.loads(SAMPLES.read_text(encoding="utf-8"))["vectors"]
    assert vectors
    for vector in vectors:
        request = WebhookRequest.of(body=vector["raw_body"].encode(), headers=vector["headers"])
        key = base64.b64decode(vector["hmac_secret_b64"])
        verify(request, [key], datetime.fromtimestamp(1728432000, UTC))
        with pytest.raises(WebhookRejected):
            verify(request, [key + b"x"], datetime.fromtimestamp(1728432000, UTC))


# --- The check of a new hook --------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [CHECK, b'{ "test": "test" }', b'\n{"test":"test"}\n'])
def test_a_check_is_answered(body: bytes) -> None:
    assert answer_check(body) is not None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'"test"',
        b"\xff",
        b'{"test":"other"}',
        b'{"test":"test","type":"meeting.ended"}',
        b"[" * 50 + b"]" * 50,
        b"[" * 50_000 + b"]" * 50_000,
        b" " * 100 + CHECK,
        *HISTORY,
        webhooks.test_delivery(KEYS[0], NOON).body,
    ],
)
def test_nothing_else_is(body: bytes) -> None:
    """Whatever is answered here is never looked at again."""
    assert answer_check(body) is None


# --- Payload ----------------------------------------------------------------------------------------------------


def body(event: str = "participant.joined", **changes: Any) -> bytes:
    """A joining person; ``payload`` is changed, the rest replaced."""
    told: dict[str, Any] = {
        "version": "1.0.0",
        "type": event,
        "id": "ptcpt-join-1",
        "payload": {
            "room": "weekly",
            "user_id": "slack-T1-U1",
            "session_id": "session-1",
            "joined_at": 1795176000.5,
            **changes.pop("payload", {}),
        },
        "event_ts": 1795176002.25,
    }
    return json.dumps({**told, **changes}).encode()


def only(body: bytes) -> Event:
    (event,) = parse_events(body)
    return event


def person_in(body: bytes) -> Person:
    event = only(body)
    assert isinstance(event, ParticipantJoined | ParticipantLeft)
    return event.person


def test_a_meeting_that_starts() -> None:
    assert only(HISTORY[0]) == MeetingStarted(
        meeting_id=ROOM,
        at=datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
        dedupe_key="met-sta-16e9701a-93e0-4933-83c9-223e7c40d552",
        occurrence_id="16e9701a-93e0-4933-83c9-223e7c40d552",
    )


def test_a_person_who_comes() -> None:
    assert only(HISTORY[2]) == ParticipantJoined(
        meeting_id=ROOM,
        at=datetime(2026, 11, 20, 12, 0, 12, 960000, tzinfo=UTC),
        dedupe_key="ptcpt-join-16168c97-f973-4eae-9642-020fe3fda5db-1795176012961",
        person=Person(
            key="slack-8e2d4c6b0a1f",
            connection_id="16168c97-f973-4eae-9642-020fe3fda5db",
            name="Grace “Ümlaut” Hopper 🎥",
        ),
    )


def test_a_person_who_goes() -> None:
    event = only(HISTORY[6])
    assert isinstance(event, ParticipantLeft)
    assert event.at == datetime(2026, 11, 20, 12, 10, 0, 750000, tzinfo=UTC)


def test_a_meeting_ends_when_the_last_one_went_and_not_when_it_is_told() -> None:
    event = only(HISTORY[-1])
    assert isinstance(event, MeetingEnded)
    assert event.at == datetime(2026, 11, 20, 12, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize("event", ["meeting.started", "meeting.ended"])
def test_or_when_it_is_told_where_nothing_else_is(event: str) -> None:
    assert only(body(event)).at == datetime.fromtimestamp(1795176002.25, UTC)


def test_a_leave_is_never_before_its_join() -> None:
    """Two of Daily's clocks tell the two, and a leave before its join would keep somebody in for ever."""
    flash = {"joined_at": 1795176003.0}
    left = only(body("participant.left", payload=flash, id="ptcpt-left-1"))
    assert not card_after([only(body(payload=flash)), left]).present


@pytest.mark.parametrize("user_id", [None, "", "session-1"])
def test_whoever_has_no_token_is_known_by_their_session(user_id: object) -> None:
    assert person_in(body(payload={"user_id": user_id})).key == "session-1"


def test_ids_may_be_numbers() -> None:
    person = person_in(body(payload={"user_id": 17, "session_id": 18}))
    assert (person.key, person.connection_id) == ("17", "18")


def test_a_name_is_cleaned() -> None:
    assert person_in(body(payload={"user_name": " Ada\x00\n\u202eecalevoL  "})).name == "Ada ecalevoL"


def test_a_long_name_is_cut() -> None:
    assert person_in(body(payload={"user_name": "x" * 5000})).name == "x" * 200


def test_a_name_that_somebody_has_no_more_is_none() -> None:
    assert person_in(body(payload={"user_name": ""})).name is None


def test_the_hidden_stay_hidden() -> None:
    assert parse_events(body(payload={"permissions": {"hasPresence": False}})) == []


def test_whoever_was_hidden_after_they_came_leaves_all_the_same() -> None:
    """Owners can hide somebody at any time."""
    left = body("participant.left", payload={"permissions": {"hasPresence": False}}, id="ptcpt-left-1")
    assert not card_after([only(body()), only(left)]).present


def test_a_hidden_person_who_leaves_was_never_there() -> None:
    left = body("participant.left", payload={"permissions": {"hasPresence": False}})
    assert not card_after(parse_events(left)).attended


@pytest.mark.parametrize("permissions", [None, {}, {"hasPresence": True}, {"hasPresence": None, "canSend": []}])
def test_all_others_are_shown(permissions: object) -> None:
    assert parse_events(body(payload={"permissions": permissions}))


@pytest.mark.parametrize(
    "event", ["waiting-participant.joined", "recording.started", "dialin.connected", "something.new", ""]
)
def test_other_events_are_not_ours(event: str) -> None:
    assert parse_events(json.dumps({"type": event, "payload": 7}).encode()) == []


def test_a_knock_is_no_join() -> None:
    assert parse_events(WAITING) == []


def test_a_check_of_another_form_is_no_event() -> None:
    assert parse_events(b'{"test":"another"}') == []


@pytest.mark.parametrize("gone", ["id", "event_ts", "payload", "payload.room", "payload.session_id"])
def test_an_event_without_its_essentials_is_malformed(gone: str) -> None:
    told = json.loads(body())
    *path, last = gone.split(".")
    del (told[path[0]] if path else told)[last]
    with pytest.raises(WebhookMalformed, match=gone):
        parse_events(json.dumps(told).encode())


@pytest.mark.parametrize("time", ["", "soon", 10**16, -99999999999, "NaN", [], "inf"])
def test_a_time_beyond_the_calendar_is_malformed(time: object) -> None:
    with pytest.raises(WebhookMalformed, match="event_ts"):
        parse_events(body(event_ts=time))


@pytest.mark.parametrize("garbage", [b"", b"null", b"[]", b"7", b"{", b"\xff", b"\x00"])
def test_what_is_no_event_is_malformed(garbage: bytes) -> None:
    with pytest.raises(WebhookMalformed):
        parse_events(garbage)


def test_the_meeting_folds_to_its_people() -> None:
    card = card_after([event for one in HISTORY for event in parse_events(one)])
    assert {(user.external_id, user.display_name) for user in card.attended} == {
        ("slack-1f9c0a3b5d7e", "Ada Lovelace"),
        ("slack-8e2d4c6b0a1f", "Grace “Ümlaut” Hopper 🎥"),
        ("d61cd7b2-a273-42b4-89bd-be763fd562c1", "Guest"),
    }
    assert not card.present


def test_ada_is_present_while_her_second_device_is_in() -> None:
    card = card_after([event for one in HISTORY[:8] for event in parse_events(one)])
    assert {user.external_id for user in card.present} == {"slack-1f9c0a3b5d7e"}


def test_a_test_delivery_is_signed_at_its_time() -> None:
    delivery = webhooks.test_delivery(KEYS[0], NOON)
    assert delivery.headers == WebhookRequest.of(body=b"", headers=signed(delivery.body, SECRET, NOON)).headers
