"""The work list: claim a call, keep it, finish with it.

A claim is a lease, and every write of its holder is fenced by the lease's token: whoever slept too long finds that
another has taken over, and saves nothing. The moments come from a clock that agrees with the database's.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from app.db.models import CallRow
from app.domain.calls import CallStatus
from app.errors import LeaseLost

FIRST_RETRY = timedelta(seconds=1)
LAST_RETRY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one call. ``token`` is of this claim only."""

    call_id: str
    token: str
    seconds: float


def claim(connection: Connection, now: datetime, lease_seconds: float) -> Lease | None:
    """Take the call that has been due longest; None when there is none, or when others are about to take them all."""
    token = secrets.token_hex(8)
    due = (
        select(CallRow.id)
        .where(_due(now), CallRow.reconcile_after <= now, _free(now))
        .order_by(CallRow.reconcile_after, CallRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(CallRow)
        .where(CallRow.id == due)
        .values(lease_token=token, lease_until=now + timedelta(seconds=lease_seconds), failures=CallRow.failures + 1)
        .returning(CallRow.id, CallRow.failures)
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    # Pushed ahead before anything is tried: a call that crashes the code must not come first again at once.
    _set(connection, CallRow.id == row.id, reconcile_after=now + retry_delay(row.failures))
    return Lease(row.id, token, lease_seconds)


def renew(connection: Connection, lease: Lease, now: datetime, *, in_flight: str | None) -> None:
    """Hold the call for another lease, and note what is about to be sent. Raises ``LeaseLost``."""
    _fenced(connection, lease, lease_until=now + timedelta(seconds=lease.seconds), in_flight=in_flight)


def finish(connection: Connection, lease: Lease, *, generation: int, status: CallStatus) -> None:
    """All that ``generation`` wanted is done. Raises ``LeaseLost``."""
    _fenced(connection, lease, shown_generation=generation, status=status, **_RELEASED, failures=0)


def postpone(connection: Connection, lease: Lease, *, until: datetime, status: CallStatus) -> None:
    """Nothing more can be done before ``until``, through nobody's fault. Raises ``LeaseLost``."""
    _fenced(connection, lease, reconcile_after=until, status=status, **_RELEASED, failures=0)


def retry_later(connection: Connection, lease: Lease, *, status: CallStatus) -> None:
    """Something failed: give the call back, to be tried when the claim said. What is in flight stays noted.

    Raises ``LeaseLost``."""
    _fenced(connection, lease, status=status, **_RELEASED)


def next_due(connection: Connection, now: datetime) -> datetime | None:
    """When the next call can be claimed; None when there is nothing to wait for."""
    ahead = [
        func.min(moment).filter(moment > now).label(name)
        for name, moment in (("turn", CallRow.reconcile_after), ("lease", CallRow.lease_until))
    ]
    waiting = connection.execute(select(*ahead).where(CallRow.generation != CallRow.shown_generation)).one()
    deadline = connection.execute(
        select(func.min(CallRow.deadline_at)).where(CallRow.deadline_at > now, CallRow.ended_at.is_(None))
    ).scalar()
    return min((moment for moment in (*waiting, deadline) if moment is not None), default=None)


def retry_delay(failures: int) -> timedelta:
    """How long a call rests after so many failures in a row: doubled each time, five minutes at most."""
    return min(LAST_RETRY, FIRST_RETRY * (1 << min(failures - 1, 20)))


_RELEASED: dict[str, Any] = {"lease_token": None, "lease_until": None}


def _due(now: datetime) -> ColumnElement[bool]:
    past_deadline = and_(CallRow.deadline_at <= now, CallRow.ended_at.is_(None), CallRow.failure.is_(None))
    return or_(CallRow.generation != CallRow.shown_generation, past_deadline)


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(CallRow.lease_until.is_(None), CallRow.lease_until <= now)


def _fenced(connection: Connection, lease: Lease, **values: Any) -> None:
    condition = and_(CallRow.id == lease.call_id, CallRow.lease_token == lease.token)
    if _set(connection, condition, **values) == 0:
        raise LeaseLost(f"call_id={lease.call_id}")


def _set(connection: Connection, condition: ColumnElement[bool], **values: Any) -> int:
    return connection.execute(update(CallRow).where(condition).values(values)).rowcount
