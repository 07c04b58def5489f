"""Whereby: only who comes and goes is told, and a room that has been empty for some minutes is deleted by us."""

from __future__ import annotations

import json
from datetime import datetime

from tests.clocks import MovedClock
from tests.providers.whereby.server import SECRET, WherebyServer
from tests.providers.whereby.signing import signed
from tests.scenarios.chaos.truth import NAMES, Happening, Now, Traits, What
from tests.scenarios.chaos.vendors import Vendor, Webhook

_WORDS = {What.JOINED: "room.client.joined", What.LEFT: "room.client.left"}
IDLE_SECONDS = 300


class Whereby(Vendor):
    name = "whereby"
    makes = ("POST", "/meetings")
    # Two more attempts, soon after the first.
    traits = Traits(
        latest=45,
        empty_for=IDLE_SECONDS,
        begins_again=False,
        tells_runs=False,
        is_ended_by_people=False,
        limit_hours=4,
    )

    def __init__(self, _clock: MovedClock) -> None:
        self.whereby = WherebyServer()
        super().__init__(self.whereby)

    def settings(self) -> dict[str, str]:
        return self.whereby.settings()

    def forget(self) -> None:
        self.whereby.meetings.clear()
        self.whereby.wanted.clear()

    def meeting_of(self, _call_id: str) -> str:
        [only] = self.whereby.meetings
        return only

    def show(self, _now: Now) -> None:
        """Nobody asks."""

    def webhook(self, happening: Happening, sent_at: datetime) -> Webhook:
        client = {
            "meetingId": self.meeting,
            "participantId": happening.connection,
            "externalId": happening.who,
            "displayName": NAMES[happening.who] or None,
            "roleName": "visitor",
        }
        told = {
            "id": f"{happening.number}",
            "createdAt": self.at(happening.at).isoformat(),
            "type": _WORDS[happening.what],
            "data": client,
        }
        body = json.dumps(told).encode()
        return Webhook(body, signed(body, SECRET, sent_at))
