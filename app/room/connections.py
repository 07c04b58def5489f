"""Who is in a meeting: people, and each join of each of their devices."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from app.room.errors import JsonObject
from app.room.ids import new_id, new_secret
from app.room.limits import GRACE_SECONDS, SILENCE_SECONDS
from app.room.outbox import Outbox


@dataclass(frozen=True)
class Participant:
    """A person: one name, in any tab of one browser; or whom the app has sent, by a link of their own."""

    id: str
    name: str


@dataclass(frozen=True)
class Invitation:
    """A link of one person's own. ``secret`` stands in it; ``is_host`` makes them a host."""

    participant: Participant
    is_host: bool
    secret: str

    def is_by(self, secret: bytes) -> bool:
        return hmac.compare_digest(self.secret.encode(), secret)


@dataclass
class Devices:
    """Whether sound and picture are sent."""

    audio: bool = False
    video: bool = False


@dataclass
class Connection:
    """One join of one tab. ``ticket`` is its secret; times in unix seconds.

    It is *in* from the moment its stream is open for the first time, and stays in while it gives signs of life.
    """

    participant: Participant
    devices: Devices
    heard_at: float
    has_host_key: bool = False
    id: str = field(default_factory=lambda: new_id("c"))
    ticket: str = field(default_factory=new_secret)
    outbox: Outbox = field(default_factory=Outbox)
    is_in: bool = False
    is_away: bool = False
    is_behind: bool = False
    last_signal: int = 0
    _stream: int = 0
    _stream_lost_at: float | None = None

    def open_stream(self, now: float) -> int:
        """A new stream takes the place of the one before; returns its number."""
        self._stream += 1
        self._stream_lost_at = None
        self.heard_at = now
        return self._stream

    def close_stream(self, number: int, now: float) -> None:
        """The stream is gone; an older one, replaced by now, does not count."""
        if number == self._stream:
            self._stream_lost_at = now

    def is_current(self, stream: int) -> bool:
        """Whether this stream is still the one that is to be written to."""
        return stream == self._stream

    def is_lost(self, now: float) -> bool:
        """Whether it has been without a stream, or silent, for too long, or can no longer be told what it missed."""
        if self.is_behind:
            return True
        if self._stream == 0 or self._stream_lost_at is None:
            return now - self.heard_at > SILENCE_SECONDS
        return now - self._stream_lost_at > GRACE_SECONDS

    def seems_away(self, now: float) -> bool:
        """Whether the others are to see that something is wrong with the network."""
        return self._stream_lost_at is not None or now - self.heard_at > SILENCE_SECONDS / 2

    def as_participant(self) -> JsonObject:
        """How the contract describes it."""
        return {"id": self.participant.id, "connection_id": self.id, "name": self.participant.name}
