"""LiveKit's room service. https://docs.livekit.io/reference/server/server-apis/

Requests and answers are ``livekit-api``'s own messages, sent as its Twirp client would send them, but through our
HTTP: that client is asynchronous only (a loop and a new TLS connection for each call of a thread), hides
``Retry-After``, and sends a request again by itself when the first answer is lost.
"""

from __future__ import annotations

import json
from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from livekit import api
from livekit.protocol.models import ParticipantInfo

from app.domain.meetings import Person
from app.errors import TemporaryFailure
from app.providers.http import Answer, Http
from app.providers.livekit.tokens import KeyPair, server_token
from app.providers.livekit.webhooks import PEOPLE
from app.providers.payloads import clean_text, stable_key

Result = TypeVar("Result", bound=Message)

# An unused room is removed, which ends the call: the card must outlive the time until the first person comes.
EMPTY_TIMEOUT_SECONDS = 60 * 60
# After the last one has left: long enough to reload the page, short enough that the card is over with the meeting.
DEPARTURE_TIMEOUT_SECONDS = 30

_NOT_FOUND = frozenset({404})


class Rooms:
    """The rooms of one server."""

    def __init__(self, http: Http, pair: KeyPair) -> None:
        self._http = http
        self._pair = pair

    def check(self) -> tuple[str, ...]:
        """What is proven by asking for a room that nobody has, a sentence each."""
        answer = self._list("switchboard-check")
        return ("It answers, and accepts LIVEKIT_API_KEY and LIVEKIT_API_SECRET.", self._http.compare_clocks(answer))

    def create(self, name: str, *, title: str) -> str:
        """The name of the room, made now or found."""
        wanted = api.CreateRoomRequest(
            name=name,
            empty_timeout=EMPTY_TIMEOUT_SECONDS,
            departure_timeout=DEPARTURE_TIMEOUT_SECONDS,
            metadata=json.dumps({"title": clean_text(title)}, ensure_ascii=False),
        )
        answer = self._ask("CreateRoom", wanted, api.VideoGrants(room_create=True))
        return _read(api.Room, answer).name or name

    def delete(self, name: str) -> None:
        """Everybody is put out. A room that is gone is deleted."""
        wanted = api.DeleteRoomRequest(room=name)
        answer = self._ask("DeleteRoom", wanted, api.VideoGrants(room_create=True), expected=_NOT_FOUND)
        if answer.status not in _NOT_FOUND:
            _read(api.DeleteRoomResponse, answer)

    def people_in(self, name: str) -> tuple[Person, ...] | None:
        """Who is in; None when there is no such room. Asked in two steps: a server may answer for a room that it
        does not have with an empty list."""
        if not self._exists(name):
            return None
        wanted = api.ListParticipantsRequest(room=name)
        grants = api.VideoGrants(room_admin=True, room=name)
        answer = self._ask("ListParticipants", wanted, grants, expected=_NOT_FOUND)
        if answer.status in _NOT_FOUND:
            return None
        return tuple(_person(p) for p in _read(api.ListParticipantsResponse, answer).participants if _is_in(p))

    def _exists(self, name: str) -> bool:
        return any(room.name == name for room in _read(api.ListRoomsResponse, self._list(name)).rooms)

    def _list(self, name: str) -> Answer:
        return self._ask("ListRooms", api.ListRoomsRequest(names=[name]), api.VideoGrants(room_list=True))

    def _ask(
        self,
        method: str,
        message: Message,
        grants: api.VideoGrants,
        *,
        expected: frozenset[int] = frozenset(),
    ) -> Answer:
        """https://twitchtv.github.io/twirp/docs/spec_v7.html"""
        return self._http.request(
            "POST",
            f"/twirp/livekit.RoomService/{method}",
            authorization=f"Bearer {server_token(self._pair, grants)}",
            headers={"Content-Type": "application/protobuf"},
            content=message.SerializeToString(),
            expected=expected,
        )


def _read(kind: type[Result], answer: Answer) -> Result:
    try:
        return kind.FromString(answer.body)
    except DecodeError:
        # The server speaks protobuf; this is the page of a proxy before it.
        raise TemporaryFailure("bad_answer", "The answer is not LiveKit's.", effect_unknown=True) from None


def _is_in(participant: ParticipantInfo) -> bool:
    """Only who is ACTIVE: that is when the webhook tells of a join."""
    kind = ParticipantInfo.Kind.Name(participant.kind) if participant.kind in ParticipantInfo.Kind.values() else ""
    is_active = participant.state == ParticipantInfo.State.ACTIVE
    return is_active and kind in PEOPLE and not participant.permission.hidden


def _person(participant: ParticipantInfo) -> Person:
    return Person(
        key=stable_key(participant.identity),
        connection_id=stable_key(participant.sid),
        name=clean_text(participant.name),
    )
