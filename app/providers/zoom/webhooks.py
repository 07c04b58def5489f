"""What Zoom tells us. https://developers.zoom.us/docs/api/webhooks/"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field

from app.clock import from_unix
from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft, TitleChanged
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookReply, WebhookRequest
from app.providers.payloads import Key, Moment, Name, Payload, read_payload
from app.providers.zoom.people import Participant

# https://developers.zoom.us/docs/api/meetings/events/. Waiting rooms are not the meeting, and neither are breakout
# rooms: whoever moves to one leaves and joins the meeting again in these events too, under another user_id.
MEETING_EVENTS: dict[str, type[MeetingStarted | MeetingEnded]] = {
    "meeting.started": MeetingStarted,
    "meeting.ended": MeetingEnded,
    "meeting.deleted": MeetingEnded,
}
PERSON_EVENTS: dict[str, type[ParticipantJoined | ParticipantLeft]] = {
    "meeting.participant_joined": ParticipantJoined,
    "meeting.participant_left": ParticipantLeft,
}
UPDATED = "meeting.updated"
VALIDATION = "endpoint.url_validation"

# Zoom names no allowance for clocks that differ; this is what others take.
TOLERANCE = timedelta(minutes=5)

# In the one spelling that the signature is over; up to the year 5138.
_SECONDS = re.compile("[1-9][0-9]{0,10}")

# Whoever could have us sign a text of their choice could sign webhooks: those texts hold colons, and are longer.
_PLAIN_TOKEN = re.compile("[A-Za-z0-9_+/=-]{1,100}")

# What Zoom does not know is left out, or empty.
_OR_EMPTY = BeforeValidator(lambda value: value or None)
_Time: TypeAlias = Annotated[Moment | None, _OR_EMPTY]


class _Named(Payload):
    event: str = ""


class _PlainToken(Payload):
    plain_token: str = Field(alias="plainToken")


class _Validation(Payload):
    payload: _PlainToken


class _Object(Payload):
    """The meeting. Its id is a text in some events and a number in others; after a change, only what has changed is
    there."""

    id: Key
    uuid: Annotated[Key | None, _OR_EMPTY] = None
    topic: Name = None
    end_time: _Time = None


class _Participant(Participant):
    join_time: _Time = None
    leave_time: _Time = None
    # What ``join_time`` was called in older documents; in a leave it is the time of the join too.
    date_time: _Time = None


class _Attendance(_Object):
    participant: _Participant


class _MeetingPayload(Payload):
    object: _Object
    time_stamp: _Time = None


class _PersonPayload(Payload):
    object: _Attendance


class _Told(Payload):
    """``event_ts`` is when it happened, in milliseconds."""

    event: str
    event_ts: Moment


class _MeetingTold(_Told):
    payload: _MeetingPayload


class _PersonTold(_Told):
    payload: _PersonPayload


def verify(request: WebhookRequest, secrets: Sequence[str], now: datetime) -> None:
    """Prove that the holder of one of ``secrets`` has sent this just now. Raises ``WebhookRejected`` only."""
    _signer(request, secrets, now)


def answer_challenge(request: WebhookRequest, secrets: Sequence[str], now: datetime) -> WebhookReply | None:
    """The reply that proves that we know the secret which this request is signed with; None when it asks for none.

    https://developers.zoom.us/docs/api/webhooks/#validate-your-webhook-endpoint. Raises ``WebhookRejected`` only.
    """
    if not _asks_for_one(request.body):
        return None
    secret = _signer(request, secrets, now)
    try:
        token = read_payload(_Validation, request.body).payload.plain_token
    except WebhookMalformed:
        token = ""
    if not _PLAIN_TOKEN.fullmatch(token):
        raise WebhookRejected("The plainToken is none that Zoom would send.")
    return WebhookReply(json.dumps({"plainToken": token, "encryptedToken": _digest(secret, token.encode())}).encode())


def _asks_for_one(body: bytes) -> bool:
    try:
        return read_payload(_Named, body).event == VALIDATION
    except WebhookMalformed:
        return False


def _signer(request: WebhookRequest, secrets: Sequence[str], now: datetime) -> str:
    """The one of our secrets that this is signed with."""
    timestamp = request.header("x-zm-request-timestamp")
    if not _SECONDS.fullmatch(timestamp):
        raise WebhookRejected("x-zm-request-timestamp is not in whole seconds since 1970.")
    if abs(now - from_unix(int(timestamp))) > TOLERANCE:
        raise WebhookRejected("x-zm-request-timestamp is more than five minutes from our time.")
    given = request.header("x-zm-signature").encode("utf-8", "replace")
    for secret in secrets:
        if hmac.compare_digest(_signature(secret, timestamp, request.body).encode(), given):
            return secret
    raise WebhookRejected("x-zm-signature is missing or not made with our secret.")


def _signature(secret: str, timestamp: str, body: bytes) -> str:
    """https://developers.zoom.us/docs/api/webhooks/#verify-with-zooms-header"""
    return "v0=" + _digest(secret, b"v0:" + timestamp.encode() + b":" + body)


def _digest(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def test_delivery(secret: str, now: datetime) -> WebhookRequest:
    """A genuine webhook about a meeting that nobody has."""
    told = {
        "event": "meeting.ended",
        "event_ts": int(now.timestamp() * 1000),
        "payload": {"object": {"id": "switchboard-test"}},
    }
    body, timestamp = json.dumps(told).encode(), str(int(now.timestamp()))
    headers = {"x-zm-request-timestamp": timestamp, "x-zm-signature": _signature(secret, timestamp, body)}
    return WebhookRequest.of(body=body, headers=headers)


def parse_events(body: bytes) -> Sequence[Event]:
    """The event in ``body``, if it is one of ours. Raises ``WebhookMalformed``."""
    word = read_payload(_Named, body).event
    if word in MEETING_EVENTS:
        return [_meeting_event(MEETING_EVENTS[word], read_payload(_MeetingTold, body))]
    if word in PERSON_EVENTS:
        return [_person_event(PERSON_EVENTS[word], read_payload(_PersonTold, body))]
    if word == UPDATED:
        return _title_events(read_payload(_MeetingTold, body))
    return []


def _meeting_event(kind: type[MeetingStarted | MeetingEnded], told: _MeetingTold) -> Event:
    meeting = told.payload.object
    return kind(
        meeting_id=meeting.id,
        at=meeting.end_time or told.event_ts,
        dedupe_key=_dedupe_key(told, meeting),
        occurrence_id=meeting.uuid,
    )


def _person_event(kind: type[ParticipantJoined | ParticipantLeft], told: _PersonTold) -> Event:
    meeting = told.payload.object
    at = _joined_at(told) if kind is ParticipantJoined else meeting.participant.leave_time or told.event_ts
    return kind(
        meeting_id=meeting.id,
        at=at,
        dedupe_key=_dedupe_key(told, meeting, meeting.participant.user_id, at.isoformat()),
        occurrence_id=meeting.uuid,
        person=meeting.participant.person,
    )


def _joined_at(told: _PersonTold) -> datetime:
    """In whole seconds, as the times of leaves are: else a leave within the same second would lie before its join, and
    the person would stay for ever."""
    participant = told.payload.object.participant
    return (participant.join_time or participant.date_time or told.event_ts).replace(microsecond=0)


def _title_events(told: _MeetingTold) -> Sequence[Event]:
    meeting = told.payload.object
    if meeting.topic is None:
        return []
    return [
        TitleChanged(
            meeting_id=meeting.id,
            at=told.payload.time_stamp or told.event_ts,
            dedupe_key=_dedupe_key(told, meeting),
            occurrence_id=meeting.uuid,
            title=meeting.topic,
        )
    ]


def _dedupe_key(told: _Told, meeting: _Object, *more: str) -> str:
    """Events have no id, and nothing says that those of requests survive a second attempt."""
    parts = [told.event, told.event_ts.isoformat(), meeting.id, meeting.uuid, *more]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
