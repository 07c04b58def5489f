"""How one meeting is called in links, in XMPP addresses, and in the questions to Prosody's modules."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clock import Clock

# Prosody writes a tenant's room as [tenant]room@conference.example.com.
_JID = re.compile(r"(?:\[(?P<tenant>[^\]]*)\])?(?P<name>[^@]*)")

# A room begins with its first person, so one that nobody has come to yet looks like one that is over.
NOBODY_CAME_AFTER = timedelta(hours=1)
MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Room:
    """A room, and the tenant that it belongs to where the server has tenants."""

    name: str
    tenant: str = ""

    @classmethod
    def of(cls, jid: str) -> Room:
        """The room whose address ``jid`` is."""
        found = _JID.match(jid)
        return cls(found["name"], found["tenant"] or "") if found else cls(jid)

    def jid(self, muc_domain: str) -> str:
        """Its address, as events give it: ``room_jid``."""
        return f"[{self.tenant}]{self.name}@{muc_domain}" if self.tenant else f"{self.name}@{muc_domain}"

    @property
    def path(self) -> str:
        """Where the web app has it."""
        return f"/{self.tenant}/{self.name}" if self.tenant else f"/{self.name}"


class Sightings:
    """What a missing room means. It is over when we have seen it running, or have ended it, or when it has been missing
    for an hour. What another process has seen is not known here; its rooms are over an hour later."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._over_from: OrderedDict[str, datetime] = OrderedDict()
        self._lock = threading.Lock()

    def has_run(self, jid: str) -> None:
        with self._lock:
            self._remember(jid, self._clock.now())

    def is_over(self, jid: str) -> bool:
        """Whether the room, which is missing now, is over."""
        now = self._clock.now()
        with self._lock:
            return now >= self._remember(jid, self._over_from.get(jid, now + NOBODY_CAME_AFTER))

    def _remember(self, jid: str, over_from: datetime) -> datetime:
        self._over_from[jid] = over_from
        self._over_from.move_to_end(jid)
        if len(self._over_from) > MOST_REMEMBERED:
            self._over_from.popitem(last=False)
        return over_from
