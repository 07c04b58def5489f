"""What happened in a meeting, in our words, past tense. Every provider's webhooks become these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.meetings import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingEvent:
    """``at`` is the provider's time of happening; it orders events, arrival does not.

    ``dedupe_key`` is the same when the provider delivers the event again. ``occurrence_id`` tells the runs of one
    meeting apart; None where the provider has no such id.
    """

    meeting_id: str
    at: datetime
    dedupe_key: str
    occurrence_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingStarted(MeetingEvent):
    """A run of the meeting began; at some providers before anybody is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantJoined(MeetingEvent):
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantLeft(MeetingEvent):
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleChanged(MeetingEvent):
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingEnded(MeetingEvent):
    """The run of the meeting is over for everybody."""


Event = MeetingStarted | ParticipantJoined | ParticipantLeft | TitleChanged | MeetingEnded
