"""A stand-in for LiveKit's room service: Twirp over HTTP, in protobuf, with its tokens checked."""

from __future__ import annotations

import json
from collections.abc import Callable

import jwt
from google.protobuf.message import Message
from livekit import api
from livekit.protocol.models import ParticipantInfo

from tests.providers.standin import Asked, Reply, StandIn

KEY, SECRET = "APIcurrent", "current-secret-of-the-livekit-server"
OLD_KEY, OLD_SECRET = "APIprevious", "previous-secret-of-the-livekit-server"

Participant = ParticipantInfo


class LiveKitServer(StandIn):
    """``rooms`` and ``participants`` (by room) are what it holds; tests may change them."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.rooms: dict[str, api.Room] = {}
        self.participants: dict[str, list[Participant]] = {}
        self._methods: dict[str, Callable[[bytes], Message | Reply]] = {
            "CreateRoom": self._create_room,
            "DeleteRoom": self._delete_room,
            "ListRooms": self._list_rooms,
            "ListParticipants": self._list_participants,
        }

    def settings(self) -> dict[str, str]:
        return {"LIVEKIT_URL": self.url, "LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET}

    def methods_asked(self) -> list[str]:
        return [_method(asked) for asked in self.asked]

    def _answer(self, asked: Asked) -> Reply:
        refusal = _refusal(asked)
        if refusal:
            return refusal
        answer = self._methods[_method(asked)](asked.body)
        if isinstance(answer, Reply):
            return answer
        return Reply(200, answer.SerializeToString(), {"Content-Type": "application/protobuf"})

    def _create_room(self, body: bytes) -> Message:
        wanted = api.CreateRoomRequest.FromString(body)
        made = api.Room(
            sid=f"RM_{len(self.rooms)}",
            name=wanted.name,
            empty_timeout=wanted.empty_timeout,
            departure_timeout=wanted.departure_timeout,
            metadata=wanted.metadata,
        )
        return self.rooms.setdefault(wanted.name, made)

    def _delete_room(self, body: bytes) -> Message | Reply:
        if self.rooms.pop(api.DeleteRoomRequest.FromString(body).room, None) is None:
            return twirp_error(404, "not_found", "requested room does not exist")
        return api.DeleteRoomResponse()

    def _list_rooms(self, body: bytes) -> Message:
        names = api.ListRoomsRequest.FromString(body).names
        return api.ListRoomsResponse(rooms=[room for name, room in self.rooms.items() if name in names])

    def _list_participants(self, body: bytes) -> Message:
        room = api.ListParticipantsRequest.FromString(body).room
        return api.ListParticipantsResponse(participants=self.participants.get(room, []))


def twirp_error(status: int, code: str, message: str) -> Reply:
    body = json.dumps({"code": code, "msg": message}).encode()
    return Reply(status, body, {"Content-Type": "application/json"})


def _method(asked: Asked) -> str:
    assert asked.path.startswith("/twirp/livekit.RoomService/")
    return asked.path.rpartition("/")[2]


# What a token must allow for each method: https://docs.livekit.io/home/get-started/authentication/#video-grant
_GRANTS = {
    "CreateRoom": "roomCreate",
    "DeleteRoom": "roomCreate",
    "ListRooms": "roomList",
    "ListParticipants": "roomAdmin",
}


def _refusal(asked: Asked) -> Reply | None:
    token = asked.headers.get("authorization", "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"], issuer=KEY)
    except jwt.PyJWTError:
        return Reply(401, b"invalid authorization token")
    if not claims["video"].get(_GRANTS[_method(asked)]):
        return twirp_error(401, "unauthenticated", "permissions denied")
    return None
