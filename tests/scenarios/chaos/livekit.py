"""LiveKit: a room is there before anybody comes, and comes back with whoever has a link."""

from __future__ import annotations

import json
from datetime import datetime

from livekit import api
from livekit.protocol.models import ParticipantInfo

from app.providers.livekit.rooms import DEPARTURE_TIMEOUT_SECONDS
from tests.clocks import MovedClock
from tests.providers.livekit.server import KEY, SECRET, LiveKitServer
from tests.providers.livekit.signing import signed
from tests.scenarios.chaos.truth import NAMES, Happening, Now, Traits, What
from tests.scenarios.chaos.vendors import Vendor, Webhook

_WORDS = {
    What.BEGAN: "room_started",
    What.JOINED: "participant_joined",
    What.LEFT: "participant_left",
    What.ENDED: "room_finished",
}


class LiveKit(Vendor):
    name = "livekit"
    makes = ("POST", "/CreateRoom")
    # It gives up on a webhook after half a minute, or after four more attempts.
    traits = Traits(latest=120, empty_for=DEPARTURE_TIMEOUT_SECONDS, begins_with_people=False)

    def __init__(self, _clock: MovedClock) -> None:
        self.rooms = LiveKitServer()
        super().__init__(self.rooms)

    def settings(self) -> dict[str, str]:
        return self.rooms.settings()

    def forget(self) -> None:
        self.rooms.rooms.clear()
        self.rooms.participants.clear()

    def show(self, now: Now) -> None:
        self.rooms.rooms.clear()
        if now.is_running:
            self.rooms.rooms[self.meeting] = api.Room(name=self.meeting, sid=_room(now.run))
        active = ParticipantInfo.State.ACTIVE
        self.rooms.participants[self.meeting] = [
            ParticipantInfo(sid=connection, identity=who, name=NAMES[who], state=active)
            for connection, who in now.open.items()
        ]

    def webhook(self, happening: Happening, _sent_at: datetime) -> Webhook:
        told = {
            "event": _WORDS[happening.what],
            "id": f"EV_{happening.number}",
            "createdAt": str(self.unix(happening.at)),
            "room": {"name": self.meeting, "sid": _room(happening.run)},
        }
        if happening.who:
            told["participant"] = _participant(happening) | {"joinedAt": str(self.unix(happening.since))}
        body = json.dumps(told).encode()
        # A server signs once, for all attempts.
        return Webhook(body, signed(body, KEY, SECRET, self.at(happening.at)))


def _room(run: int) -> str:
    return f"RM_{run}"


def _participant(happening: Happening) -> dict[str, str]:
    """What is at its default is left out."""
    told = {"sid": happening.connection, "identity": happening.who, "name": NAMES[happening.who]}
    return {name: value for name, value in told.items() if value}
