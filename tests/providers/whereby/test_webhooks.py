"""Whereby's own proofs and payloads, where the contract's general questions end."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.events import Event, ParticipantJoined, ParticipantLeft
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.whereby import webhooks
from app.providers.whereby.webhooks import parse_events, verify
from tests.clocks import NOON
from tests.providers.contract import card_after
from tests.providers.whereby.history import DOCUMENTED, HISTORY, KNOCKED
from tests.providers.whereby.server import OLD_SECRET, SECRET
from tests.providers.whereby.signing import signature, signed

KEYS = (SECRET.encode(), OLD_SECRET.encode())
BODY = HISTORY[0]
AT = str(int(NOON.timestamp()))
GOOD = signature(BODY, SECRET, AT)
BAD = signature(BODY, "somebody-else's-secret", AT)
SAMPLES = Path("/work/shared/samples/providers/whereby/signature.json")


def check(header: str, body: bytes = BODY, now: datetime = NOON) -> None:
    verify(WebhookRequest.of(body=body, headers={"Whereby-Signature": header}), KEYS, now)


# --- Proof ------------------------------------------------------------------------------------------------------


def test_the_documented_form_is_accepted() -> None:
    check(f"t={AT},v1={GOOD}")


@pytest.mark.parametrize(
    "header", [f"t={AT},v1={BAD},v1={GOOD}", f"t={AT},v1={GOOD},v1={BAD}", f"t={AT},v0={BAD},v1={GOOD},v2=00"]
)
def test_one_good_signature_among_several_will_do(header: str) -> None:
    check(header)


@pytest.mark.parametrize(
    "header",
    [
        "",
        f"t={AT}",
        f"t={AT},",
        f"t={AT},v1=",
        f"v1={GOOD}",
        f"v1={GOOD},t={AT}",
        f"t={AT},v2={GOOD}",
        f"t={AT},v1={BAD}",
        f"t={AT},v1={GOOD.upper()}",
        f"t={AT},t={AT},v1={GOOD}",
        f"t={AT},v1={GOOD},t={AT}",
        f"t=0{AT},v1={GOOD}",
        f"t={AT}.0,v1={GOOD}",
        f"t=-{AT},v1={GOOD}",
        f"t={'٣' * 10},v1={GOOD}",
        f"t={'9' * 30},v1={GOOD}",
        f"t={AT}" + f",v1={BAD}" * 20 + f",v1={GOOD}",
    ],
)
def test_all_else_is_rejected(header: str) -> None:
    with pytest.raises(WebhookRejected):
        check(header)


@pytest.mark.parametrize("late", [timedelta(minutes=5), timedelta(minutes=-5)])
def test_clocks_may_differ_by_five_minutes(late: timedelta) -> None:
    check(f"t={AT},v1={GOOD}", now=NOON + late)
    with pytest.raises(WebhookRejected):
        check(f"t={AT},v1={GOOD}", now=NOON + late * 1.01)


def test_the_time_is_part_of_what_is_signed() -> None:
    with pytest.raises(WebhookRejected):
        check(f"t={int(AT) + 1},v1={GOOD}")


# Computed with node's crypto by the steps that Whereby documents, over its own sample; the secret is made up.
VECTOR_SECRET = b"research-whereby-secret"
VECTOR = "t=1606227791,v1=eebf9a2de823646bac24358476a4da4796885b7014c7203d29a5b481f5554eec"
VECTOR_TIME = datetime.fromtimestamp(1606227791, UTC)


def test_what_node_signs_is_accepted() -> None:
    verify(WebhookRequest.of(body=DOCUMENTED, headers={"whereby-signature": VECTOR}), [VECTOR_SECRET], VECTOR_TIME)


@pytest.mark.skipif(not SAMPLES.exists(), reason="the collected samples are not here")
def test_the_collected_vectors_are_accepted() -> None:
    vectors = json.loads(SAMPLES.read_text(encoding="utf-8"))["vectors"]
    assert vectors
    for vector in vectors:
        request = WebhookRequest.of(body=vector["raw_body"].encode(), headers=vector["headers"])
        verify(request, [vector["secret"].encode()], VECTOR_TIME)
        with pytest.raises(WebhookRejected):
            verify(request, [vector["secret"].encode() + b"x"], VECTOR_TIME)


# --- Payload ----------------------------------------------------------------------------------------------------


def body(event: str = "room.client.joined", **changes: Any) -> bytes:
    """A joining person; ``data`` is changed, the rest replaced."""
    told: dict[str, Any] = {
        "id": "event-1",
        "apiVersion": "1.0",
        "createdAt": "2026-11-20T12:00:00.500Z",
        "type": event,
        "data": {
            "meetingId": "134",
            "participantId": "participant-1",
            "externalId": "slack-T1-U1",
            "roleName": "visitor",
            **changes.pop("data", {}),
        },
    }
    return json.dumps({**told, **changes}).encode()


def only(body: bytes) -> Event:
    (event,) = parse_events(body)
    return event


def person_in(body: bytes) -> Person:
    event = only(body)
    assert isinstance(event, ParticipantJoined | ParticipantLeft)
    return event.person


def test_a_person_who_comes() -> None:
    assert only(HISTORY[1]) == ParticipantJoined(
        meeting_id="82490894",
        at=datetime(2026, 11, 20, 12, 0, 12, 960000, tzinfo=UTC),
        dedupe_key=f"{2:064x}",
        person=Person(
            key="slack-8e2d4c6b0a1f",
            connection_id="4be1f7a0-1111-4aaa-8aaa-000000000003",
            name="Grace “Ümlaut” Hopper 🎥",
        ),
    )


def test_a_person_who_goes() -> None:
    event = only(HISTORY[7])
    assert isinstance(event, ParticipantLeft)
    assert event.at == datetime(2026, 11, 20, 12, 10, 0, 750000, tzinfo=UTC)


def test_the_documented_sample_is_understood() -> None:
    """It is older than the tables beside it, and tells no participantId."""
    assert only(DOCUMENTED) == ParticipantJoined(
        meeting_id="134",
        at=datetime(2021, 1, 21, 16, 29, 59, 681000, tzinfo=UTC),
        dedupe_key="d7c4df48b85318352b47d2df45872bf9be87595af379e2a8ad8f1ad28b2a482e",
        person=Person(key="<custom-id>", connection_id="<custom-id>", name="Joe Bloggs"),
    )


@pytest.mark.parametrize("external_id", [None, ""])
def test_whoever_has_no_link_of_ours_is_known_by_this_join(external_id: object) -> None:
    person = person_in(body(data={"externalId": external_id}))
    assert (person.key, person.connection_id) == ("participant-1", "participant-1")


def test_somebody_without_any_id_is_malformed() -> None:
    with pytest.raises(WebhookMalformed, match="participantId"):
        parse_events(body(data={"externalId": None, "participantId": ""}))


def test_ids_may_be_numbers() -> None:
    event = only(body(data={"meetingId": 134, "participantId": 17, "externalId": 0}))
    assert isinstance(event, ParticipantJoined)
    assert (event.meeting_id, event.person.connection_id, event.person.key) == ("134", "17", "0")


@pytest.mark.parametrize("role", ["recorder", "streamer", "captioner", "assistant"])
@pytest.mark.parametrize("event", ["room.client.joined", "room.client.left"])
def test_machines_are_not_followed(event: str, role: str) -> None:
    assert parse_events(body(event, data={"roleName": role, "participantId": None, "externalId": None})) == []


@pytest.mark.parametrize(
    "role",
    ["owner", "member", "host", "visitor", "granted_visitor", "viewer", "granted_viewer", "something_new", "", None],
)
def test_people_are_followed(role: object) -> None:
    assert parse_events(body(data={"roleName": role}))


def test_so_are_callers_by_telephone() -> None:
    assert parse_events(body(data={"isDialIn": True, "externalId": None}))


@pytest.mark.parametrize(
    "event",
    ["room.client.knocked", "room.client.knockCancelled", "room.session.ended", "recording.finished", "new.one", ""],
)
def test_other_events_are_not_ours(event: str) -> None:
    assert parse_events(json.dumps({"type": event, "data": 7}).encode()) == []


def test_a_knock_is_no_join() -> None:
    assert parse_events(KNOCKED) == []


def test_the_end_of_a_session_is_not_the_end_of_the_meeting() -> None:
    """It comes while one person is still in."""
    assert parse_events(HISTORY[-1]) == []


def test_whoever_waits_alone_is_still_in_when_the_next_session_begins() -> None:
    ada = body(data={"roomSessionId": "session-1"})
    begins = body("room.session.started", data={"roomSessionId": "session-2"}, createdAt="2026-11-20T12:30:00Z")
    grace = body(
        data={"roomSessionId": "session-2", "externalId": "slack-T1-U2", "participantId": "participant-2"},
        createdAt="2026-11-20T12:30:00Z",
        id="event-2",
    )
    card = card_after([event for one in (ada, begins, grace) for event in parse_events(one)])
    assert {user.external_id for user in card.present} == {"slack-T1-U1", "slack-T1-U2"}


def test_a_name_is_cleaned() -> None:
    assert person_in(body(data={"displayName": " Ada\x00\n\u202eecalevoL  "})).name == "Ada ecalevoL"


def test_a_cut_emoji_spoils_only_itself() -> None:
    assert person_in(body(data={"displayName": "Ada \ud83d"})).name == "Ada ?"


def test_an_id_that_cannot_be_stored_never_becomes_another() -> None:
    """People can write what they like into the address; repaired, it would be somebody else's."""
    keys = {person_in(body(data={"externalId": key})).key for key in ["ada", "ada\x00", "ada\x01", "a" * 201]}
    assert len(keys) == 4
    assert all(key.isprintable() and len(key) <= 200 for key in keys)


@pytest.mark.parametrize("gone", ["id", "createdAt", "data", "data.meetingId"])
def test_an_event_without_its_essentials_is_malformed(gone: str) -> None:
    told = json.loads(body())
    *path, last = gone.split(".")
    del (told[path[0]] if path else told)[last]
    with pytest.raises(WebhookMalformed, match=gone):
        parse_events(json.dumps(told).encode())


@pytest.mark.parametrize("time", ["", "soon", "2026-11-20T12:00:00", "0001-01-01T00:00:00+23:59", [], None])
def test_what_is_no_moment_is_malformed(time: object) -> None:
    with pytest.raises(WebhookMalformed, match="createdAt"):
        parse_events(body(createdAt=time))


@pytest.mark.parametrize("garbage", [b"", b"null", b"[]", b"7", b"{", b"\xff", b"\x00"])
def test_what_is_no_event_is_malformed(garbage: bytes) -> None:
    with pytest.raises(WebhookMalformed):
        parse_events(garbage)


def test_the_meeting_folds_to_its_people() -> None:
    card = card_after([event for one in HISTORY for event in parse_events(one)])
    assert {(user.external_id, user.display_name) for user in card.attended} == {
        ("slack-1f9c0a3b5d7e", "Ada Lovelace"),
        ("slack-8e2d4c6b0a1f", "Grace “Ümlaut” Hopper 🎥"),
        ("4be1f7a0-1111-4aaa-8aaa-000000000004", "Guest of nobody"),
    }
    assert not card.present


def test_ada_is_present_while_her_second_device_is_in() -> None:
    card = card_after([event for one in HISTORY[:9] for event in parse_events(one)])
    assert {user.external_id for user in card.present} == {"slack-1f9c0a3b5d7e"}


def test_a_test_delivery_is_signed_at_its_time() -> None:
    delivery = webhooks.test_delivery(KEYS[0], NOON)
    assert delivery.headers == WebhookRequest.of(body=b"", headers=signed(delivery.body, SECRET, NOON)).headers
