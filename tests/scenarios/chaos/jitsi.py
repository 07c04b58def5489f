"""Jitsi Meet: a room begins with the first who comes and ends with the last; a look tells only whether it is there."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from tests.clocks import MovedClock
from tests.providers.jitsi.server import MUC, TOKEN, JitsiServer
from tests.scenarios.chaos.truth import NAMES, Happening, Now, Traits, What
from tests.scenarios.chaos.vendors import Vendor, Webhook

_WORDS = {
    What.BEGAN: ("muc-room-created", "/events/room/created"),
    What.JOINED: ("muc-occupant-joined", "/events/occupant/joined"),
    What.LEFT: ("muc-occupant-left", "/events/occupant/left"),
    What.ENDED: ("muc-room-destroyed", "/events/room/destroyed"),
}


class Jitsi(Vendor):
    name = "jitsi"
    makes = ("", "nothing is made")
    # Three more attempts, a second apart, each with twenty seconds for its answer.
    traits = Traits(latest=60, empty_for=0, joins_tell_runs=False, sees_people=False, vanishes=True)

    def __init__(self, clock: MovedClock) -> None:
        self.jitsi = JitsiServer(clock)
        super().__init__(self.jitsi)

    def settings(self) -> dict[str, str]:
        return {**self.jitsi.settings(), "JITSI_SIZE_URL": self.jitsi.url}

    def forget(self) -> None:
        self.jitsi.rooms.clear()

    def meeting_of(self, call_id: str) -> str:
        return f"{call_id}@{MUC}"

    def show(self, now: Now) -> None:
        self.jitsi.rooms = {self.meeting} if now.is_running else set()

    def webhook(self, happening: Happening, _sent_at: datetime) -> Webhook:
        word, path = _WORDS[happening.what]
        told: dict[str, Any] = {"event_name": word, "room_jid": self.meeting, "is_breakout": False}
        if happening.who:
            told["occupant"] = self._occupant(happening)
        else:
            told["created_at"] = self.unix(happening.since)
        if happening.what is What.ENDED:
            told["destroyed_at"] = self.unix(happening.at)
            # Lua has one type for lists and objects.
            told["all_occupants"] = [self._occupant(one) for one in happening.left] or {}
        return Webhook(json.dumps(told).encode(), {"Authorization": f"Bearer {TOKEN}"}, path)

    def _occupant(self, happening: Happening) -> dict[str, Any]:
        told = {
            "id": happening.who,
            "name": NAMES[happening.who] or None,
            "occupant_jid": f"{happening.connection}@meet.jitsi/web",
            "joined_at": self.unix(happening.since),
        }
        return told | ({"left_at": self.unix(happening.at)} if happening.what is What.LEFT else {})
