"""Daily: a room whose sessions begin with the first who comes and end a while after the last has left."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tests.clocks import MovedClock
from tests.providers.daily.server import SECRET, DailyServer
from tests.providers.daily.signing import signed
from tests.scenarios.chaos.truth import NAMES, Happening, Now, Traits, What
from tests.scenarios.chaos.vendors import Vendor, Webhook

_WORDS = {
    What.BEGAN: ("meeting.started", "met-sta"),
    What.JOINED: ("participant.joined", "ptcpt-join"),
    What.LEFT: ("participant.left", "ptcpt-left"),
    What.ENDED: ("meeting.ended", "met-end"),
}
ENDS_AFTER = 20


class Daily(Vendor):
    name = "daily"
    makes = ("POST", "/rooms")
    # A webhook is tried for a quarter of an hour.
    traits = Traits(latest=900, empty_for=ENDS_AFTER, is_ended_by_people=False, joins_tell_runs=False)

    def __init__(self, _clock: MovedClock) -> None:
        self.daily = DailyServer()
        super().__init__(self.daily)

    def settings(self) -> dict[str, str]:
        return self.daily.settings()

    def forget(self) -> None:
        self.daily.rooms.clear()
        self.daily.present.clear()
        self.daily.sessions.clear()

    def show(self, now: Now) -> None:
        self.daily.present[self.meeting] = [
            {"id": connection, "userId": who, "userName": NAMES[who] or None} for connection, who in now.open.items()
        ]
        earlier = [{"ongoing": False}] * now.run
        self.daily.sessions[self.meeting] = [{"ongoing": now.is_running}, *earlier]

    def webhook(self, happening: Happening, sent_at: datetime) -> Webhook:
        word, prefix = _WORDS[happening.what]
        told = {
            "version": "1.0.0",
            "type": word,
            "id": f"{prefix}-{happening.number}",
            "payload": self._person(happening) if happening.who else self._session(happening),
            "event_ts": float(self.unix(happening.at)),
        }
        body = json.dumps(told).encode()
        return Webhook(body, signed(body, SECRET, sent_at))

    def _session(self, happening: Happening) -> dict[str, Any]:
        """It has ended when the last one left."""
        times = {"start_ts": float(self.unix(happening.since))}
        if happening.what is What.ENDED:
            times["end_ts"] = float(self.unix(happening.at - ENDS_AFTER))
        return {"room": self.meeting, "meeting_id": f"session-{happening.run}", **times}

    def _person(self, happening: Happening) -> dict[str, Any]:
        return {
            "room": self.meeting,
            "session_id": happening.connection,
            "user_id": happening.who,
            "user_name": NAMES[happening.who] or None,
            "joined_at": float(self.unix(happening.since)),
            "permissions": {"hasPresence": True},
        }
