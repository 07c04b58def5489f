"""All meetings, in memory: a restart forgets them, and whoever asks is told so with 404."""

from __future__ import annotations

import threading
from collections.abc import Callable

from app.room.errors import Refused
from app.room.limits import MOST_MEETINGS
from app.room.meeting import Meeting, Tell


class Meetings:
    """Everything that changes a meeting holds ``lock``. ``now`` returns unix seconds."""

    def __init__(self, now: Callable[[], float], tell: Tell) -> None:
        self.lock = threading.RLock()
        self.now = now
        self._tell = tell
        self._by_id: dict[str, Meeting] = {}
        self._by_key: dict[str, Meeting] = {}

    def create(self, key: str, title: str) -> tuple[Meeting, bool]:
        """The meeting of this key, and whether it is new. Raises ``Refused`` when there are too many."""
        with self.lock:
            if key in self._by_key:
                return self._by_key[key], False
            self._make_room()
            meeting = Meeting(title, self.now(), self._tell)
            self._by_key[key] = self._by_id[meeting.id] = meeting
            return meeting, True

    def get(self, meeting_id: str) -> Meeting:
        """Raises ``Refused`` with 404 when there is none of this id."""
        meeting = self._by_id.get(meeting_id)
        if meeting is None:
            raise Refused(404, "There is no such call.")
        return meeting

    def sweep(self) -> None:
        """Let time do its work on all of them; call it about every second."""
        with self.lock:
            now = self.now()
            for key, meeting in [*self._by_key.items()]:
                meeting.sweep(now)
                if meeting.is_forgettable(now):
                    self._forget(key)

    def close(self) -> None:
        """Let go of all browsers."""
        with self.lock:
            for meeting in self._by_id.values():
                meeting.close_outboxes()

    def _make_room(self) -> None:
        """Those that have ended make way, the oldest first."""
        ended = [key for key, meeting in self._by_key.items() if meeting.state == "ended"]
        for key in ended[: max(0, len(self._by_key) - MOST_MEETINGS + 1)]:
            self._forget(key)
        if len(self._by_key) >= MOST_MEETINGS:
            raise Refused(409, f"No more than {MOST_MEETINGS} meetings at a time.")

    def _forget(self, key: str) -> None:
        del self._by_id[self._by_key.pop(key).id]
