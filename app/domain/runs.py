"""Runs of one meeting: when it has begun anew after its end, and which of its calls an event is about.

Many meetings can be used again: a link from last week, a room that comes back with its first visitor. Only what the
provider itself says decides, by its own times and ids of runs, because what it says may come late and in any order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce

from app.domain.calls import CallSnapshot, Connection, Fact, Participant
from app.domain.events import Event, MeetingEnded
from app.domain.fold import fold

STRAGGLING = timedelta(seconds=30)
"""Where nothing tells runs apart, whoever comes so shortly after the end still belongs to what has ended."""

LOOKED_AFTER = timedelta(minutes=30)
"""For so long after its end a meeting is asked whether it has begun again, in case no webhook tells."""


def may_become_a_call(over: CallSnapshot) -> bool:
    """Whether a later run of the meeting is a call again: not where a person has ended it."""
    return over.ended_at is not None and not over.is_closed and over.failure is None


def is_asked_about(over: CallSnapshot, now: datetime) -> bool:
    """Whether a meeting that is over is worth asking about once more."""
    return over.ended_at is not None and now - over.ended_at < LOOKED_AFTER


def begun_anew(known: CallSnapshot, events: Iterable[Event]) -> Fact | None:
    """When the meeting has begun again after the end of its call, and the id of that run (``""`` where runs have no
    ids); None when it has not, when nobody has come yet, or when it shall not become a call again.

    ``known`` is the call before ``events`` are folded into it. All of its people have to be there when the events tell
    that a run has ended or begun; else those whom they name will do.
    """
    told = reduce(fold, events, known)
    if not may_become_a_call(told):
        return None
    joins = [each.joined for person in told.participants.values() for each in person.connections.values()]
    later = min((joined for joined in joins if joined and _is_of_later_run(told, joined)), default=None)
    begun = later_run(told)
    return begun if begun and later and begun.at <= later.at else later


def is_of_earlier(event: Event, earlier: CallSnapshot, later: CallSnapshot) -> bool:
    """Whether ``event`` is about the run of ``earlier`` and not about that of ``later``, which began after it."""
    if event.occurrence_id is not None and later.occurrence is not None:
        is_same = event.occurrence_id == later.occurrence.value
        # A call that is over may know of a run that came after it, which is none of its own.
        its_own = None if later_run(earlier) else earlier.occurrence
        of_earlier = its_own is not None and event.occurrence_id == its_own.value
        if isinstance(event, MeetingEnded) and not is_same:
            # The end of a run before must not end this one. That of a run after it does: a meeting has one at a time.
            return of_earlier or event.at <= later.occurrence.at
        if is_same != of_earlier:
            return of_earlier
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


def later_run(told: CallSnapshot) -> Fact | None:
    """The run that has begun since the call ended, as far as that was told."""
    run = told.occurrence
    return run if run is not None and told.ended_at is not None and run.at > told.ended_at else None


def _is_of_later_run(told: CallSnapshot, joined: Fact) -> bool:
    if told.ended_at is None or joined.at <= told.ended_at:
        return False
    begun = later_run(told)
    if begun is not None and (joined.value == begun.value or (not joined.value and joined.at >= begun.at)):
        return True
    is_of_last = begun is None and told.occurrence is not None and bool(joined.value)
    if is_of_last and told.occurrence is not None and joined.value != told.occurrence.value:
        return True
    # A run cannot go on after the meeting has told its end; but an end that only we came to was a guess.
    return not (is_of_last and told.meeting_is_over) and joined.at > told.ended_at + STRAGGLING


def _later_connections(person: Participant, ended_at: datetime | None) -> Iterator[tuple[str, Connection]]:
    for connection_id, connection in person.connections.items():
        # Of whoever has left again, the join may be told only after the leave.
        moment = connection.joined.at if connection.joined else connection.left_at
        if moment is not None and ended_at is not None and moment > ended_at:
            yield connection_id, connection
