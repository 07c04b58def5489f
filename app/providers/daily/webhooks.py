"""What Daily tells us. https://docs.daily.co/reference/rest-api/webhooks"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from app.clock import from_unix
from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft
from app.domain.meetings import Person
from app.errors import WebhookRejected
from app.providers.base import WebhookReply, WebhookRequest
from app.providers.payloads import Key, Moment, Name, Payload, read_payload

# https://docs.daily.co/reference/rest-api/webhooks/events
MEETING_EVENTS: dict[str, type[MeetingStarted | MeetingEnded]] = {
    "meeting.started": MeetingStarted,
    "meeting.ended": MeetingEnded,
}
PERSON_EVENTS: dict[str, type[ParticipantJoined | ParticipantLeft]] = {
    "participant.joined": ParticipantJoined,
    "participant.left": ParticipantLeft,
}
FOLLOWED = (*MEETING_EVENTS, *PERSON_EVENTS)

# A delivery is tried for 15 minutes, and nobody says whether each attempt is signed anew.
TOLERANCE = timedelta(minutes=20)

# Nobody says whether the header holds seconds or milliseconds: as seconds, the latter would lie in the year 5138.
_WHOLE_NUMBER = re.compile("[1-9][0-9]{9,12}")
_MILLISECONDS_FROM = 10**11

# What Daily posts when a hook is made or changed. The reply is the same for everybody and proves nothing.
_CHECK = {"test": "test"}
_CHECK_AT_MOST_BYTES = 100
_REPLY = WebhookReply(b"{}")


UserId: TypeAlias = Annotated[Key | None, BeforeValidator(lambda told: told or None)]
"""The ``user_id`` of the token that somebody came with; None without one."""


class _Named(Payload):
    type: str = ""


class _MeetingPayload(Payload):
    """``start_ts`` is in both events."""

    room: Key
    meeting_id: Key | None = None
    start_ts: Moment | None = None
    end_ts: Moment | None = None


class _Permissions(Payload):
    has_presence: bool | None = Field(default=None, alias="hasPresence")


class _PersonPayload(Payload):
    """``session_id`` is of this join. ``user_id`` and ``user_name`` are from the token that we have asked for."""

    room: Key
    session_id: Key
    user_id: UserId = None
    user_name: Name = None
    joined_at: Moment | None = None
    permissions: _Permissions | None = None

    @property
    def is_hidden(self) -> bool:
        """Hidden from the others in the room too."""
        return self.permissions is not None and self.permissions.has_presence is False


class _Told(Payload):
    """``event_ts`` is when Daily sent the webhook."""

    id: Key
    event_ts: Moment


class _MeetingTold(_Told):
    payload: _MeetingPayload


class _PersonTold(_Told):
    payload: _PersonPayload


# --- Proof ------------------------------------------------------------------------------------------------------


def answer_check(body: bytes) -> WebhookReply | None:
    """The reply to the check of a new hook, which need not be signed; None for any other body."""
    if len(body) > _CHECK_AT_MOST_BYTES:
        return None
    try:
        return _REPLY if json.loads(body) == _CHECK else None
    except ValueError:
        return None


def verify(request: WebhookRequest, keys: Iterable[bytes], now: datetime) -> None:
    """Prove that the holder of one of ``keys`` has sent this body lately. Raises ``WebhookRejected`` only."""
    timestamp = request.header("x-webhook-timestamp")
    if abs(now - _sent_at(timestamp)) > TOLERANCE:
        raise WebhookRejected("X-Webhook-Timestamp is more than 20 minutes from our time.")
    theirs = request.header("x-webhook-signature").encode("utf-8", "replace")
    if not any(hmac.compare_digest(sign(key, timestamp, request.body), theirs) for key in keys):
        raise WebhookRejected("X-Webhook-Signature is missing or not made with our secret.")


def _sent_at(timestamp: str) -> datetime:
    if not _WHOLE_NUMBER.fullmatch(timestamp):
        raise WebhookRejected("X-Webhook-Timestamp is missing or no time.")
    number = int(timestamp)
    return from_unix(number / 1000 if number >= _MILLISECONDS_FROM else number)


def sign(key: bytes, timestamp: str, body: bytes) -> bytes:
    """https://docs.daily.co/reference/rest-api/webhooks#hmac; ``key`` is the secret, decoded."""
    return base64.b64encode(hmac.digest(key, timestamp.encode() + b"." + body, hashlib.sha256))


def test_delivery(key: bytes, now: datetime) -> WebhookRequest:
    """A genuine webhook about a room that nobody has."""
    at, meeting_id = now.timestamp(), secrets.token_hex(8)
    told = {
        "version": "1.0.0",
        "type": "meeting.ended",
        "id": f"met-end-{meeting_id}",
        "payload": {"room": "switchboard-test", "meeting_id": meeting_id, "start_ts": at, "end_ts": at},
        "event_ts": at,
    }
    body, timestamp = json.dumps(told).encode(), str(int(at * 1000))
    headers = {"X-Webhook-Timestamp": timestamp, "X-Webhook-Signature": sign(key, timestamp, body).decode()}
    return WebhookRequest.of(body=body, headers=headers)


# --- Events -----------------------------------------------------------------------------------------------------


def parse_events(body: bytes) -> Sequence[Event]:
    """The events in ``body``. Raises ``WebhookMalformed``."""
    word = read_payload(_Named, body).type
    if word in MEETING_EVENTS:
        return [_meeting_event(MEETING_EVENTS[word], read_payload(_MeetingTold, body))]
    if word in PERSON_EVENTS:
        return _person_events(PERSON_EVENTS[word], read_payload(_PersonTold, body))
    return []


def _meeting_event(kind: type[MeetingStarted | MeetingEnded], told: _MeetingTold) -> Event:
    at = told.payload.start_ts if kind is MeetingStarted else told.payload.end_ts
    return kind(
        meeting_id=told.payload.room,
        at=at or told.event_ts,
        dedupe_key=told.id,
        occurrence_id=told.payload.meeting_id,
    )


def _person_events(kind: type[ParticipantJoined | ParticipantLeft], told: _PersonTold) -> Sequence[Event]:
    """Such events do not name the run of the meeting, so they have no occurrence."""
    person = told.payload
    # Whoever leaves may have been hidden only after they came.
    if person.is_hidden and kind is ParticipantJoined:
        return []
    joined_at = person.joined_at or told.event_ts
    return [
        kind(
            meeting_id=person.room,
            # A leave before its own join would keep somebody in for ever, and two of Daily's clocks are compared here.
            at=joined_at if kind is ParticipantJoined else max(joined_at, told.event_ts),
            dedupe_key=told.id,
            person=Person(
                key=person.user_id or person.session_id, connection_id=person.session_id, name=person.user_name
            ),
        )
    ]
