"""The deliveries captured from a real LiveKit server, told again of a call of ours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from app.emulator import Emulator
from app.emulator.journal import RecordedRequest
from tests.providers.livekit.captured import MAIN_ROOM, captured
from tests.providers.livekit.server import KEY, SECRET, LiveKitServer
from tests.providers.livekit.signing import signed
from tests.running import Running

FIRST_SECOND = 1795211350
LAST_SECOND = 1795211362
DELIVERIES = len(captured(MAIN_ROOM))

ADA = {"external_id": "slack:U0AAAA001", "display_name": "Ada Lovelace"}
GRACE = {"external_id": "slack:U0BBBB002", "display_name": "Grace “Ümlaut” Hopper 🎥"}
GUEST = {"external_id": "guest-9f", "display_name": "Guest"}


class Told:
    """The captured history of one room, moved to another room and to another time."""

    def __init__(self, app: Running, room: str, began: datetime) -> None:
        self._app = app
        shift = int(began.timestamp()) - FIRST_SECOND
        self._bodies = [_moved(one.body, room, shift) for one in captured(MAIN_ROOM)]

    def deliver(self, number: int) -> int:
        """Send one delivery, signed now; returns the status code of the answer."""
        body = self._bodies[number]
        headers = signed(body, KEY, SECRET, self._app.clock.now())
        return self._app.http.post("/webhooks/livekit", content=body, headers=headers).status_code

    def deliver_all(self, order: Sequence[int]) -> None:
        assert {self.deliver(number) for number in order} == {200}


def start_call(app: Running, livekit: LiveKitServer, title: str = "Weekly sync") -> str:
    """Start a call by command and return the name of its room."""
    known = set(livekit.rooms)
    app.slack.slash("/ring", title)
    app.reconcile()
    [room] = set(livekit.rooms) - known
    return room


def people(users: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """A card's users in an order that does not depend on when they came."""
    return sorted(({k: v for k, v in user.items() if v} for user in users), key=lambda user: user["external_id"])


def changes(slack: Emulator) -> list[RecordedRequest]:
    """What Slack was told about who comes and goes."""
    return [request for request in slack.requests() if request.method.startswith("calls.participants.")]


def _moved(body: bytes, room: str, shift: int) -> bytes:
    moved = re.sub(rb'"(17952113\d\d)"', lambda m: b'"%d"' % (int(m[1]) + shift), body)
    # Event ids are of one server's life, and this history is lived many times.
    return moved.replace(MAIN_ROOM.encode(), room.encode()).replace(b'"id":"EV_', b'"id":"EV_' + room.encode() + b"_")
