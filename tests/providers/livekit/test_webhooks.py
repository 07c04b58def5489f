"""LiveKit's own proofs and payloads, where the contract's general questions end."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.livekit.tokens import KeyPair
from app.providers.livekit.webhooks import parse_events, verify
from tests.clocks import NOON
from tests.providers.contract import card_after
from tests.providers.livekit.captured import MAIN_ROOM, SHORT_ROOM, captured
from tests.providers.livekit.server import KEY, OLD_KEY, OLD_SECRET, SECRET
from tests.providers.livekit.signing import signed, signed_claims

PAIRS = (KeyPair(KEY, SECRET), KeyPair(OLD_KEY, OLD_SECRET))
BODY = b'{"event":"room_started"}'
DIGEST = base64.b64encode(hashlib.sha256(BODY).digest()).decode()


def check(authorization: str, body: bytes = BODY, now: datetime = NOON) -> None:
    request = WebhookRequest.of(body=body, headers={"Authorization": authorization})
    verify(request, PAIRS, now)


def token(**claims: object) -> str:
    return signed_claims({"sha256": DIGEST, **claims}, KEY, SECRET, NOON)


# --- Proof ------------------------------------------------------------------------------------------------------


def test_a_bare_token_is_proof() -> None:
    check(token())


def test_so_is_a_bearer_token() -> None:
    check(f"Bearer {token()}")


def test_a_participants_token_is_no_proof() -> None:
    """It is signed with the same secret, and every participant has one."""
    joining = signed_claims({"sub": "ada", "video": {"roomJoin": True}}, KEY, SECRET, NOON)
    with pytest.raises(WebhookRejected):
        check(joining)


@pytest.mark.parametrize("sha256", [None, 7, [], {}, "", "\ud83d", DIGEST[:-1], DIGEST.lower(), f" {DIGEST}"])
def test_the_hash_must_be_the_bodys(sha256: object) -> None:
    with pytest.raises(WebhookRejected):
        check(token(sha256=sha256))


@pytest.mark.parametrize("issuer", [{}, {"iss": ""}, {"iss": "APIother"}, {"iss": OLD_KEY}])
def test_a_key_goes_with_its_own_secret(issuer: dict[str, str]) -> None:
    claims = {"nbf": 0, "exp": 2**33, "sha256": DIGEST, **issuer}
    with pytest.raises(WebhookRejected):
        check(jwt.encode(claims, SECRET, algorithm="HS256"))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512", "none"])
@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_only_one_algorithm_counts(algorithm: str) -> None:
    claims = {"iss": KEY, "nbf": 0, "exp": 2**33, "sha256": DIGEST}
    with pytest.raises(WebhookRejected):
        check(jwt.encode(claims, "" if algorithm == "none" else SECRET, algorithm=algorithm))


@pytest.mark.parametrize("claim", ["nbf", "exp"])
@pytest.mark.parametrize("value", [None, "soon", [], {}, 10**400, "nan"])
def test_a_time_that_is_none_is_rejected(claim: str, value: object) -> None:
    with pytest.raises(WebhookRejected):
        check(token(**{claim: value}))


@pytest.mark.parametrize("late", [timedelta(0), timedelta(minutes=5), timedelta(minutes=6), timedelta(minutes=-1)])
def test_clocks_may_differ_by_a_minute(late: timedelta) -> None:
    check(token(), now=NOON + late)


@pytest.mark.parametrize("late", [timedelta(minutes=6, seconds=1), timedelta(minutes=-1, seconds=-1)])
def test_but_not_by_more(late: timedelta) -> None:
    with pytest.raises(WebhookRejected):
        check(token(), now=NOON + late)


def test_a_header_of_many_brackets_is_no_token() -> None:
    part = base64.urlsafe_b64encode(b"[" * 50_000).decode().rstrip("=")
    with pytest.raises(WebhookRejected):
        check(f"{part}.{part}.{part}")


# Key, secret, body and its hash stand in the tests of LiveKit's own SDKs (node-sdks, WebhookReceiver.test.ts).
OFFICIAL_PAIR = KeyPair("abcdefg", "abababa")
OFFICIAL_BODY = (
    b'{"event":"room_started", "room":{"sid":"RM_TkVjUvAqgzKz", "name":"mytestroom", "emptyTimeout":300, '
    b'"creationTime":"1628545903", "turnPassword":"ICkSr2rEeslkN6e9bXL4Ji5zzMD5Z7zzr6ulOaxMj6N", '
    b'"enabledCodecs":[{"mime":"audio/opus"}, {"mime":"video/VP8"}]}}'
)
OFFICIAL_DIGEST = "CoEQz1chqJ9bnZRcORddjplkvpjmPujmLTR42DbefYI="
OFFICIAL_TIME = datetime(2021, 8, 9, 21, 51, 43, tzinfo=UTC)


@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_the_vendors_own_example_is_accepted() -> None:
    headers = signed(OFFICIAL_BODY, OFFICIAL_PAIR.key, OFFICIAL_PAIR.secret, OFFICIAL_TIME)
    claims = jwt.decode(headers["Authorization"], options={"verify_signature": False})
    assert claims["sha256"] == OFFICIAL_DIGEST
    verify(WebhookRequest.of(body=OFFICIAL_BODY, headers=headers), [OFFICIAL_PAIR], OFFICIAL_TIME)


# --- Payload ----------------------------------------------------------------------------------------------------


def body(event: str = "participant_joined", **changes: Any) -> bytes:
    """A joining person, told by a server; ``participant`` and ``room`` are changed, the rest replaced."""
    told: dict[str, Any] = {
        "event": event,
        "id": "EV_1",
        "createdAt": "1795176002",
        "room": {"sid": "RM_1", "name": "weekly", **changes.pop("room", {})},
        "participant": {
            "sid": "PA_1",
            "identity": "slack-T1-U1",
            "joinedAt": "1795176000",
            **changes.pop("participant", {}),
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


def test_a_room_that_starts() -> None:
    assert only(captured(MAIN_ROOM)[0].body) == MeetingStarted(
        meeting_id=MAIN_ROOM,
        at=datetime(2026, 11, 20, 21, 49, 10, tzinfo=UTC),
        dedupe_key="EV_6Hxrs5oLeQmP",
        occurrence_id="RM_KPHUXduyTxXY",
    )


def test_a_person_who_comes() -> None:
    assert only(captured(MAIN_ROOM)[2].body) == ParticipantJoined(
        meeting_id=MAIN_ROOM,
        at=datetime(2026, 11, 20, 21, 49, 12, tzinfo=UTC),
        dedupe_key="EV_n3eK3i5s5v7h",
        occurrence_id="RM_KPHUXduyTxXY",
        person=Person(
            key="slack:U0BBBB002",
            connection_id="PA_6ZQJze2fQsdD",
            name="Grace “Ümlaut” Hopper 🎥",
        ),
    )


def test_a_person_without_a_name() -> None:
    assert person_in(captured(MAIN_ROOM)[3].body).name is None


def test_a_person_who_goes() -> None:
    event = only(captured(MAIN_ROOM)[6].body)
    assert isinstance(event, ParticipantLeft)
    assert event.at == datetime(2026, 11, 20, 21, 49, 17, tzinfo=UTC)


def test_a_person_whose_connection_never_stood_has_gone() -> None:
    assert isinstance(only(body("participant_connection_aborted")), ParticipantLeft)


def test_a_room_that_ends() -> None:
    assert isinstance(only(captured(SHORT_ROOM)[-1].body), MeetingEnded)


@pytest.mark.parametrize(
    "event",
    ["track_published", "egress_started", "ingress_ended", "agent_job_started", "something_new", ""],
)
def test_other_events_are_not_ours(event: str) -> None:
    assert parse_events(json.dumps({"event": event, "room": 7}).encode()) == []


@pytest.mark.parametrize("kind", ["STANDARD", "SIP", "CONNECTOR"])
def test_people_are_followed(kind: str) -> None:
    assert parse_events(body(participant={"kind": kind}))


@pytest.mark.parametrize("kind", ["AGENT", "EGRESS", "INGRESS", "BRIDGE", "LATER_KIND", 42, ""])
def test_machines_are_not(kind: object) -> None:
    assert parse_events(body(participant={"kind": kind})) == []


def test_the_hidden_stay_hidden() -> None:
    assert parse_events(body(participant={"permission": {"hidden": True}})) == []


def test_a_join_counts_from_when_it_began() -> None:
    assert only(body()).at == datetime.fromtimestamp(1795176000, UTC)


def test_or_from_the_event_where_that_is_not_told() -> None:
    assert only(body(participant={"joinedAt": None})).at == datetime.fromtimestamp(1795176002, UTC)


def test_somebody_gone_within_their_first_second_is_gone() -> None:
    flash = {"joinedAt": "1795176002", "joinedAtMs": "1795176002400"}
    joined = only(body(participant=flash))
    left = only(body("participant_left", participant=flash, id="EV_2"))
    assert not card_after([joined, left]).present


def test_a_slack_id_that_a_participant_claims_is_not_believed() -> None:
    claims = {"metadata": '{"slack_id":"U0BOSS"}', "attributes": {"slack_id": "U0BOSS"}}
    assert person_in(body(participant=claims)).slack_id is None


def test_a_name_is_cleaned() -> None:
    assert person_in(body(participant={"name": " Ada\x00\n\u202eecalevoL  "})).name == "Ada ecalevoL"


def test_a_name_of_nothing_is_none() -> None:
    assert person_in(body(participant={"name": "\x00 \n"})).name is None


def test_a_cut_emoji_spoils_only_itself() -> None:
    assert person_in(body(participant={"name": "Ada \ud83d"})).name == "Ada ?"


def test_a_long_name_is_cut() -> None:
    assert person_in(body(participant={"name": "x" * 5000})).name == "x" * 200


def test_an_identity_that_cannot_be_stored_never_becomes_another() -> None:
    """Repaired, it would be somebody else's."""
    keys = {person_in(body(participant={"identity": key})).key for key in ["ada", "ada\x00", "ada\x01", "a" * 201]}
    assert len(keys) == 4
    assert all(key.isprintable() and len(key) <= 200 for key in keys)


@pytest.mark.parametrize("gone", ["id", "createdAt", "room"])
def test_an_event_without_its_essentials_is_malformed(gone: str) -> None:
    told = json.loads(body())
    del told[gone]
    with pytest.raises(WebhookMalformed, match=gone):
        parse_events(json.dumps(told).encode())


@pytest.mark.parametrize("gone", ["participant", "participant.sid", "participant.identity", "room.name"])
def test_and_so_is_one_without_its_person_or_room(gone: str) -> None:
    told = json.loads(body())
    *path, last = gone.split(".")
    del (told[path[0]] if path else told)[last]
    with pytest.raises(WebhookMalformed, match=gone):
        parse_events(json.dumps(told).encode())


@pytest.mark.parametrize("time", ["", "soon", "9" * 16, "9" * 30, "-99999999999", "NaN", [], "inf"])
def test_a_time_beyond_the_calendar_is_malformed(time: object) -> None:
    with pytest.raises(WebhookMalformed, match="createdAt"):
        parse_events(body(createdAt=time))


@pytest.mark.parametrize("garbage", [b"", b"null", b"[]", b"7", b"{", b"\xff", b"\x00", b'{"event":7,"event":[]}'])
def test_what_is_no_event_is_malformed(garbage: bytes) -> None:
    with pytest.raises(WebhookMalformed):
        parse_events(garbage)


def test_the_captured_meeting_folds_to_its_people() -> None:
    card = card_after([event for one in captured(MAIN_ROOM) for event in parse_events(one.body)])
    assert {(user.external_id, user.display_name) for user in card.attended} == {
        ("slack:U0AAAA001", "Ada Lovelace"),
        ("slack:U0BBBB002", "Grace “Ümlaut” Hopper 🎥"),
        ("guest-9f", "Guest"),
    }
    assert not card.present


def test_ada_is_present_while_her_second_connection_is_open() -> None:
    so_far = captured(MAIN_ROOM)[:8]
    card = card_after([event for one in so_far for event in parse_events(one.body)])
    assert "slack:U0AAAA001" in {user.external_id for user in card.present}
