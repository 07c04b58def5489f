"""What Prosody's mod_event_sync tells us.

https://github.com/jitsi-contrib/prosody-plugins/tree/main/event_sync
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr

from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.jitsi.rooms import Room
from app.providers.payloads import Key, Moment, Name, Payload, PictureAddress, read_payload, stable_key

# https://github.com/jitsi-contrib/prosody-plugins/tree/main/event_sync#events
ROOM_CREATED = "muc-room-created"
ROOM_DESTROYED = "muc-room-destroyed"
OCCUPANT_JOINED = "muc-occupant-joined"
OCCUPANT_LEFT = "muc-occupant-left"
EVENT_PATHS = {
    ROOM_CREATED: "/events/room/created",
    ROOM_DESTROYED: "/events/room/destroyed",
    OCCUPANT_JOINED: "/events/occupant/joined",
    OCCUPANT_LEFT: "/events/occupant/left",
}

# Recorders and transcribers have accounts on a domain that the web app hides: recorder.… in the documentation of Jibri,
# hidden.… in newer Docker images. Nobody can choose the domain of their own address.
_MACHINE = re.compile(r"[^@]*@(recorder|hidden)\.")


def _list(value: Any) -> Any:
    # Lua has one type for both, so an empty list is written {}.
    return [] if value == {} else value


class _Named(Payload):
    event_name: str = ""


class _Occupant(Payload):
    """Id, name, e-mail and picture are those of the person's token: signed with the server's secret, so believed. Who
    came without a token has none of them. The address may be the same again when a browser comes back."""

    occupant_jid: Key
    joined_at: Moment
    left_at: Moment | None = None
    id: str | None = None
    name: Name = None
    email: Name = None
    avatar: PictureAddress = None

    @property
    def is_a_person(self) -> bool:
        return not _MACHINE.match(self.occupant_jid)

    @property
    def connection_id(self) -> str:
        """A leave tells when its join was: this makes pairs of them."""
        return stable_key(f"{self.occupant_jid} {_seconds(self.joined_at)}")

    @property
    def person(self) -> Person:
        return Person(
            key=stable_key(self.id) if self.id else self.occupant_jid,
            connection_id=self.connection_id,
            name=self.name,
            email=self.email,
            avatar_url=self.avatar,
        )


class _Told(Payload):
    """Events of a breakout room carry the main room's address."""

    room_jid: Key
    is_breakout: bool = False


class _RoomCreated(_Told):
    created_at: Moment


class _RoomDestroyed(_RoomCreated):
    """``all_occupants`` holds the last join of each address that ever was in the room."""

    destroyed_at: Moment
    all_occupants: Annotated[list[_Occupant], BeforeValidator(_list)] = Field(default=[])


class _OccupantMoved(_Told):
    occupant: _Occupant | None = None


def verify(request: WebhookRequest, tokens: Sequence[SecretStr]) -> None:
    """Prove that the sender knows one of ``tokens``. Raises ``WebhookRejected`` only. Nothing is signed."""
    given = request.header("authorization").strip().encode("utf-8", "surrogatepass")
    if not any(hmac.compare_digest(given, _authorization(token).encode()) for token in tokens):
        raise WebhookRejected("Authorization is missing, or not Bearer and our token.")


def _authorization(token: SecretStr) -> str:
    return f"Bearer {token.get_secret_value()}"


def test_delivery(token: SecretStr, muc_domain: str, now: datetime) -> WebhookRequest:
    """A genuine webhook about a room that nobody has."""
    told = {
        "event_name": ROOM_DESTROYED,
        "room_jid": Room("switchboard-test").jid(muc_domain),
        "is_breakout": False,
        "created_at": int(now.timestamp()),
        "destroyed_at": int(now.timestamp()),
        "all_occupants": {},
    }
    headers = {"Authorization": _authorization(token), "Content-Type": "application/json"}
    return WebhookRequest.of(body=json.dumps(told).encode(), headers=headers, path=EVENT_PATHS[ROOM_DESTROYED])


def parse_events(body: bytes) -> Sequence[Event]:
    """The events in ``body``; none for a breakout room, which is not the meeting. Raises ``WebhookMalformed``."""
    read = _READERS.get(read_payload(_Named, body).event_name)
    return read(body) if read else []


def _created(body: bytes) -> Sequence[Event]:
    told = read_payload(_RoomCreated, body)
    if told.is_breakout:
        return []
    return [
        MeetingStarted(
            meeting_id=told.room_jid,
            at=told.created_at,
            dedupe_key=_key(ROOM_CREATED, told.room_jid, told.created_at),
            occurrence_id=_seconds(told.created_at),
        )
    ]


def _destroyed(body: bytes) -> Sequence[Event]:
    """The end, and everybody who was there: what was told of them on the way may have been lost."""
    told = read_payload(_RoomDestroyed, body)
    if told.is_breakout:
        return []
    dedupe_key = _key(ROOM_DESTROYED, told.room_jid, told.created_at, told.destroyed_at)
    ended = MeetingEnded(
        meeting_id=told.room_jid,
        at=told.destroyed_at,
        dedupe_key=dedupe_key,
        occurrence_id=_seconds(told.created_at),
    )
    return [ended, *_who_was_there(told, dedupe_key)]


def _who_was_there(told: _RoomDestroyed, dedupe_key: str) -> Iterator[Event]:
    for occupant in told.all_occupants:
        if occupant.is_a_person:
            key = _key(dedupe_key, occupant.connection_id)
            yield _join(told.room_jid, occupant, _key(key, "joined"))
            # Who is still on the way out when the room goes has no time of leaving yet.
            yield _leave(told.room_jid, occupant, occupant.left_at or told.destroyed_at, _key(key, "left"))


def _joined(body: bytes) -> Sequence[Event]:
    told = read_payload(_OccupantMoved, body)
    occupant = _followed(told)
    if occupant is None:
        return []
    dedupe_key = _key(OCCUPANT_JOINED, told.room_jid, occupant.occupant_jid, occupant.joined_at)
    return [_join(told.room_jid, occupant, dedupe_key)]


def _left(body: bytes) -> Sequence[Event]:
    told = read_payload(_OccupantMoved, body)
    occupant = _followed(told)
    if occupant is None:
        return []
    if occupant.left_at is None:
        raise WebhookMalformed("occupant.left_at: is missing")
    dedupe_key = _key(OCCUPANT_LEFT, told.room_jid, occupant.occupant_jid, occupant.joined_at, occupant.left_at)
    return [_leave(told.room_jid, occupant, occupant.left_at, dedupe_key)]


_READERS: dict[str, Callable[[bytes], Sequence[Event]]] = {
    ROOM_CREATED: _created,
    ROOM_DESTROYED: _destroyed,
    OCCUPANT_JOINED: _joined,
    OCCUPANT_LEFT: _left,
}


def _followed(told: _OccupantMoved) -> _Occupant | None:
    """Of somebody whose join the module has missed (the creator of a room, where that is not jicofo) it tells a leave
    without saying whose."""
    occupant = told.occupant
    return None if told.is_breakout or occupant is None or not occupant.is_a_person else occupant


def _join(room_jid: str, occupant: _Occupant, dedupe_key: str) -> Event:
    return ParticipantJoined(meeting_id=room_jid, at=occupant.joined_at, dedupe_key=dedupe_key, person=occupant.person)


def _leave(room_jid: str, occupant: _Occupant, at: datetime, dedupe_key: str) -> Event:
    return ParticipantLeft(meeting_id=room_jid, at=at, dedupe_key=dedupe_key, person=occupant.person)


def _seconds(moment: datetime) -> str:
    return str(int(moment.timestamp()))


def _key(*parts: str | datetime) -> str:
    """Nothing in a webhook is its id, but what it tells happens once."""
    return stable_key(" ".join(_seconds(part) if isinstance(part, datetime) else part for part in parts))
