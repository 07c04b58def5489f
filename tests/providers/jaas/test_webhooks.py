"""8x8's own proofs and payloads, where the contract's general questions end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.clock import from_unix
from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.jaas.webhooks import parse_events, verify
from tests.clocks import NOON
from tests.providers.contract import card_after
from tests.providers.jaas.told import ADA, ADA_ON_HER_PHONE, APP_ID, GRACE, ROOM, SECRET, SESSION, signature, told

# Secret, body and header stand on 8x8's page about signatures.
OFFICIAL_SECRET = "whsec_9635df66714a4cf088ee9d0979dd3bf6"
OFFICIAL_SIGNATURE = "xlzqEojlh4qb21sQpXYsWgyK8x9HVpz+RQldsv18rV0="
OFFICIAL_TIME = 1632490060
OFFICIAL_BODY = (
    b'{"eventType":"PARTICIPANT_JOINED","sessionId":"9a441d60-ceaf-4eba-b0a8-a7d940a76e1b","timestamp":1632490058278,'
    b'"fqn":"vpaas-magic-cookie-96f0941768964ab380ed0fbada7a502f/sampleappromanticshiftsstripas",'
    b'"idempotencyKey":"9e9e7420-562d-4659-8e22-44b9b22aaa49","customerId":"96f0941768964ab380ed0fbada7a502f",'
    b'"appId":"vpaas-magic-cookie-96f0941768964ab380ed0fbada7a502f","data":{"avatar":"","name":"Test User",'
    b'"id":"auth0|5f903d7a77f3b4006eb8e67d","participantJid":"fc1ea14a-9bca-4218-a563-8c627e803d56@8x8.vc",'
    b'"moderator":true,"email":"test.user@company.com"}}'
)
# The same, with the key that Standard Webhooks would take: what stands behind whsec_, out of base64.
OF_THE_DECODED_SECRET = "W86nzAbmWhRzJN9OHYdM88KvOlNfsV/x9UtQ1bQD/BY="
OF_ANOTHER_SECRET = "zdTwvV1SfIbdq+7/v3FVt287HIFkQYAJIPm17k0hUIc="
VECTORS = Path("/work/shared/samples/providers/jaas/signature.json")


def check(header: str, body: bytes = OFFICIAL_BODY, now: datetime | None = None, secret: str = OFFICIAL_SECRET) -> None:
    request = WebhookRequest.of(body=body, headers={"X-Jaas-Signature": header})
    verify(request, [SecretStr(secret)], now or from_unix(OFFICIAL_TIME))


# --- Proof ------------------------------------------------------------------------------------------------------


def test_the_vendors_own_example_is_accepted() -> None:
    check(f"t={OFFICIAL_TIME},v1={OFFICIAL_SIGNATURE}")


def test_one_of_several_signatures_is_enough() -> None:
    """There are two while the secret is rolled."""
    check(f"t={OFFICIAL_TIME},v1={OF_ANOTHER_SECRET},v1={OFFICIAL_SIGNATURE}")
    check(f"t={OFFICIAL_TIME},v1={OFFICIAL_SIGNATURE},v1={OF_ANOTHER_SECRET}")


def test_other_schemes_do_not_count_and_do_not_matter() -> None:
    check(f"t={OFFICIAL_TIME},v0=whatever,v1={OFFICIAL_SIGNATURE},v2=a=b=")
    with pytest.raises(WebhookRejected):
        check(f"t={OFFICIAL_TIME},v0={OFFICIAL_SIGNATURE}")


@pytest.mark.parametrize(
    "header",
    [
        f"t={OFFICIAL_TIME},v1={OF_THE_DECODED_SECRET}",
        f"t={OFFICIAL_TIME},v1={OFFICIAL_SIGNATURE[:-1]}",
        f"t={OFFICIAL_TIME},v1={OFFICIAL_SIGNATURE}=",
        f"t={OFFICIAL_TIME},v1=",
        f"t={OFFICIAL_TIME},v1",
        f"t={OFFICIAL_TIME}",
        f"v1={OFFICIAL_SIGNATURE}",
        f"t={OFFICIAL_TIME},{OFFICIAL_SIGNATURE}",
        f"t={OFFICIAL_TIME},t={OFFICIAL_TIME},v1={OFFICIAL_SIGNATURE}",
        f"t={OFFICIAL_TIME}.0,v1={OFFICIAL_SIGNATURE}",
        f"t=0{OFFICIAL_TIME},v1={OFFICIAL_SIGNATURE}",
        f"t=+{OFFICIAL_TIME},v1={OFFICIAL_SIGNATURE}",
        f"x=1,t={OFFICIAL_TIME},v1={OFFICIAL_SIGNATURE}",
        f"t={OFFICIAL_TIME},,v1={OFFICIAL_SIGNATURE}",
        f"t={'9' * 400},v1={OFFICIAL_SIGNATURE}",
        f"t=,v1={OFFICIAL_SIGNATURE}",
        f"t=\u0661\u0666,v1={OFFICIAL_SIGNATURE}",
        f"t={OFFICIAL_TIME},v1={OFFICIAL_SIGNATURE}" + f",v1={OF_ANOTHER_SECRET}" * 19,
        "",
        ",",
        "t=\ud83d,v1=\ud83d",
    ],
)
def test_what_is_nearly_a_signature_is_none(header: str) -> None:
    with pytest.raises(WebhookRejected):
        check(header)


@pytest.mark.parametrize("late", [-300, 0, 300])
def test_clocks_may_differ_by_five_minutes(late: int) -> None:
    check(f"t={OFFICIAL_TIME},v1={OFFICIAL_SIGNATURE}", now=from_unix(OFFICIAL_TIME + late))


@pytest.mark.parametrize("late", [-301, 301])
def test_but_not_by_more(late: int) -> None:
    with pytest.raises(WebhookRejected):
        check(f"t={OFFICIAL_TIME},v1={OFFICIAL_SIGNATURE}", now=from_unix(OFFICIAL_TIME + late))


def test_a_body_that_is_no_text_is_signed_as_it_is() -> None:
    body = b"\xff\x00"
    check(f"t={OFFICIAL_TIME},v1={signature(body, str(OFFICIAL_TIME))}", body, secret=SECRET)


def vectors() -> list[dict[str, Any]]:
    if not VECTORS.exists():
        return []
    found: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"]
    return found


@pytest.mark.skipif(not vectors(), reason="the collected vectors are not on this machine")
def test_the_collected_vectors_agree() -> None:
    for vector in vectors():
        header, body = vector["headers"]["X-Jaas-Signature"], vector["raw_body"].encode()
        if vector["result"] == "accept":
            check(header, body, secret=vector["secret"])
        else:
            with pytest.raises(WebhookRejected):
                check(header, body, secret=vector["secret"])


# --- Payload ----------------------------------------------------------------------------------------------------


def only(body: bytes) -> Event:
    (event,) = parse_events(body)
    return event


def joined(**changes: Any) -> bytes:
    return told("PARTICIPANT_JOINED", NOON, {**ADA, **changes})


def person_in(body: bytes) -> Person:
    event = only(body)
    assert isinstance(event, ParticipantJoined | ParticipantLeft)
    return event.person


def test_a_room_that_is_created() -> None:
    assert only(told("ROOM_CREATED", NOON + timedelta(milliseconds=112))) == MeetingStarted(
        meeting_id=f"{APP_ID}/{ROOM}",
        at=datetime(2026, 11, 20, 12, 0, 0, 112000, tzinfo=UTC),
        dedupe_key="key-ROOM_CREATED-1795176000112",
        occurrence_id=SESSION,
    )


def test_a_room_that_is_destroyed() -> None:
    assert isinstance(only(told("ROOM_DESTROYED", NOON)), MeetingEnded)


def test_a_person_who_comes() -> None:
    assert only(told("PARTICIPANT_JOINED", NOON, ADA)) == ParticipantJoined(
        meeting_id=f"{APP_ID}/{ROOM}",
        at=NOON,
        dedupe_key="key-PARTICIPANT_JOINED-1795176000000",
        occurrence_id=SESSION,
        person=Person(
            key="slack-T1-U1",
            connection_id="3988218d-a6ef-40cf-8b1b-f5097f46fbf7@8x8.vc",
            name="Ada Lovelace",
            avatar_url="https://example.com/a.png",
        ),
    )


@pytest.mark.parametrize("reason", ["left", "kicked", "unknown", "switch_room", "unrecoverable_error", "a new one"])
def test_a_person_who_goes_for_whatever_reason(reason: str) -> None:
    event = only(told("PARTICIPANT_LEFT", NOON, {**GRACE, "disconnectReason": reason}))
    assert isinstance(event, ParticipantLeft)


def test_the_vendors_example_of_a_person() -> None:
    assert person_in(OFFICIAL_BODY) == Person(
        key="auth0|5f903d7a77f3b4006eb8e67d",
        connection_id="fc1ea14a-9bca-4218-a563-8c627e803d56@8x8.vc",
        name="Test User",
    )


def test_one_person_on_two_devices_is_one_person() -> None:
    desk, phone = (person_in(told("PARTICIPANT_JOINED", NOON, data)) for data in (ADA, ADA_ON_HER_PHONE))
    assert desk.key == phone.key
    assert desk.connection_id != phone.connection_id


@pytest.mark.parametrize("event", ["ROOM_CREATED", "ROOM_DESTROYED"])
@pytest.mark.parametrize("flag", [True, "true"])
def test_a_breakout_room_is_not_the_meeting(event: str, flag: object) -> None:
    assert parse_events(told(event, NOON, {"isBreakout": flag, "breakoutRoomId": "b1"})) == []


@pytest.mark.parametrize("event", ["PARTICIPANT_JOINED", "PARTICIPANT_LEFT"])
def test_who_is_in_a_breakout_room_is_not_told(event: str) -> None:
    assert parse_events(told(event, NOON, {**ADA, "isBreakout": True, "breakoutRoomId": "b1"})) == []


@pytest.mark.parametrize("flag", [False, "false", None])
def test_the_main_room_is(flag: object) -> None:
    assert parse_events(told("ROOM_CREATED", NOON, {"isBreakout": flag}))
    assert parse_events(joined(isBreakout=flag))


def test_whoever_comes_back_from_a_breakout_room_is_in() -> None:
    moves = [
        told("PARTICIPANT_JOINED", NOON, ADA),
        told("PARTICIPANT_LEFT", NOON + timedelta(minutes=1), {**ADA, "disconnectReason": "switch_room"}),
        told("PARTICIPANT_JOINED", NOON + timedelta(minutes=2), ADA),
    ]
    assert len(card_after([event for body in moves for event in parse_events(body)]).present) == 1


@pytest.mark.parametrize(
    "event",
    [
        "PARTICIPANT_JOINED_LOBBY",
        "PARTICIPANT_LEFT_LOBBY",
        "RECORDING_ENDED",
        "CHAT_UPLOADED",
        "USAGE",
        "",
        "room_created",
    ],
)
def test_other_events_are_not_ours(event: str) -> None:
    assert parse_events(told(event, NOON, fqn=7)) == []


@pytest.mark.parametrize("jid", ["recorder@recorder.8x8.vc/1", "transcriber@hidden.8x8.vc"])
def test_machines_are_not_followed(jid: str) -> None:
    assert parse_events(joined(participantJid=jid)) == []


@pytest.mark.parametrize("moderator", [True, False, "true", "false", None, 1, {}])
def test_a_moderator_is_a_person_however_it_is_spelt(moderator: object) -> None:
    assert person_in(joined(moderator=moderator)).key == "slack-T1-U1"


def test_without_an_address_the_short_id_is_of_the_connection() -> None:
    assert person_in(joined(participantJid=None)).connection_id == "3988218d"


def test_an_address_that_somebody_may_have_typed_in_makes_them_nobody_else() -> None:
    """A guest's token holds none, and whose would be looked up in Slack."""
    assert person_in(joined(id="guest-1", email="ada@example.com")).email is None


@pytest.mark.parametrize("nothing", [None, ""])
def test_without_a_token_each_connection_is_a_person(nothing: object) -> None:
    assert person_in(joined(id=nothing)).key == ADA["participantJid"]


def test_an_id_alone_will_do() -> None:
    person = person_in(joined(participantJid=None, participantId=None))
    assert (person.key, person.connection_id) == ("slack-T1-U1", "slack-T1-U1")


def test_a_person_without_any_id_is_malformed() -> None:
    with pytest.raises(WebhookMalformed, match="data: has no id"):
        parse_events(joined(id=None, participantJid="", participantId=None))


def test_a_session_may_be_missing() -> None:
    assert only(told("ROOM_CREATED", NOON, sessionId=None)).occurrence_id is None


def test_a_picture_of_nothing_is_none() -> None:
    assert person_in(joined(avatar="")).avatar_url is None


def test_an_id_that_cannot_be_stored_never_becomes_another() -> None:
    keys = {person_in(joined(id=key)).key for key in ["ada", "ada\x00", "ada\x01", "a" * 201]}
    assert len(keys) == 4
    assert all(key.isprintable() and len(key) <= 200 for key in keys)


@pytest.mark.parametrize("gone", ["idempotencyKey", "timestamp", "fqn", "data"])
def test_an_event_without_its_essentials_is_malformed(gone: str) -> None:
    body = json.loads(joined())
    del body[gone]
    with pytest.raises(WebhookMalformed, match=gone):
        parse_events(json.dumps(body).encode())


@pytest.mark.parametrize("time", ["soon", "", None, -(10**15), 10**20, [], {}, "NaN"])
def test_a_time_beyond_the_calendar_is_malformed(time: object) -> None:
    with pytest.raises(WebhookMalformed, match="timestamp"):
        parse_events(told("ROOM_CREATED", NOON, timestamp=time))


def test_a_meeting_event_needs_no_data() -> None:
    body = json.loads(told("ROOM_DESTROYED", NOON))
    del body["data"]
    assert isinstance(only(json.dumps(body).encode()), MeetingEnded)
