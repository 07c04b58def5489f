"""Somebody in a meeting, as webhooks and the dashboard both tell it.

https://developers.zoom.us/docs/api/meetings/events/#tag/meeting/POSTmeeting.participant_joined
"""

from __future__ import annotations

import re

from app.domain.meetings import Person
from app.providers.payloads import Key, Name, Payload, stable_key

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


class Participant(Payload):
    """``user_id`` is of one join, and another one after each move to a breakout room and back. The other ids are left
    out or empty where Zoom has none: ``id`` is of a Zoom user of this account who has signed in, ``registrant_id`` of
    whoever came by a link of their own, and ``participant_uuid`` of somebody for as long as the meeting runs."""

    user_id: Key
    registrant_id: str | None = None
    id: str | None = None
    participant_uuid: str | None = None
    user_name: Name = None
    email: Name = None

    @property
    def person(self) -> Person:
        # The link comes first: it is what we have given to somebody, whoever they are at Zoom.
        stable = self.registrant_id or self.id or self.participant_uuid or self.user_id
        return Person(
            key=stable_key(stable),
            connection_id=self.user_id,
            name=self.user_name,
            email=self._proven_email,
        )

    @property
    def _proven_email(self) -> str | None:
        """Of somebody who has signed in. Whoever registers can type in any address."""
        has_signed_in = bool(self.id) and not self.registrant_id
        return self.email if has_signed_in and self.email and _EMAIL.fullmatch(self.email) else None
