"""What 8x8 tells us. https://developer.8x8.com/jaas/docs/webhooks-payload"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import Field, SecretStr

from app.clock import from_unix
from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.payloads import Key, Moment, Name, Payload, PictureAddress, read_payload, stable_key

# https://developer.8x8.com/jaas/docs/webhooks-payload: whoever waits in the lobby is not in yet.
MEETING_EVENTS: dict[str, type[MeetingStarted | MeetingEnded]] = {
    "ROOM_CREATED": MeetingStarted,
    "ROOM_DESTROYED": MeetingEnded,
}
PERSON_EVENTS: dict[str, type[ParticipantJoined | ParticipantLeft]] = {
    "PARTICIPANT_JOINED": ParticipantJoined,
    "PARTICIPANT_LEFT": ParticipantLeft,
}

SIGNATURE = "X-Jaas-Signature"
# How old a webhook may be is left to us: what the makers of like signatures allow, both ways.
TOLERANCE = timedelta(minutes=5)
MOST_ELEMENTS = 20
# In the one spelling that the signature is over; up to the year 5138.
_SECONDS = re.compile("[1-9][0-9]{0,10}")
_SCHEME = re.compile("v[0-9]+")
_V1 = re.compile("[A-Za-z0-9+/]{43}=")

# As on any Jitsi server, machines have addresses on a domain that the web app hides.
_MACHINE = re.compile(r"[^@]*@(recorder|hidden)\.")


class _Named(Payload):
    event_type: str = Field(default="", alias="eventType")


class _Data(Payload):
    """``isBreakout`` is not in all of 8x8's examples. ``moderator`` is a boolean or a string, and not needed."""

    is_breakout: bool | None = Field(default=None, alias="isBreakout")


class _Participant(_Data):
    """``id`` is that of the person's token, signed with a key of the account by us or by another app of its owner, so
    it is believed; without a token there is none. 8x8 does not say where an e-mail comes from, and in Jitsi's web app
    people may type one in: it makes nobody somebody."""

    id: str | None = None
    participant_jid: str | None = Field(default=None, alias="participantJid")
    participant_id: str | None = Field(default=None, alias="participantId")
    name: Name = None
    avatar: PictureAddress = None

    @property
    def is_a_person(self) -> bool:
        return not _MACHINE.match(self.participant_jid or "")

    @property
    def person(self) -> Person:
        """Raises ``WebhookMalformed``: each id may be missing, but not all of them."""
        connection_id = self.participant_jid or self.participant_id or self.id
        if not connection_id:
            raise WebhookMalformed("data: has no id, participantJid or participantId")
        return Person(
            key=stable_key(self.id or connection_id),
            connection_id=stable_key(connection_id),
            name=self.name,
            avatar_url=self.avatar,
        )


class _Envelope(Payload):
    """The meeting is ``fqn`` (``<AppID>/<room>``), its run ``sessionId``; ``timestamp`` is in milliseconds."""

    idempotency_key: Key = Field(alias="idempotencyKey")
    session_id: Key | None = Field(default=None, alias="sessionId")
    timestamp: Moment
    fqn: Key


class _MeetingTold(_Envelope):
    data: _Data = _Data()


class _PersonTold(_Envelope):
    data: _Participant


def verify(request: WebhookRequest, keys: Sequence[SecretStr], now: datetime) -> None:
    """Prove that the holder of one of ``keys`` has sent this body just now. Raises ``WebhookRejected`` only.

    https://developer.8x8.com/jaas/docs/webhooks-signatures
    """
    time, signatures = _read_header(request.header(SIGNATURE))
    if abs(now - from_unix(int(time))) > TOLERANCE:
        raise WebhookRejected("The signature's time is more than five minutes from ours.")
    expected = [_signature(key, time, request.body).encode() for key in keys]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures):
        raise WebhookRejected("No signature is made with our secret.")


def _read_header(header: str) -> tuple[str, list[bytes]]:
    """The time and the signatures of ``t=<seconds>,v1=<base64>``; there are several while the secret is rolled, and
    other schemes than v1 do not count."""
    # Base64 ends with the sign that is also between the parts.
    parts = [element.partition("=") for element in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == "v1"]
    is_whole = len(parts) <= MOST_ELEMENTS and all(name == "t" or _SCHEME.fullmatch(name) for name, _, _ in parts)
    if not is_whole or len(times) != 1 or not _SECONDS.fullmatch(times[0]):
        raise WebhookRejected(f"{SIGNATURE} is missing, or not a time and signatures.")
    if not all(_V1.fullmatch(signature) for signature in signatures):
        raise WebhookRejected(f"{SIGNATURE} holds a signature that is none.")
    return times[0], [signature.encode() for signature in signatures]


def _signature(key: SecretStr, time: str, body: bytes) -> str:
    """Other than with Standard Webhooks the key is the whole text of the secret, ``whsec_`` included."""
    digest = hmac.digest(key.get_secret_value().encode(), time.encode() + b"." + body, hashlib.sha256)
    return base64.b64encode(digest).decode()


def test_delivery(key: SecretStr, app_id: str, now: datetime) -> WebhookRequest:
    """A genuine webhook about a room that nobody has."""
    told = {
        "idempotencyKey": f"test-{secrets.token_hex(8)}",
        "eventType": "ROOM_DESTROYED",
        "sessionId": "switchboard-test",
        "timestamp": int(now.timestamp() * 1000),
        "fqn": f"{app_id}/switchboard-test",
        "data": {"isBreakout": False},
    }
    body, time = json.dumps(told).encode(), str(int(now.timestamp()))
    return WebhookRequest.of(body=body, headers={SIGNATURE: f"t={time},v1={_signature(key, time, body)}"})


def parse_events(body: bytes) -> Sequence[Event]:
    """The event in ``body``, if we follow it; none for a breakout room, which is not the meeting. Raises
    ``WebhookMalformed``."""
    name = read_payload(_Named, body).event_type
    if name in MEETING_EVENTS:
        return _meeting_events(MEETING_EVENTS[name], read_payload(_MeetingTold, body))
    if name in PERSON_EVENTS:
        return _person_events(PERSON_EVENTS[name], read_payload(_PersonTold, body))
    return []


def _meeting_events(kind: type[MeetingStarted | MeetingEnded], told: _MeetingTold) -> Sequence[Event]:
    if told.data.is_breakout:
        return []
    return [
        kind(
            meeting_id=told.fqn,
            at=told.timestamp,
            dedupe_key=told.idempotency_key,
            occurrence_id=told.session_id,
        )
    ]


def _person_events(kind: type[ParticipantJoined | ParticipantLeft], told: _PersonTold) -> Sequence[Event]:
    if told.data.is_breakout or not told.data.is_a_person:
        return []
    return [
        kind(
            meeting_id=told.fqn,
            at=told.timestamp,
            dedupe_key=told.idempotency_key,
            occurrence_id=told.session_id,
            person=told.data.person,
        )
    ]
