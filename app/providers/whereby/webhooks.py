"""What Whereby tells us. https://docs.whereby.com/meeting-content-and-quality/insights-suite-and-api/webhooks"""

from __future__ import annotations

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
from app.domain.events import Event, ParticipantJoined, ParticipantLeft
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.payloads import Key, Moment, Name, Payload, read_payload

# …/webhooks#configuration. The room.session.* events are of no use here: a session begins when a second person comes,
# and ends when fewer than two have been in for a while, so that somebody who waits alone is in none, or in one that is
# over. Taken for runs of the meeting, they would remove people from the card who are still there.
PERSON_EVENTS: dict[str, type[ParticipantJoined | ParticipantLeft]] = {
    "room.client.joined": ParticipantJoined,
    "room.client.left": ParticipantLeft,
}

# …/webhooks#in-room-data-properties, and WherebyRoleName of the Assistant SDK.
MACHINES = frozenset({"recorder", "streamer", "captioner", "assistant"})

TOLERANCE = timedelta(minutes=5)
# The documents know one v1 only; several are how a secret could be changed, and other versions what could come next.
_HEADER = re.compile(r"t=([1-9][0-9]{0,10})((?:,v[0-9]{1,2}=[0-9a-f]{1,128}){1,20})")

MaybeKey: TypeAlias = Annotated[Key | None, BeforeValidator(lambda told: None if told == "" else told)]


class _Named(Payload):
    type: str = ""


class _Client(Payload):
    """``participant_id`` is of this join. ``external_id`` is from the link; people can change it in the address, so it
    is a claim."""

    meeting_id: Key = Field(alias="meetingId")
    participant_id: MaybeKey = Field(default=None, alias="participantId")
    external_id: MaybeKey = Field(default=None, alias="externalId")
    display_name: Name = Field(default=None, alias="displayName")
    role_name: str | None = Field(default=None, alias="roleName")

    def to_person(self) -> Person:
        """Whereby's own sample has no ``participantId``, though the table beside it has."""
        connection_id = self.participant_id or self.external_id
        if connection_id is None:
            raise WebhookMalformed("data.participantId: is missing")
        return Person(key=self.external_id or connection_id, connection_id=connection_id, name=self.display_name)


class _Told(Payload):
    id: Key
    created_at: Moment = Field(alias="createdAt")
    data: _Client


def verify(request: WebhookRequest, keys: Iterable[bytes], now: datetime) -> None:
    """Prove that the holder of one of ``keys`` has sent this body just now. Raises ``WebhookRejected`` only."""
    header = _HEADER.fullmatch(request.header("whereby-signature"))
    if header is None:
        raise WebhookRejected("Whereby-Signature is missing or malformed.")
    timestamp, versions = header.groups()
    if abs(now - from_unix(int(timestamp))) > TOLERANCE:
        raise WebhookRejected("Whereby-Signature is more than five minutes from our time.")
    theirs = [version.removeprefix("v1=") for version in versions.split(",") if version.startswith("v1=")]
    ours = [sign(key, timestamp, request.body) for key in keys]
    if not any(hmac.compare_digest(one, other) for one in ours for other in theirs):
        raise WebhookRejected("Whereby-Signature is not made with our secret.")


def sign(key: bytes, timestamp: str, body: bytes) -> str:
    """…/webhooks#validating-events"""
    return hmac.digest(key, timestamp.encode() + b"." + body, hashlib.sha256).hex()


def test_delivery(key: bytes, now: datetime) -> WebhookRequest:
    """A genuine webhook about a meeting that nobody has."""
    told = {
        "id": secrets.token_hex(32),
        "apiVersion": "1.0",
        "createdAt": now.isoformat(),
        "type": "room.client.left",
        "data": {
            "meetingId": "switchboard-test",
            "roomName": "/switchboard-test",
            "participantId": "switchboard-test",
            "roleName": "visitor",
        },
    }
    body, timestamp = json.dumps(told).encode(), str(int(now.timestamp()))
    signature = f"t={timestamp},v1={sign(key, timestamp, body)}"
    return WebhookRequest.of(body=body, headers={"Whereby-Signature": signature})


def parse_events(body: bytes) -> Sequence[Event]:
    """The events in ``body``. Raises ``WebhookMalformed``."""
    kind = PERSON_EVENTS.get(read_payload(_Named, body).type)
    if kind is None:
        return []
    told = read_payload(_Told, body)
    if told.data.role_name in MACHINES:
        return []
    return [
        kind(
            meeting_id=told.data.meeting_id,
            at=told.created_at,
            dedupe_key=told.id,
            person=told.data.to_person(),
        )
    ]
