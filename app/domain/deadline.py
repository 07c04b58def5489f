"""When a call ends by time alone, at providers that cannot be asked whether it is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.domain.calls import CallSnapshot

WARNING = timedelta(minutes=10)
"""So long before its limit ends a call that people may be in, they are told."""


def deadline(snapshot: CallSnapshot, limit_seconds: float | None, idle_seconds: float | None) -> datetime | None:
    """The call's limit, counted from the last sign of life, or some time after the last one has left, whichever comes
    first; None where neither is set."""
    moments = (_after(last_sign_of_life(snapshot), limit_seconds), _after(snapshot.empty_since(), idle_seconds))
    return min((moment for moment in moments if moment is not None), default=None)


def last_sign_of_life(snapshot: CallSnapshot) -> datetime:
    """When it was last known that somebody cares: it was asked for or given a title, began, or was joined or left."""
    return max(_signs(snapshot))


def warns_of(
    snapshot: CallSnapshot, due: datetime, idle_seconds: float | None, *, sends_events: bool
) -> datetime | None:
    """When people are to be told that the call ends at ``due``; None where nobody can be in it."""
    if due == _after(snapshot.empty_since(), idle_seconds):
        return None
    # Where nothing is told of people, they may be in.
    is_anybody_in = not sends_events or any(
        person.is_present(snapshot.occurrence) for person in snapshot.participants.values()
    )
    return due - WARNING if is_anybody_in else None


def _signs(snapshot: CallSnapshot) -> Iterator[datetime]:
    yield snapshot.started_at
    yield snapshot.title.at
    if snapshot.occurrence is not None:
        yield snapshot.occurrence.at
    for person in snapshot.participants.values():
        for connection in person.connections.values():
            if connection.joined is not None:
                yield connection.joined.at
            if connection.left_at is not None:
                yield connection.left_at


def _after(moment: datetime | None, seconds: float | None) -> datetime | None:
    return None if moment is None or seconds is None else moment + timedelta(seconds=seconds)
