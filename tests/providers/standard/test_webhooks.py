"""Standard Webhooks' own vectors, and what stands in our bodies."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft, TitleChanged
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.standard.webhooks import parse_events, verify
from tests.clocks import NOON
from tests.providers.contract import card_after
from tests.providers.standard.reference_server import OLD_SECRET, SECRET, delivered, webhook
from tests.providers.standard.signing import signature, signed

# From the tests of the specification's own Python library (commit b2fa7b8).
OFFICIAL_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OFFICIAL_BODY = b'{"test": 2432232314}'
OFFICIAL_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
OFFICIAL_HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": OFFICIAL_SIGNATURE,
}
OFFICIAL_TIME = datetime.fromtimestamp(1614265330, UTC)
FOREIGN_SIGNATURE = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="


def check(changed: dict[str, str], body: bytes = OFFICIAL_BODY, now: datetime = OFFICIAL_TIME) -> None:
    request = WebhookRequest.of(body=body, headers={**OFFICIAL_HEADERS, **changed})
    verify(request, [Webhook(OFFICIAL_SECRET)], now)


# --- Proof ------------------------------------------------------------------------------------------------------


def test_the_official_example_is_accepted() -> None:
    check({})


def test_one_good_signature_among_others_is_enough() -> None:
    check({"webhook-signature": f"{FOREIGN_SIGNATURE} v2,AAAA {OFFICIAL_SIGNATURE}"})


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "garbage",
        "v1",
        "v1,",
        "v1,not base64",
        "v1,\ud83d",
        FOREIGN_SIGNATURE,
        OFFICIAL_SIGNATURE.replace("v1,", "v2,"),
        OFFICIAL_SIGNATURE.replace("v1,", "v1a,"),
        OFFICIAL_SIGNATURE.removeprefix("v1,"),
        f"{FOREIGN_SIGNATURE} " * 1000 + OFFICIAL_SIGNATURE,
    ],
)
def test_anything_else_is_rejected(signature: str) -> None:
    with pytest.raises(WebhookRejected):
        check({"webhook-signature": signature})


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "soon",
        "nan",
        "inf",
        "-1614265330",
        "1614265330.0",
        "01614265330",
        "\uff11614265330",
        "9" * 400,
        " 1614265330",
    ],
)
def test_a_time_in_another_spelling_is_rejected(timestamp: str) -> None:
    with pytest.raises(WebhookRejected):
        check({"webhook-timestamp": timestamp})


@pytest.mark.parametrize("late", [timedelta(minutes=5), timedelta(minutes=-5)])
def test_an_attempt_may_be_five_minutes_off(late: timedelta) -> None:
    check({}, now=OFFICIAL_TIME + late)


@pytest.mark.parametrize("late", [timedelta(minutes=5, seconds=1), timedelta(minutes=-5, seconds=-1)])
def test_but_not_more(late: timedelta) -> None:
    with pytest.raises(WebhookRejected, match="five minutes"):
        check({}, now=OFFICIAL_TIME + late)


def test_a_body_that_is_no_text_is_rejected() -> None:
    with pytest.raises(WebhookRejected):
        check({}, body=b"\xff\xfe")


def test_the_library_signs_as_the_recipe_does() -> None:
    recipe = signature(OFFICIAL_BODY, OFFICIAL_SECRET, "1614265330", OFFICIAL_HEADERS["webhook-id"])
    assert recipe == OFFICIAL_SIGNATURE


def test_while_secrets_change_both_count() -> None:
    for secret in (SECRET, OLD_SECRET):
        request = WebhookRequest.of(body=b"{}", headers=signed(b"{}", secret, NOON))
        verify(request, [Webhook(SECRET), Webhook(OLD_SECRET)], NOON)


# --- Payload ----------------------------------------------------------------------------------------------------


def events(body: bytes) -> list[Event]:
    return list(parse_events(WebhookRequest.of(body=body, headers=delivered(body, NOON))))


def only(word: str, **data: Any) -> Event:
    (event,) = events(webhook(word, NOON, **data))
    return event


def person_of(**told: Any) -> Person:
    event = only("participant.joined", participant={"id": "ada", **told})
    assert isinstance(event, ParticipantJoined)
    return event.person


ADA: dict[str, Any] = {"participant": {"id": "ada"}}
WORDS: list[tuple[str, type[Event], dict[str, Any]]] = [
    ("meeting.started", MeetingStarted, {}),
    ("meeting.ended", MeetingEnded, {}),
    ("participant.joined", ParticipantJoined, ADA),
    ("participant.left", ParticipantLeft, ADA),
    ("meeting.title_changed", TitleChanged, {"title": "Weekly"}),
]


@pytest.mark.parametrize(("word", "kind", "data"), WORDS)
def test_each_word_is_an_event(word: str, kind: type[Event], data: dict[str, Any]) -> None:
    event = only(word, occurrence_id="run-1", **data)
    assert isinstance(event, kind)
    assert (event.meeting_id, event.occurrence_id, event.at) == ("meeting/1", "run-1", NOON)


@pytest.mark.parametrize("word", ["recording.ready", "meeting", "MEETING.STARTED", ""])
def test_other_words_say_nothing(word: str) -> None:
    assert events(json.dumps({"type": word, "data": 7}).encode()) == []


def test_the_message_id_is_the_dedupe_key() -> None:
    body = webhook("meeting.started", NOON)
    request = WebhookRequest.of(body=body, headers=signed(body, SECRET, NOON, message_id="msg_7"))
    assert parse_events(request)[0].dedupe_key == "msg_7"


def test_without_a_message_id_nothing_can_be_told_apart() -> None:
    with pytest.raises(WebhookMalformed, match="webhook-id"):
        parse_events(WebhookRequest.of(body=webhook("meeting.started", NOON), headers={}))


def test_a_whole_person() -> None:
    told = {
        "connection_id": "ada-1",
        "name": "Ada",
        "email": "ada@example.com",
        "avatar_url": "https://example.com/ada.png",
        "slack_id": "U0ADA",
    }
    assert person_of(**told) == Person(key="ada", **told)


def test_a_person_without_connections_has_one() -> None:
    assert person_of() == Person(key="ada", connection_id="ada")


def test_a_person_with_one_connection_can_come_again() -> None:
    told = [
        webhook("participant.joined", NOON, **ADA),
        webhook("participant.left", NOON + timedelta(seconds=10), **ADA),
        webhook("participant.joined", NOON + timedelta(seconds=20), **ADA),
    ]
    assert card_after([event for body in told for event in events(body)]).present


def test_ids_may_be_numbers() -> None:
    event = only("participant.joined", meeting_id=7, participant={"id": 42})
    assert isinstance(event, ParticipantJoined)
    assert (event.meeting_id, event.person.key) == ("7", "42")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("avatar_url", "javascript:alert(1)"),
        ("avatar_url", "//example.com/ada.png"),
        ("avatar_url", "https://[::1"),
        ("avatar_url", "https://example.com/" + "x" * 3000),
        ("slack_id", "ada"),
        ("slack_id", "U0ADA<@U0BOSS>"),
        ("email", "ada"),
        ("name", "\x00"),
    ],
)
def test_what_makes_no_sense_of_a_person_is_left_out(field: str, value: str) -> None:
    assert person_of(**{field: value}) == Person(key="ada", connection_id="ada")


@pytest.mark.parametrize(
    "timestamp",
    ["2026-11-20T12:00:00Z", "2026-11-20T13:00:00+01:00", "2026-11-20T12:00:00.000000+00:00", 1795176000],
)
def test_times_may_be_in_any_zone(timestamp: object) -> None:
    told = json.loads(webhook("meeting.started", NOON)) | {"timestamp": timestamp}
    assert events(json.dumps(told).encode())[0].at == NOON


@pytest.mark.parametrize("timestamp", ["2026-11-20T12:00:00", "0001-01-01T00:00:00+14:00", "soon", None, "1e400"])
def test_a_time_without_its_zone_or_sense_is_malformed(timestamp: object) -> None:
    told = json.loads(webhook("meeting.started", NOON)) | {"timestamp": timestamp}
    with pytest.raises(WebhookMalformed, match="timestamp"):
        events(json.dumps(told).encode())


@pytest.mark.parametrize(
    ("word", "data", "field"),
    [
        ("participant.joined", {}, "data.participant"),
        ("participant.left", {"participant": {"name": "Ada"}}, "data.participant.id"),
        ("participant.left", {"participant": {"id": ""}}, "data.participant.id"),
        ("meeting.title_changed", {}, "data.title"),
        ("meeting.title_changed", {"title": " \x00"}, "data.title"),
        ("meeting.started", {"meeting_id": None}, "data.meeting_id"),
    ],
)
def test_what_is_missing_is_named(word: str, data: dict[str, Any], field: str) -> None:
    with pytest.raises(WebhookMalformed, match=field):
        events(webhook(word, NOON, **data))
