"""Jitsi as a Service: as Jitsi Meet, with ids of runs; it cannot be asked whether a meeting runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.clocks import MovedClock
from tests.providers.jaas.server import Eight
from tests.providers.jaas.told import APP_ID, signed, told
from tests.scenarios.chaos.truth import NAMES, Happening, Now, Traits, What
from tests.scenarios.chaos.vendors import Vendor, Webhook

_WORDS = {
    What.BEGAN: "ROOM_CREATED",
    What.JOINED: "PARTICIPANT_JOINED",
    What.LEFT: "PARTICIPANT_LEFT",
    What.ENDED: "ROOM_DESTROYED",
}


class JaaS(Vendor):
    name = "jaas"
    makes = ("", "nothing is made")
    traits = Traits(latest=700, empty_for=0, limit_hours=12)

    def __init__(self, clock: MovedClock) -> None:
        self.eight = Eight(clock)
        super().__init__(self.eight)

    def settings(self) -> dict[str, str]:
        return self.eight.settings()

    def forget(self) -> None:
        """It holds nothing."""

    def meeting_of(self, call_id: str) -> str:
        return f"{APP_ID}/{call_id}"

    def show(self, _now: Now) -> None:
        """Nobody asks."""

    def webhook(self, happening: Happening, sent_at: datetime) -> Webhook:
        ids = {"fqn": self.meeting, "sessionId": f"session-{happening.run}", "idempotencyKey": f"{happening.number}"}
        person = _person(happening) if happening.who else None
        body = told(_WORDS[happening.what], self.at(happening.at), person, **ids)
        return Webhook(body, signed(body, sent_at))


def _person(happening: Happening) -> dict[str, Any]:
    name, jid = NAMES[happening.who], f"{happening.connection}@8x8.vc"
    return {"id": happening.who, "name": name, "participantJid": jid, "isBreakout": False}
