"""The work list: claim a call, keep it, finish with it.

A claim is a lease, and every write of its holder is fenced by the lease's token: whoever slept too long finds that
another has taken over, and saves nothing. The moments come from a clock that agrees with the database's.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Case,
    ColumnElement,
    Connection,
    Update,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from app.db.models import CALLS
from app.db.types import UtcDateTime
from app.domain.calls import CallStatus
from app.errors import LeaseLost

FIRST_RETRY = timedelta(seconds=1)
LAST_RETRY = timedelta(minutes=5)
SET_ASIDE_AFTER = 9
"""Failures in a row: by then a call's turns are four minutes apart, and soon five (``retry_delay``)."""
LOCKS = 0x53574244
"""The first half of the keys of our advisory locks; the second is the number of a process."""
LOOK_AFTER_HOLDERS = timedelta(seconds=1)
"""How often it is looked whether whoever holds a call is still alive."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that claims. With a ``number`` it holds the lock of that number for as long as it lives, and the
    others need not wait for its leases; from ``sure_at`` on it takes those whose locks are gone for dead."""

    number: int | None = None
    sure_at: datetime | None = None

    def new_token(self) -> str:
        """A lease's token begins with its holder's number: so the two are always written together, also by versions
        of the app that know of no numbers."""
        token = secrets.token_hex(8)
        return token if self.number is None else f"{self.number}-{token}"

    def is_sure(self, now: datetime) -> bool:
        return self.sure_at is not None and self.sure_at <= now


NOBODY = Holder()
"""A process without a lock, whose leases are waited for. On SQLite all are."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on one call. ``token`` is of this claim only; ``retry_at`` is the call's next turn, unless
    its holder says otherwise; ``failures`` counts the claims since one last came to its end, this one among them."""

    call_id: str
    token: str
    seconds: float
    claimed_at: datetime
    retry_at: datetime
    failures: int


def claim(connection: Connection, now: datetime, lease_seconds: float, holder: Holder = NOBODY) -> Lease | None:
    """Take the call that has been due longest; None when there is none, or when others are about to take them all."""
    token = holder.new_token()
    statement = _CLAIM_ALSO_OF_THE_DEAD if holder.is_sure(now) else _CLAIM
    given = {"now": now, "token": token, "until": now + timedelta(seconds=lease_seconds)}
    turns = {f"turn_{failures}": now + retry_delay(failures) for failures in _LADDER}
    row = connection.execute(statement, {**given, **turns}).one_or_none()
    return Lease(row.id, token, lease_seconds, now, row.reconcile_after, row.failures) if row else None


def renew(connection: Connection, lease: Lease, now: datetime, *, in_flight: str | None) -> None:
    """Hold the call for another lease, and note what is about to be sent. Raises ``LeaseLost``."""
    _write(connection, _RENEW, lease, lease_until=now + timedelta(seconds=lease.seconds), in_flight=in_flight)


def note_places(connection: Connection, lease: Lease, booked: Mapping[str, datetime]) -> None:
    """The places that the call has booked in its team's lanes, by method. Raises ``LeaseLost``."""
    _write(connection, _RENEW, lease, booked=dict(booked))


def set_deadline(connection: Connection, lease: Lease, deadline_at: datetime) -> None:
    """When time itself has something to say of the call. Raises ``LeaseLost``."""
    _write(connection, _RENEW, lease, deadline_at=deadline_at)


def finish(connection: Connection, lease: Lease, *, generation: int, status: CallStatus) -> None:
    """All that ``generation`` wanted is done; what was learned since is due at once. Raises ``LeaseLost``."""
    turn = lease.claimed_at
    _write(connection, _FINISH, lease, shown_generation=generation, reconcile_after=turn, status=status)


def postpone(
    connection: Connection, lease: Lease, *, until: datetime, news_until: datetime, generation: int, status: CallStatus
) -> None:
    """Nothing more can be done before ``until``, through nobody's fault; what was learned since ``generation`` waits
    until ``news_until`` at most. Raises ``LeaseLost``.

    A turn that was brought forward since the claim stays so.
    """
    moments = {"retry_at": lease.retry_at, "until": until, "news_until": min(until, news_until)}
    _write(connection, _POSTPONE, lease, seen=generation, status=status, **moments)


def retry_later(connection: Connection, lease: Lease, now: datetime, *, status: CallStatus) -> None:
    """Something failed: give the call back, to be tried when the claim said, and not at once, however long it was
    worked on: a request whose answer did not come may be on its way still. What is in flight stays noted.

    Raises ``LeaseLost``."""
    _write(connection, _RETRY, lease, status=status, soonest=now + FIRST_RETRY)


def void_all_leases(connection: Connection) -> None:
    """Whoever held calls is known to be dead."""
    connection.execute(_VOID_ALL)


def release(connection: Connection, lease: Lease) -> None:
    """Give the call back as it stands, to be tried when the claim said. Raises ``LeaseLost``."""
    _write(connection, _GIVE_BACK, lease)


def next_due(connection: Connection, now: datetime) -> datetime | None:
    """When to look again: the moment the next call can be claimed, ``now`` if one can be already, and soon while a
    call is held by a process that may die; None when there is nothing to wait for."""
    due: datetime | None = connection.execute(_NEXT_DUE, {"look_at": now + LOOK_AFTER_HOLDERS}).scalar_one()
    return due and max(due, now)


def retry_delay(failures: int) -> timedelta:
    """How long a call rests after so many failures in a row: doubled each time, five minutes at most."""
    return min(LAST_RETRY, FIRST_RETRY * (1 << min(failures - 1, 20)))


# The statements, built once: building one costs ten times as much as executing it.


def _moment(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=UtcDateTime())


def _later(one: ColumnElement[datetime], other: ColumnElement[datetime]) -> Case[datetime]:
    """``other`` may be NULL; the databases' own functions for this differ in name and in what they make of NULL."""
    return case((other > one, other), else_=one)


_LADDER = range(1, 11)
"""Failures in a row, until the delay grows no more."""

# Pushed ahead before anything is tried: a call that crashes the code must not come first again at once.
_PUSHED_AHEAD = case(
    *((CALLS.c.failures < failures, _moment(f"turn_{failures}")) for failures in _LADDER[:-1]),
    else_=_moment(f"turn_{_LADDER[-1]}"),
)
_IS_FREE = or_(CALLS.c.lease_until.is_(None), CALLS.c.lease_until <= _moment("now"))
_NAMES_HOLDER = CALLS.c.lease_token.contains("-")
# Only asked about calls that are held and yet due: few, because a claim pushes its call ahead.
_HOLDER_IS_DEAD = and_(
    _NAMES_HOLDER,
    func.split_part(CALLS.c.lease_token, "-", 1).not_in(
        text(
            "(SELECT objid::text FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE locktype = 'advisory' AND classid = :locks AND datname = current_database())"
        ).bindparams(locks=LOCKS)
    ),
)


def _claim_of(claimable: ColumnElement[bool]) -> ReturningUpdate[str, datetime, int]:
    due_longest = (
        select(CALLS.c.id)
        .where(CALLS.c.has_work, CALLS.c.reconcile_after <= _moment("now"))
        .where(or_(CALLS.c.generation != CALLS.c.shown_generation, CALLS.c.deadline_at <= _moment("now")))
        .where(claimable)
        .order_by(CALLS.c.reconcile_after, CALLS.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (
        update(CALLS)
        .where(CALLS.c.id == due_longest.scalar_subquery())
        .values(lease_token=bindparam("token"), lease_until=_moment("until"))
        .values(failures=CALLS.c.failures + 1, reconcile_after=_PUSHED_AHEAD)
        .returning(CALLS.c.id, CALLS.c.reconcile_after, CALLS.c.failures)
    )


_CLAIM = _claim_of(_IS_FREE)
_CLAIM_ALSO_OF_THE_DEAD = _claim_of(or_(_IS_FREE, _HOLDER_IS_DEAD))

_RENEW = update(CALLS).where(CALLS.c.id == bindparam("of_call"), CALLS.c.lease_token == bindparam("of_lease"))
_GIVE_BACK = _RENEW.values(lease_token=None, lease_until=None)
_RETRY = _GIVE_BACK.values(reconcile_after=_later(CALLS.c.reconcile_after, _moment("soonest")))
_VOID_ALL = update(CALLS).where(CALLS.c.lease_token.is_not(None)).values(lease_token=None, lease_until=None)
_IN_ORDER = _GIVE_BACK.values(failures=0)
_FINISH = _IN_ORDER.values(booked=None)
_POSTPONE = _IN_ORDER.values(
    reconcile_after=case(
        (CALLS.c.reconcile_after != _moment("retry_at"), CALLS.c.reconcile_after),
        (CALLS.c.generation != bindparam("seen"), _moment("news_until")),
        else_=_moment("until"),
    )
)

_AT_LATEST = _moment("look_at")
_FREE_AT = case(
    (and_(_NAMES_HOLDER, CALLS.c.lease_until > _AT_LATEST), _later(_AT_LATEST, CALLS.c.reconcile_after)),
    else_=_later(CALLS.c.reconcile_after, CALLS.c.lease_until),
)
_CLAIMABLE_AT = case(
    (CALLS.c.generation != CALLS.c.shown_generation, _FREE_AT), else_=_later(_FREE_AT, CALLS.c.deadline_at)
)
_NEXT_DUE = select(func.min(_CLAIMABLE_AT)).where(CALLS.c.has_work)


def _write(connection: Connection, statement: Update, lease: Lease, **values: Any) -> None:
    """Write to the call if it is still ours."""
    fence = {"of_call": lease.call_id, "of_lease": lease.token}
    if connection.execute(statement, {**fence, **values}).rowcount == 0:
        raise LeaseLost(f"call_id={lease.call_id}")
