"""``fold(snapshot, event)``: an event into what is known. Doing it twice, or in another order, gives the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.calls import (
    CallSnapshot,
    Confidence,
    Connection,
    Fact,
    Participant,
    SlackIdentity,
    newest,
    surest,
)
from app.domain.events import (
    Event,
    MeetingEnded,
    MeetingEvent,
    MeetingStarted,
    ParticipantJoined,
    ParticipantLeft,
    TitleChanged,
)


def fold(snapshot: CallSnapshot, event: Event) -> CallSnapshot:
    """What is known after ``event``. Only the participant the event names is read or changed, so a snapshot that
    holds no other participant will do."""
    match event:
        case MeetingStarted():
            return _begin_run(snapshot, event)
        case ParticipantJoined() | ParticipantLeft():
            return _move_person(snapshot, event)
        case TitleChanged():
            return _retitle(snapshot, Fact(event.at, event.title))
        case MeetingEnded():
            return replace(end(_end_run(snapshot, event), event.at), meeting_is_over=True)


def recognise(snapshot: CallSnapshot, key: str, identity: SlackIdentity) -> CallSnapshot:
    """The participant ``key``, who may not have come yet, is somebody in Slack."""
    known = snapshot.participants.get(key) or Participant(key=key)
    recognised = replace(known, slack=surest(known.slack, identity))
    return replace(snapshot, participants={**snapshot.participants, key: recognised})


def end(snapshot: CallSnapshot, at: datetime) -> CallSnapshot:
    """The call is over since ``at``; of several ends the earliest counts."""
    return replace(snapshot, ended_at=at if snapshot.ended_at is None else min(snapshot.ended_at, at))


def _retitle(snapshot: CallSnapshot, told: Fact) -> CallSnapshot:
    known = snapshot.meeting_title
    if known is not None and told.value == known.value and snapshot.title.at > known.at:
        # What we gave the provider comes back late, by its clock, while a newer title is on its way there.
        return snapshot
    return replace(snapshot, title=max(snapshot.title, told), meeting_title=newest(snapshot.meeting_title, told))


def _begin_run(snapshot: CallSnapshot, event: MeetingEvent) -> CallSnapshot:
    if event.occurrence_id is None:
        return snapshot
    return replace(snapshot, occurrence=newest(snapshot.occurrence, Fact(event.at, event.occurrence_id)))


def _end_run(snapshot: CallSnapshot, event: MeetingEnded) -> CallSnapshot:
    """The end tells which run it was, also where the beginning was not told."""
    if snapshot.ended_at is not None and event.at > snapshot.ended_at:
        return snapshot
    # The next run may begin in this very moment.
    return _begin_run(snapshot, replace(event, at=event.at - timedelta(microseconds=1)))


def _move_person(snapshot: CallSnapshot, event: ParticipantJoined | ParticipantLeft) -> CallSnapshot:
    key = event.person.key
    known = snapshot.participants.get(key) or Participant(key=key)
    return replace(snapshot, participants={**snapshot.participants, key: _fold_person(known, event)})


def _fold_person(known: Participant, event: ParticipantJoined | ParticipantLeft) -> Participant:
    person = event.person
    connection = known.connections.get(person.connection_id) or Connection()
    joined_at = event.at if isinstance(event, ParticipantJoined) else None
    return replace(
        known,
        name=newest(known.name, _told(event.at, person.name)),
        email=newest(known.email, _told(event.at, person.email)),
        avatar_url=newest(known.avatar_url, _told(event.at, person.avatar_url)),
        slack=surest(known.slack, _vouched(event.at, person.slack_id)),
        first_joined_at=_earlier(known.first_joined_at, joined_at),
        connections={**known.connections, person.connection_id: _fold_connection(connection, event)},
    )


def _fold_connection(known: Connection, event: ParticipantJoined | ParticipantLeft) -> Connection:
    if isinstance(event, ParticipantLeft):
        return replace(known, left_at=_later(known.left_at, event.at))
    return replace(known, joined=newest(known.joined, Fact(event.at, event.occurrence_id or "")))


def _told(at: datetime, value: str | None) -> Fact | None:
    """A provider that leaves a field out says nothing about it; it does not say that it is empty."""
    return Fact(at, value) if value else None


def _vouched(at: datetime, slack_id: str | None) -> SlackIdentity | None:
    return SlackIdentity(Confidence.VOUCHED, at, slack_id) if slack_id else None


def _earlier(known: datetime | None, told: datetime | None) -> datetime | None:
    if known is None or told is None:
        return known or told
    return min(known, told)


def _later(known: datetime | None, told: datetime) -> datetime:
    return told if known is None else max(known, told)
