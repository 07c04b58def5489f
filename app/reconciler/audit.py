"""What a look at the meeting tells, as the events that webhooks would have told.

Webhooks get lost: a server dies, a network is away for longer than it repeats itself. Then a card would show people who
have gone, and a Join button for ever. So a provider that can be asked who is in a meeting is asked now and then.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.calls import CallSnapshot, Connection, Fact, Participant
from app.domain.events import Event, MeetingEnded, ParticipantJoined, ParticipantLeft, TitleChanged
from app.domain.meetings import Person, Roster
from app.domain.plain_text import one_line
from app.domain.runs import later_run, may_become_a_call

LOOK_EVERY = timedelta(minutes=5)
"""At the most; and at least after four fifths of it."""
DOUBT = timedelta(minutes=1)
"""What happened so shortly before the look is left to webhooks: they may be on their way, and clocks differ."""
SEEN = "seen"
"""The connection of somebody who is seen, and whose own connections nobody tells."""


REPAIRED: dict[type[Event], str] = {
    ParticipantJoined: "join",
    ParticipantLeft: "leave",
    TitleChanged: "title",
    MeetingEnded: "end",
}
"""What no webhook has told, in the words of the metrics."""


def next_look(call_id: str, asked_at: datetime) -> datetime:
    """When to ask again. Calls that were asked about together, as after an outage, drift apart."""
    share: float = zlib.crc32(f"{call_id} {asked_at.isoformat()}".encode()) / 2**32
    return asked_at + LOOK_EVERY * (1 - share / 5)


def told_by(roster: Roster | None, snapshot: CallSnapshot, asked_at: datetime) -> Sequence[Event]:
    """The events that bring ``snapshot`` to what was seen at ``asked_at``; None for ``roster`` ends the call."""
    if roster is None or (not roster.has_begun and _had_begun(snapshot, asked_at - DOUBT)):
        return [MeetingEnded(at=asked_at, **_of(snapshot))]
    came = _who_came if roster.knows_connections else _who_came_by_key
    return [
        *came(roster, snapshot, asked_at),
        *_who_is_gone(roster, snapshot, asked_at),
        *_title(roster, snapshot, asked_at),
    ]


def _had_begun(snapshot: CallSnapshot, doubtful_from: datetime) -> bool:
    """Whether we know of a run that began before then."""
    connections = [each for person in snapshot.participants.values() for each in person.connections.values()]
    facts = [each.joined for each in connections] + [snapshot.occurrence]
    signs = [fact.at for fact in facts if fact] + [each.left_at for each in connections if each.left_at]
    is_later_run = snapshot.reopens is not None
    return any(at < doubtful_from for at in (*signs, *([snapshot.started_at] if is_later_run else [])))


def begun_by(roster: Roster | None, over: CallSnapshot, asked_at: datetime) -> Fact | None:
    """When the meeting of a call that is over has begun again, by what was seen at ``asked_at``, and the id of that run
    (``""`` where it was not told); None when it has not, or nobody has come yet."""
    is_late_enough = over.ended_at is not None and over.ended_at < asked_at - DOUBT
    if roster is None or not is_late_enough or not may_become_a_call(over):
        return None
    # Where nobody can be seen, a meeting runs because somebody is in it.
    is_anybody_in = bool(roster.people) or not roster.is_complete
    return (later_run(over) or Fact(asked_at - DOUBT, "")) if is_anybody_in else None


def _who_came(roster: Roster, snapshot: CallSnapshot, asked_at: datetime) -> Iterator[Event]:
    for person in roster.people:
        known = snapshot.participants.get(person.key)
        connection = known.connections.get(person.connection_id) if known else None
        if connection is None or _is_gone(connection, snapshot, asked_at - DOUBT):
            yield ParticipantJoined(at=asked_at - DOUBT, person=person, **_of(snapshot))


def _is_gone(connection: Connection, snapshot: CallSnapshot, doubtful_from: datetime) -> bool:
    """For longer than a moment: else the look may be older than the leave."""
    is_doubtful = connection.left_at is not None and connection.left_at >= doubtful_from
    return not connection.is_open(snapshot.occurrence) and not is_doubtful


def _who_came_by_key(roster: Roster, snapshot: CallSnapshot, asked_at: datetime) -> Iterator[Event]:
    """Whoever is seen and not in by what was told has come by a connection that nobody has told of. No webhook will
    close it, but a look does: the next one that does not see them."""
    for person in {person.key: person for person in roster.people}.values():
        known = snapshot.participants.get(person.key)
        if known is None or not _may_be_in(known, snapshot, asked_at - DOUBT):
            seen = replace(person, connection_id=SEEN)
            yield ParticipantJoined(at=asked_at - DOUBT, person=seen, **_of(snapshot))


def _may_be_in(known: Participant, snapshot: CallSnapshot, doubtful_from: datetime) -> bool:
    """Or was until a moment ago: the look may be older than the leave."""
    leaves = [connection.left_at for connection in known.connections.values() if connection.left_at]
    return known.is_present(snapshot.occurrence) or any(left_at >= doubtful_from for left_at in leaves)


def _who_is_gone(roster: Roster, snapshot: CallSnapshot, asked_at: datetime) -> Iterator[Event]:
    if not roster.is_complete:
        return
    there = {_where(roster, person.key, person.connection_id) for person in roster.people}
    for participant in snapshot.participants.values():
        for connection_id, connection in participant.connections.items():
            is_seen = _where(roster, participant.key, connection_id) in there
            is_open = connection.is_open(snapshot.occurrence)
            if not is_seen and is_open and connection.joined is not None and connection.joined.at <= asked_at - DOUBT:
                person = Person(key=participant.key, connection_id=connection_id)
                yield ParticipantLeft(at=asked_at, person=person, **_of(snapshot))


def _title(roster: Roster, snapshot: CallSnapshot, asked_at: datetime) -> Iterator[Event]:
    """Unless another one is on its way there, or was told a moment ago."""
    known = snapshot.meeting_title
    if roster.title is None or known is None or roster.title == one_line(known.value):
        return
    if known.at < asked_at - DOUBT and snapshot.title.at <= known.at:
        yield TitleChanged(at=asked_at - DOUBT, title=roster.title, **_of(snapshot))


def _where(roster: Roster, key: str, connection_id: str) -> tuple[str, str]:
    return (key, connection_id if roster.knows_connections else SEEN)


def _of(snapshot: CallSnapshot) -> dict[str, str]:
    """Such an event is folded at once and never stored, so nothing has to find it again."""
    return {"meeting_id": snapshot.meeting.id if snapshot.meeting else "", "dedupe_key": "look"}
