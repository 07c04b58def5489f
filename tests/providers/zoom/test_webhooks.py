"""Zoom's own proofs and payloads, where the contract's general questions end."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.clock import from_unix
from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft, TitleChanged
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookReply, WebhookRequest
from app.providers.zoom.api import segment
from app.providers.zoom.webhooks import answer_challenge, parse_events, verify
from tests.clocks import NOON
from tests.providers.contract import card_after
from tests.providers.zoom.server import OLD_WEBHOOK_SECRET, WEBHOOK_SECRET
from tests.providers.zoom.signing import signed
from tests.providers.zoom.told import BREAKOUT, JOINED, LEFT, UPDATED, history, told

SECRETS = (WEBHOOK_SECRET, OLD_WEBHOOK_SECRET)
VALIDATION = "endpoint.url_validation"

# Made with Zoom's own SDK, @zoom/rivet 0.4.0, from bodies in its documents; the secret is made up.
RIVETS_SECRET = "research-zoom-secret-token"
RIVETS = {
    "1658940994": (
        "314611c9ca815657943f5a7887576a54789c41e1fcc6a1249d6a6c5a36e066ba",
        '{"event":"session.started","payload":{"account_id":"{ACCOUNT_ID}","object":'
        '{"start_time":"2022-07-27T16:56:34Z","id":"{SESSION_ID}"}},"event_ts":1658940994914}',
    ),
    "1739923528": (
        "ca13a8732f5b9716c845b054868a547de4a279c0f501e7a5afaecc86fe863909",
        '{"event":"meeting.started","event_ts":1626230691572,"payload":{"account_id":"Wk9PTV9BQ0NPVU5UX0lE","object":'
        '{"id":"1234567890","uuid":"Wk9PTV9NRUVUSU5HX0lE","host_id":"Wk9PTV9VU0VSX0lE","topic":"Réunion – 東京",'
        '"type":8,"start_time":"2021-07-13T21:44:51Z","timezone":"America/Los_Angeles","duration":60}}}',
    ),
}
PLAIN_TOKEN = "qgg8vlvZRS6UYooatFL8Aw"
ENCRYPTED_TOKEN = "f44d953872bf6b967bd2d20a3180d79de9f2ec650bb9e36d298c6febea51ab7c"

# Beside the working copy, where this is developed; elsewhere the vectors above must do.
VECTORS = Path(__file__).parents[4] / "shared/samples/providers/zoom/signature.json"


def request(body: bytes, **headers: str) -> WebhookRequest:
    return WebhookRequest.of(body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})


def delivered(body: bytes, secret: str = WEBHOOK_SECRET, at: datetime = NOON) -> WebhookRequest:
    return WebhookRequest.of(body=body, headers=signed(body, secret, at))


def changed(name: str, **fields: Any) -> bytes:
    """The first body of this event with other fields; ``payload__object__id`` is one further in."""
    body = json.loads(told(name))
    for path, value in fields.items():
        *way, last = path.split("__")
        holder = body
        for step in way:
            holder = holder[step]
        holder[last] = value
    return json.dumps(body).encode()


def participant(name: str = JOINED, **fields: Any) -> Person:
    (event,) = parse_events(changed(name, **{f"payload__object__participant__{k}": v for k, v in fields.items()}))
    assert isinstance(event, ParticipantJoined | ParticipantLeft)
    return event.person


def only(body: bytes) -> Event:
    (event,) = parse_events(body)
    return event


# --- Proof ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("timestamp", RIVETS)
def test_what_zooms_own_sdk_signs_is_accepted(timestamp: str) -> None:
    digest, body = RIVETS[timestamp]
    proof = request(body.encode(), x_zm_request_timestamp=timestamp, x_zm_signature=f"v0={digest}")
    verify(proof, [RIVETS_SECRET], from_unix(int(timestamp)))


@pytest.mark.parametrize(
    "proof",
    [
        {"x_zm_request_timestamp": "1658940995"},
        {"x_zm_request_timestamp": "01658940994"},
        {"x_zm_request_timestamp": "1658940994.0"},
        {"x_zm_request_timestamp": "1658940994000"},
        {"x_zm_request_timestamp": ""},
        {"x_zm_signature": RIVETS["1658940994"][0]},
        {"x_zm_signature": f"v1={RIVETS['1658940994'][0]}"},
        {"x_zm_signature": f"v0={RIVETS['1658940994'][0].upper()}"},
        {"x_zm_signature": f" v0={RIVETS['1658940994'][0]}"},
        {"x_zm_signature": ""},
    ],
)
def test_anything_else_is_not(proof: dict[str, str]) -> None:
    digest, body = RIVETS["1658940994"]
    headers = {"x_zm_request_timestamp": "1658940994", "x_zm_signature": f"v0={digest}", **proof}
    with pytest.raises(WebhookRejected):
        verify(request(body.encode(), **headers), [RIVETS_SECRET], from_unix(1658940994))


def test_no_secret_proves_nothing() -> None:
    with pytest.raises(WebhookRejected):
        verify(delivered(b"{}"), [], NOON)


@pytest.mark.parametrize("apart", [-300, -299, 299, 300])
def test_five_minutes_either_way_are_allowed(apart: int) -> None:
    verify(delivered(b"{}"), SECRETS, from_unix(NOON.timestamp() + apart))


@pytest.mark.parametrize("apart", [-301, 301])
def test_and_not_a_second_more(apart: int) -> None:
    with pytest.raises(WebhookRejected, match="five minutes"):
        verify(delivered(b"{}"), SECRETS, from_unix(NOON.timestamp() + apart))


@pytest.mark.skipif(not VECTORS.exists(), reason="the vectors are not here")
def test_all_vectors_hold() -> None:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    for vector in vectors["vectors"]:
        at = from_unix(int(vector["headers"]["x-zm-request-timestamp"]))
        delivery = WebhookRequest.of(body=vector["raw_body"].encode(), headers=vector["headers"])
        verify(delivery, [vector["secret"]], at)
        reply = answer_challenge(delivery, [vector["secret"]], at)
        assert (json.loads(reply.body) if reply else None) == vector.get("expected_response")
    for encoded in vectors["uuid_path_encoding"]:
        assert segment(encoded["uuid"]) == encoded["path_segment"]


# --- Whether we are there ---------------------------------------------------------------------------------------


def challenge(token: object) -> bytes:
    return changed(VALIDATION, payload__plainToken=token)


def test_the_challenge_is_answered_with_the_secret() -> None:
    reply = answer_challenge(delivered(told(VALIDATION), RIVETS_SECRET), [RIVETS_SECRET], NOON)
    assert reply is not None
    assert json.loads(reply.body) == {"plainToken": PLAIN_TOKEN, "encryptedToken": ENCRYPTED_TOKEN}
    assert reply.content_type == "application/json"


def test_it_is_answered_with_the_secret_that_it_was_signed_with() -> None:
    replies: list[WebhookReply | None] = []
    for secrets in [(RIVETS_SECRET, WEBHOOK_SECRET), (WEBHOOK_SECRET, RIVETS_SECRET)]:
        replies.append(answer_challenge(delivered(told(VALIDATION), RIVETS_SECRET), secrets, NOON))
    assert replies[0] is not None
    assert replies[0] == replies[1]


def test_nobody_else_is_answered() -> None:
    with pytest.raises(WebhookRejected):
        answer_challenge(delivered(told(VALIDATION), "a-foreign-secret"), SECRETS, NOON)


def test_an_old_challenge_is_not_answered() -> None:
    with pytest.raises(WebhookRejected):
        answer_challenge(delivered(told(VALIDATION)), SECRETS, from_unix(NOON.timestamp() + 301))


@pytest.mark.parametrize(
    "token",
    ['v0:1795176000:{"event":"meeting.ended"}', ":", "", "x" * 101, "two words", "ünïcödé", "\x00", None, [], {}],
)
def test_nothing_is_signed_that_could_be_a_webhook(token: object) -> None:
    with pytest.raises(WebhookRejected, match="plainToken"):
        answer_challenge(delivered(challenge(token)), SECRETS, NOON)


@pytest.mark.parametrize("payload", [None, [], "text", {}])
def test_a_challenge_without_a_token_is_not_answered(payload: object) -> None:
    with pytest.raises(WebhookRejected, match="plainToken"):
        answer_challenge(delivered(changed(VALIDATION, payload=payload)), SECRETS, NOON)


@pytest.mark.parametrize("body", [told(JOINED), b"", b"{", b"[]", b"null", b'{"event":[]}', b"\xff"])
def test_what_asks_for_nothing_gets_no_answer(body: bytes) -> None:
    assert answer_challenge(delivered(body), SECRETS, NOON) is None


# --- Payloads ---------------------------------------------------------------------------------------------------


def test_a_meeting_that_begins() -> None:
    event = only(told("meeting.started"))
    assert isinstance(event, MeetingStarted)
    assert event.meeting_id == "94446976353"
    assert event.occurrence_id == "4118UHIiRCAAAtBlDkcVyw=="
    assert event.at == datetime(2026, 11, 20, 12, 0, 4, 371000, UTC)


def test_a_meeting_that_ends() -> None:
    event = only(told("meeting.ended"))
    assert isinstance(event, MeetingEnded)
    assert event.at == datetime(2026, 11, 20, 12, 59, 51, tzinfo=UTC)


def test_an_end_without_its_time_ends_when_it_was_told() -> None:
    assert only(changed("meeting.ended", payload__object__end_time="")).at == from_unix(1795179591.572)


def test_a_meeting_that_is_deleted_has_ended() -> None:
    event = only(told("meeting.deleted"))
    assert isinstance(event, MeetingEnded)
    assert event.meeting_id == "94446976353"


def test_a_person_who_comes() -> None:
    event = only(told(JOINED))
    assert isinstance(event, ParticipantJoined)
    assert event.at == datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)
    assert event.person == Person(
        key="z8yCxTTTTSiw02QgCAp8uQ",
        connection_id="16778240",
        name="Ada Lovelace",
        email="ada@example.com",
    )


def test_a_person_who_goes() -> None:
    event = only(told(LEFT))
    assert isinstance(event, ParticipantLeft)
    assert event.at == datetime(2026, 11, 20, 12, 5, tzinfo=UTC)
    assert event.person.connection_id == "16779264"


@pytest.mark.parametrize(
    ("known_by", "key"),
    [
        ({}, "z8yCxTTTTSiw02QgCAp8uQ"),
        ({"registrant_id": "abcdefghij0"}, "abcdefghij0"),
        ({"id": ""}, "55555AAAiAAAAAiAiAiiAii"),
        ({"id": None, "participant_uuid": ""}, "16778240"),
        ({"id": "", "customer_key": "what-an-app-likes"}, "55555AAAiAAAAAiAiAiiAii"),
    ],
)
def test_who_somebody_is_by_the_best_that_is_told(known_by: dict[str, Any], key: str) -> None:
    assert participant(**known_by).key == key


@pytest.mark.parametrize("user_id", ["16778240", 16778240])
def test_an_id_may_be_a_number_or_a_text(user_id: object) -> None:
    assert participant(user_id=user_id).connection_id == "16778240"


@pytest.mark.parametrize("meeting_id", ["94446976353", 94446976353])
def test_and_so_may_the_meetings(meeting_id: object) -> None:
    assert only(changed("meeting.started", payload__object__id=meeting_id)).meeting_id == "94446976353"


def test_an_address_is_of_somebody_who_signed_in_at_zoom() -> None:
    assert participant(id="").email is None


def test_the_address_of_somebody_who_registered_is_only_what_they_typed() -> None:
    assert participant(registrant_id="abcdefghij0", email="boss@example.com").email is None


@pytest.mark.parametrize("email", ["", None, "no address", "two@at@example.com", "@"])
def test_what_is_no_address_is_none(email: str | None) -> None:
    assert participant(email=email).email is None


@pytest.mark.parametrize(
    ("times", "at"),
    [
        ({"join_time": "2026-11-20T12:01:02Z"}, datetime(2026, 11, 20, 12, 1, 2, tzinfo=UTC)),
        ({"join_time": "", "date_time": "2026-11-20T12:01:03Z"}, datetime(2026, 11, 20, 12, 1, 3, tzinfo=UTC)),
        ({"join_time": None}, datetime(2026, 11, 20, 12, 0, 5, tzinfo=UTC)),
    ],
)
def test_a_join_counts_from_its_own_time(times: dict[str, str | None], at: datetime) -> None:
    fields = {f"payload__object__participant__{name}": value for name, value in times.items()}
    assert only(changed(JOINED, **fields)).at == at


def test_the_time_of_the_join_is_not_the_time_of_the_leave() -> None:
    """Older documents have it in both, as ``date_time``."""
    fields = {"leave_time": "", "date_time": "2026-11-20T12:01:00Z"}
    body = changed(LEFT, **{f"payload__object__participant__{name}": value for name, value in fields.items()})
    assert only(body).at == from_unix(1795176300.642)


def test_somebody_gone_within_their_first_second_is_gone() -> None:
    flash: dict[str, Any] = {"payload__object__participant__user_id": "1", "payload__object__participant__id": "x"}
    joined = only(changed(JOINED, event_ts=1795176000900, payload__object__participant__join_time="", **flash))
    leave_time = {"payload__object__participant__leave_time": "2026-11-20T12:00:00Z"}
    left = only(changed(LEFT, **flash, **leave_time, payload__object__participant__registrant_id=""))
    assert not card_after([joined, left]).present


def test_a_leave_of_an_older_join_that_comes_late_puts_nobody_out() -> None:
    first, again = changed(JOINED), changed(JOINED, payload__object__participant__user_id="16782336")
    late = changed(
        LEFT,
        payload__object__participant__user_id="16778240",
        payload__object__participant__id="z8yCxTTTTSiw02QgCAp8uQ",
        payload__object__participant__registrant_id="",
        payload__object__participant__user_name="Ada Lovelace",
    )
    card = card_after([only(first), only(again), only(late)])
    assert {user.display_name for user in card.present} == {"Ada Lovelace"}


def test_a_new_title() -> None:
    event = only(told(UPDATED))
    assert isinstance(event, TitleChanged)
    assert (event.meeting_id, event.title) == ("94446976353", "Weekly sync, renamed")
    assert event.at == from_unix(1795176120.664)
    assert event.occurrence_id is None


@pytest.mark.parametrize("changes", [{"id": 94446976353, "password": "x"}, {"id": 94446976353, "topic": " "}])
def test_another_change_is_no_title(changes: dict[str, object]) -> None:
    assert parse_events(changed(UPDATED, payload__object=changes)) == []


def test_a_change_without_a_time_of_its_own() -> None:
    assert only(changed(UPDATED, payload__time_stamp=None, event_ts=1795176121000)).at == from_unix(1795176121)


@pytest.mark.parametrize(
    "word",
    [
        "meeting.created",
        "meeting.participant_jbh_waiting",
        "meeting.participant_jbh_joined",
        "meeting.participant_joined_waiting_room",
        "meeting.participant_put_in_waiting_room",
        "meeting.participant_admitted",
        "meeting.participant_left_breakout_room",
        BREAKOUT,
        VALIDATION,
        "webinar.started",
        "something.new",
        "",
    ],
)
def test_other_events_are_not_ours(word: str) -> None:
    assert parse_events(json.dumps({"event": word, "payload": 7}).encode()) == []


def test_somebody_in_a_breakout_room_is_still_there() -> None:
    so_far = [event for body in history()[:7] for event in parse_events(body)]
    assert "abcdefghij0-klmnopq23456" in {user.external_id for user in card_after(so_far).present}


def test_the_whole_meeting_folds_to_its_people() -> None:
    card = card_after([event for body in history() for event in parse_events(body)])
    assert {(user.external_id, user.display_name) for user in card.attended} == {
        ("z8yCxTTTTSiw02QgCAp8uQ", "Ada Lovelace"),
        ("abcdefghij0-klmnopq23456", "Grace “Ümlaut” Hopper 🎥"),
        ("77777CCCiCCCCCiCiCiiCii", "Guest"),
    }
    assert card.title == "Weekly sync, renamed"


def test_the_same_event_of_another_run_is_another() -> None:
    ended, again = only(told("meeting.ended")), only(changed("meeting.ended", payload__object__uuid="another=="))
    assert ended.dedupe_key != again.dedupe_key


def test_two_joins_at_one_moment_are_two() -> None:
    one = only(told(JOINED))
    other = only(changed(JOINED, payload__object__participant__user_id="16782336"))
    assert one.dedupe_key != other.dedupe_key


@pytest.mark.parametrize(
    "gone",
    ["event_ts", "payload", "payload.object", "payload.object.id", "payload.object.participant.user_id"],
)
def test_an_event_without_its_essentials_is_malformed(gone: str) -> None:
    body = json.loads(told(JOINED))
    *way, last = gone.split(".")
    holder = body
    for step in way:
        holder = holder[step]
    del holder[last]
    with pytest.raises(WebhookMalformed, match=gone):
        parse_events(json.dumps(body).encode())


@pytest.mark.parametrize("garbage", [b"", b"null", b"[]", b"7", b"{", b"\xff", b"\x00", b'{"event":[]}'])
def test_what_is_no_event_is_malformed(garbage: bytes) -> None:
    with pytest.raises(WebhookMalformed):
        parse_events(garbage)
