"""Zoom: a meeting ends with its last person and can be begun again; its title can be changed on both sides."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tests.clocks import MovedClock
from tests.providers.zoom.server import WEBHOOK_SECRET, ZoomServer
from tests.providers.zoom.signing import signed
from tests.scenarios.chaos.truth import NAMES, Happening, Now, Traits, What
from tests.scenarios.chaos.vendors import Vendor, Webhook

_WORDS = {
    What.BEGAN: "meeting.started",
    What.JOINED: "meeting.participant_joined",
    What.LEFT: "meeting.participant_left",
    What.TITLED: "meeting.updated",
    What.ENDED: "meeting.ended",
}


class Zoom(Vendor):
    name = "zoom"
    makes = ("POST", "/meetings")
    # It tries again after 5, then 20, then 60 minutes.
    traits = Traits(latest=5400, empty_for=0, has_titles=True)

    def __init__(self, _clock: MovedClock) -> None:
        self.zoom = ZoomServer()
        super().__init__(self.zoom)

    def settings(self) -> dict[str, str]:
        return self.zoom.settings(REQUESTS_PER_MINUTE="600")

    def forget(self) -> None:
        self.zoom.meetings.clear()
        self.zoom.tokens = self.zoom.tokens[-1:]

    def meeting_of(self, _call_id: str) -> str:
        [only] = self.zoom.meetings
        return only

    def show(self, now: Now) -> None:
        meeting = self.zoom.the_meeting()
        if meeting.status == "waiting" and now.is_running:
            meeting.begin()
        if meeting.status == "started" and not now.is_running:
            meeting.end()
        meeting.wanted["topic"] = now.title
        meeting.rows = [_participant(who, connection) for connection, who in now.open.items()]

    def webhook(self, happening: Happening, sent_at: datetime) -> Webhook:
        at = self.unix(happening.at) * 1000
        told = {"event": _WORDS[happening.what], "event_ts": at, "payload": {"object": self._object(happening)}}
        body = json.dumps(told).encode()
        return Webhook(body, signed(body, WEBHOOK_SECRET, sent_at))

    def _object(self, happening: Happening) -> dict[str, Any]:
        """After a change, only what has changed is there."""
        if happening.what is What.TITLED:
            return {"id": int(self.meeting), "topic": happening.title}
        run: dict[str, Any] = {"id": self.meeting, "uuid": self._uuid(happening.run), "topic": "Weekly sync"}
        if happening.what is What.ENDED:
            run["end_time"] = self._time(happening.at)
        if happening.who:
            times = {"join_time": self._time(happening.since)}
            if happening.what is What.LEFT:
                times = {"leave_time": self._time(happening.at)}
            run["participant"] = _participant(happening.who, happening.connection) | times
        return run

    def _uuid(self, run: int) -> str:
        return "/" * run + f"uuid//{self.meeting}=="

    def _time(self, seconds: int) -> str:
        return f"{self.at(seconds):%Y-%m-%dT%H:%M:%SZ}"


def _participant(who: str, connection: str) -> dict[str, Any]:
    return {"user_id": connection, "id": who, "participant_uuid": f"uuid-{who}", "user_name": NAMES[who]}
