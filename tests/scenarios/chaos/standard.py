"""A provider of our own contract, with connections, runs and titles."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.clocks import MovedClock
from tests.providers.standard.reference_server import SECRET, ReferenceServer, webhook
from tests.providers.standard.signing import signed
from tests.scenarios.chaos.truth import NAMES, Happening, Now, Traits, What
from tests.scenarios.chaos.vendors import Vendor, Webhook

_WORDS = {
    What.BEGAN: "meeting.started",
    What.JOINED: "participant.joined",
    What.LEFT: "participant.left",
    What.TITLED: "meeting.title_changed",
    What.ENDED: "meeting.ended",
}


class Standard(Vendor):
    name = "standard"
    makes = ("POST", "/meetings")
    traits = Traits(latest=3600, empty_for=None, has_titles=True)

    def __init__(self, _clock: MovedClock) -> None:
        self.meetings = ReferenceServer()
        super().__init__(self.meetings)

    def settings(self) -> dict[str, str]:
        return self.meetings.settings()

    def forget(self) -> None:
        self.meetings.meetings.clear()

    def meeting_of(self, _call_id: str) -> str:
        [only] = self.meetings.meetings
        return only

    def show(self, now: Now) -> None:
        held = self.meetings.meetings[self.meeting]
        held.state = "running" if now.is_running else "ended" if now.has_ended else "waiting"
        held.title = now.title
        held.participants = [_participant(who, connection) for connection, who in now.open.items()]

    def webhook(self, happening: Happening, sent_at: datetime) -> Webhook:
        data: dict[str, Any] = {"occurrence_id": f"run-{happening.run}"}
        if happening.who:
            data["participant"] = _participant(happening.who, happening.connection)
        if happening.title:
            data["title"] = happening.title
        body = webhook(_WORDS[happening.what], self.at(happening.at), self.meeting, **data)
        return Webhook(body, signed(body, SECRET, sent_at, message_id=f"msg_{happening.number}"))


def _participant(who: str, connection: str) -> dict[str, str]:
    told = {"id": who, "connection_id": connection, "name": NAMES[who]}
    return {name: value for name, value in told.items() if value}
