"""Runs of one meeting: when it has begun anew after its end, and which of its calls an event is about.

Many meetings can be used again: a link from last week, a room that comes back with its first visitor. Only what the
provider itself says decides, by its own times and ids of runs, because what it says may come late and in any order. A
run that nobody comes to is none: some providers make a room, and remove it, without anybody in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce

from app.domain.calls import CallSnapshot, Connection, Fact, Participant
from app.domain.events import Event, MeetingEnded, ParticipantJoined
from app.domain.fold import fold

STRAGGLING = timedelta(seconds=30)
"""Where nothing tells runs apart, whoever comes so shortly after the end still belongs to what has ended."""


def begun_anew(known: CallSnapshot, events: Iterable[Event]) -> Fact | None:
    """When somebody has come to the meeting again after the end of its call, and the id of that run (``""`` where runs
    have no ids); None when nobody has, or when it shall not become a call again.

    ``known`` is the call before ``events`` are folded into it. A call that these events end is judged by what is known
    of its people, so all of them have to be there.
    """
    told = list(events)
    ended = reduce(fold, (event for event in told if isinstance(event, MeetingEnded)), known)
    if ended.ended_at is None or ended.is_closed or ended.failure is not None:
        return None
    joins = [Fact(each.at, each.occurrence_id or "") for each in told if isinstance(each, ParticipantJoined)]
    begins = [joined for joined in joins if _is_later_join(ended, joined)]
    if known.ended_at != ended.ended_at:
        begins += _known_before(ended)
    return min(begins, default=None)


def is_of_earlier(event: Event, earlier: CallSnapshot, later: CallSnapshot) -> bool:
    """Whether ``event`` is about the run of ``earlier`` and not about that of ``later``, which began after it."""
    ids = (_own_run(earlier), later.occurrence and later.occurrence.value)
    if event.occurrence_id is not None and event.occurrence_id in ids and ids[0] != ids[1]:
        return event.occurrence_id == ids[0]
    return earlier.ended_at is not None and event.at <= earlier.ended_at


def people_of_later_run(ended: CallSnapshot) -> dict[str, Participant]:
    """Whom the next call has to know already: those who came after the end, and who is somebody in Slack."""
    people = {}
    for key, person in ended.participants.items():
        later = dict(_later_connections(person, ended.ended_at))
        if later or person.slack:
            came_at = min((each.joined.at for each in later.values() if each.joined), default=None)
            people[key] = replace(person, connections=later, first_joined_at=came_at)
    return people


def later_run(ended: CallSnapshot) -> Fact | None:
    """The run that has begun since the call ended, as far as that was told."""
    known = ended.occurrence
    return known if known is not None and ended.ended_at is not None and known.at > ended.ended_at else None


def _own_run(call: CallSnapshot) -> str | None:
    """The id of the run that the call is about."""
    return call.occurrence.value if call.occurrence is not None and later_run(call) is None else None


def _is_later_join(ended: CallSnapshot, joined: Fact) -> bool:
    if ended.ended_at is None or joined.at <= ended.ended_at:
        return False
    own, later = _own_run(ended), later_run(ended)
    if joined.value and ((own and joined.value != own) or (later and joined.value == later.value)):
        return True
    # The same run cannot go on after the meeting has told its end; but an end that only we came to was a guess.
    is_told = ended.meeting_is_over and bool(joined.value) and joined.value == own
    return not is_told and joined.at > ended.ended_at + STRAGGLING


def _known_before(ended: CallSnapshot) -> Iterator[Fact]:
    """Who was known to have come to a later run before the end was told."""
    for person in ended.participants.values():
        for connection in person.connections.values():
            if connection.joined is not None and _is_later_join(ended, connection.joined):
                yield connection.joined


def _later_connections(person: Participant, ended_at: datetime | None) -> Iterator[tuple[str, Connection]]:
    for connection_id, connection in person.connections.items():
        if connection.joined is not None and ended_at is not None and connection.joined.at > ended_at:
            yield connection_id, connection
