"""What LiveKit tells us. https://docs.livekit.io/home/server/webhooks/"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import jwt
from jwt.types import Options
from pydantic import Field

from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.livekit.tokens import KeyPair, webhook_token
from app.providers.payloads import Key, Moment, Name, Payload, read_payload

# LiveKit's own allowance for clocks that differ.
LEEWAY = timedelta(seconds=60)

# https://docs.livekit.io/home/server/webhooks/#events; a connection that is aborted never became a join.
MEETING_EVENTS: dict[str, type[MeetingStarted | MeetingEnded]] = {
    "room_started": MeetingStarted,
    "room_finished": MeetingEnded,
}
PERSON_EVENTS: dict[str, type[ParticipantJoined | ParticipantLeft]] = {
    "participant_joined": ParticipantJoined,
    "participant_left": ParticipantLeft,
    "participant_connection_aborted": ParticipantLeft,
}

# https://docs.livekit.io/home/get-started/api-primitives/#types-of-participants
# Callers by telephone (SIP) and from other networks (CONNECTOR) are people; AGENT, EGRESS, INGRESS, BRIDGE and
# whatever comes next are machines.
PEOPLE = frozenset({"STANDARD", "SIP", "CONNECTOR"})

# We judge the times ourselves, by the clock that tests move.
_NO_TIME_CHECKS: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


class _Named(Payload):
    event: str = ""


class _Room(Payload):
    name: Key
    sid: Key | None = None


class _Permission(Payload):
    hidden: bool = False


class _Participant(Payload):
    """Fields at their default are left out, so an ordinary person has no ``kind`` and a nameless one no ``name``.

    A Slack id or a picture in ``metadata`` or ``attributes`` is not believed: other apps that share the server sign
    tokens too, and a token may let its holder rewrite both.
    """

    sid: Key
    identity: Key
    name: Name = None
    # A kind that the server has no name for comes as its number.
    kind: str = "STANDARD"
    joined_at: Moment | None = Field(default=None, alias="joinedAt")
    permission: _Permission = _Permission()

    @property
    def is_a_person(self) -> bool:
        """Hidden participants, such as recorders, are not shown to the others in the room either."""
        return self.kind in PEOPLE and not self.permission.hidden


class _WebhookEvent(Payload):
    """https://github.com/livekit/protocol/blob/main/protobufs/livekit_webhook.proto, of the parts we follow."""

    id: Key
    created_at: Moment = Field(alias="createdAt")
    room: _Room
    participant: _Participant | None = None


def verify(request: WebhookRequest, pairs: Sequence[KeyPair], now: datetime) -> None:
    """Prove that the holder of one of ``pairs`` has sent this body, just now. Raises ``WebhookRejected`` only."""
    claims = _claims(request.header("authorization"), pairs)
    try:
        begins, ends = float(claims["nbf"]), float(claims["exp"])
        promised = claims["sha256"].encode()
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        # Without the hash any participant's token would do: it is signed with the same secret.
        raise WebhookRejected("The token lacks a claim: is it one of a webhook?") from None
    if not begins - LEEWAY.total_seconds() <= now.timestamp() <= ends + LEEWAY.total_seconds():
        raise WebhookRejected("The token is not valid at this time.")
    if not hmac.compare_digest(promised, base64.b64encode(hashlib.sha256(request.body).digest())):
        raise WebhookRejected("The body is not the one that was signed.")


def _claims(authorization: str, pairs: Sequence[KeyPair]) -> dict[str, Any]:
    """The claims of a token signed with one of our own keys; which key is never the token's choice."""
    token = authorization.strip().removeprefix("Bearer ").strip()
    for pair in pairs:
        try:
            claims = jwt.decode(token, pair.secret, algorithms=["HS256"], options=_NO_TIME_CHECKS)
        # What is not a token at all surfaces as many things, nested headers even as a RecursionError.
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            continue
        if claims.get("iss") == pair.key:
            return claims
    raise WebhookRejected("The token is missing or not signed with our API secret.")


def test_delivery(pair: KeyPair, now: datetime) -> WebhookRequest:
    """A genuine webhook about a room that nobody has."""
    told = {
        "event": "room_finished",
        "id": f"EV_{secrets.token_hex(8)}",
        "createdAt": str(int(now.timestamp())),
        "room": {"name": "switchboard-test"},
    }
    body = json.dumps(told).encode()
    return WebhookRequest.of(body=body, headers={"Authorization": webhook_token(pair, body, now)})


def parse_events(body: bytes) -> Sequence[Event]:
    """The events in ``body``. Raises ``WebhookMalformed``."""
    name = read_payload(_Named, body).event
    if name in MEETING_EVENTS:
        return [_meeting_event(MEETING_EVENTS[name], read_payload(_WebhookEvent, body))]
    if name in PERSON_EVENTS:
        return _person_events(PERSON_EVENTS[name], read_payload(_WebhookEvent, body))
    return []


def _meeting_event(kind: type[MeetingStarted | MeetingEnded], told: _WebhookEvent) -> Event:
    return kind(
        meeting_id=told.room.name,
        at=told.created_at,
        dedupe_key=told.id,
        occurrence_id=told.room.sid,
    )


def _person_events(kind: type[ParticipantJoined | ParticipantLeft], told: _WebhookEvent) -> Sequence[Event]:
    participant = told.participant
    if participant is None:
        raise WebhookMalformed("participant: is missing")
    if not participant.is_a_person:
        return []
    # Both times are whole seconds. joinedAtMs is finer, but then a leave within the same second would lie before
    # its join and the person would stay for ever.
    joined_at = participant.joined_at if kind is ParticipantJoined else None
    return [
        kind(
            meeting_id=told.room.name,
            at=joined_at or told.created_at,
            dedupe_key=told.id,
            occurrence_id=told.room.sid,
            person=Person(key=participant.identity, connection_id=participant.sid, name=participant.name),
        )
    ]
