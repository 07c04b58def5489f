"""Webhook deliveries: what came in, once, and what became of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.sql import Executable

from app.db.encryption import Cipher, cipher_of
from app.db.insert import insert_into
from app.db.models import DELIVERIES


class Outcome(StrEnum):
    """What became of a genuine delivery."""

    APPLIED = "applied"
    """Folded into its call."""
    UNMATCHED = "unmatched"
    """It is about a meeting that is not ours, or not yet known to be."""
    FAILED = "failed"
    """Our code could not take it in; it can be replayed after the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """``headers`` and ``body`` are without their secrets. ``dedupe_key`` is the same when it is delivered again."""

    provider: str
    account_id: str
    dedupe_key: str
    meeting_id: str | None
    received_at: datetime
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A delivery and what becomes of it."""

    delivery: Delivery
    outcome: Outcome
    call_id: str | None = None
    error: str | None = None


def store(connection: Connection, taken: Sequence[Taken]) -> dict[str, str]:
    """Keep deliveries of one provider and account, each with a dedupe key of its own. Returns the id that each got, by
    dedupe key; one that was taken in before gets none, and there is nothing left to do about it.

    One that failed before may be taken in now: its id is returned again.
    """
    cipher = cipher_of(connection.dialect)
    rows = connection.execute(_store(connection.dialect.name), [_values(each, cipher) for each in taken])
    keys = {cipher.blind(each.delivery.dedupe_key): each.delivery.dedupe_key for each in taken}
    return {keys[row.dedupe_key]: row.id for row in rows}


def _values(taken: Taken, cipher: Cipher) -> dict[str, Any]:
    delivery = taken.delivery
    return {
        "id": "d-" + secrets.token_hex(8),
        "provider": delivery.provider,
        "account": delivery.account_id,
        "dedupe_key": cipher.blind(delivery.dedupe_key),
        "meeting_id": delivery.meeting_id and cipher.blind(delivery.meeting_id),
        "received_at": delivery.received_at,
        "headers": dict(delivery.headers),
        "body": delivery.body,
        "outcome": taken.outcome,
        "call_id": taken.call_id,
        "error": taken.error,
    }


def set_outcome(
    connection: Connection, delivery_id: str, outcome: Outcome, *, call_id: str | None = None, error: str | None = None
) -> None:
    connection.execute(
        _SET_OUTCOME, {"delivery_id": delivery_id, "outcome": outcome, "call_id": call_id, "error": error}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyDelivery:
    id: str
    headers: Mapping[str, str]
    body: bytes


def unmatched(connection: Connection, provider: str, account: str, meeting_id: str) -> list[EarlyDelivery]:
    """What was told of a meeting before it was known to be ours, oldest first."""
    forms = cipher_of(connection.dialect).forms([meeting_id])
    meeting = {"provider": provider, "account": account, "meeting_ids": forms}
    rows = connection.execute(_UNMATCHED, meeting)
    return [EarlyDelivery(id=row.id, headers=row.headers, body=row.body) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDelivery:
    """A delivery as it is kept, and what became of it. ``error`` names the kind of error alone."""

    id: str
    provider: str
    account_id: str
    received_at: datetime
    outcome: Outcome
    call_id: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeDelivery(KeptDelivery):
    """``headers`` and ``body`` are without their secrets."""

    headers: Mapping[str, str]
    body: bytes


def find_delivery(connection: Connection, delivery_id: str) -> WholeDelivery | None:
    statement = select(*_KEPT, DELIVERIES.c.headers, DELIVERIES.c.body).where(DELIVERIES.c.id == delivery_id)
    row = connection.execute(statement).one_or_none()
    return WholeDelivery(**{**row._mapping, "outcome": Outcome(row.outcome)}) if row else None


def list_deliveries(
    connection: Connection,
    *,
    most: int,
    provider: str | None = None,
    outcome: Outcome | None = None,
    since: datetime | None = None,
) -> list[KeptDelivery]:
    """Those that are all of this, newest first."""
    statement = select(*_KEPT).order_by(DELIVERIES.c.received_at.desc(), DELIVERIES.c.id.desc()).limit(most)
    if provider is not None:
        statement = statement.where(DELIVERIES.c.provider == provider)
    if outcome is not None:
        statement = statement.where(DELIVERIES.c.outcome == outcome)
    if since is not None:
        statement = statement.where(DELIVERIES.c.received_at >= since)
    rows = connection.execute(statement)
    return [KeptDelivery(**{**row._mapping, "outcome": Outcome(row.outcome)}) for row in rows]


def failed_ids(connection: Connection, provider: str | None = None) -> list[str]:
    """The deliveries that our code could not take in, oldest first."""
    statement = select(DELIVERIES.c.id).where(DELIVERIES.c.outcome == Outcome.FAILED)
    if provider is not None:
        statement = statement.where(DELIVERIES.c.provider == provider)
    return list(connection.execute(statement.order_by(DELIVERIES.c.received_at, DELIVERIES.c.id)).scalars())


def save_replayed(
    connection: Connection, delivery_id: str, outcome: Outcome, *, meeting_id: str | None, call_id: str | None
) -> None:
    """What became of a delivery that was read again. One about a meeting that is not known yet is found again by it."""
    blind = meeting_id and cipher_of(connection.dialect).blind(meeting_id)
    values = {"outcome": outcome, "meeting_id": blind, "call_id": call_id, "error": None}
    connection.execute(_SET_OUTCOME, {"delivery_id": delivery_id, **values})


def lock_meeting(connection: Connection, provider: str, account: str, meeting_id: str) -> None:
    """Until the transaction ends nobody else decides whether this meeting is ours.

    Without it a delivery can be stored as unmatched just while the meeting becomes ours, and neither side sees the
    other. On SQLite the transaction itself is that lock.
    """
    if connection.dialect.name == "postgresql":
        key = f"{provider}/{account}/{meeting_id}"
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(key))))


_KEPT = (
    DELIVERIES.c.id,
    DELIVERIES.c.provider,
    DELIVERIES.c.account.label("account_id"),
    DELIVERIES.c.received_at,
    DELIVERIES.c.outcome,
    DELIVERIES.c.call_id,
    DELIVERIES.c.error,
)
_SET_OUTCOME = update(DELIVERIES).where(DELIVERIES.c.id == bindparam("delivery_id"))
_UNMATCHED = (
    select(DELIVERIES.c.id, DELIVERIES.c.headers, DELIVERIES.c.body)
    .where(DELIVERIES.c.provider == bindparam("provider"), DELIVERIES.c.account == bindparam("account"))
    .where(
        DELIVERIES.c.meeting_id.in_(bindparam("meeting_ids", expanding=True)), DELIVERIES.c.outcome == Outcome.UNMATCHED
    )
    .order_by(DELIVERIES.c.received_at, DELIVERIES.c.id)
)


@cache
def _store(dialect: str) -> Executable:
    """Insert; or take up the same delivery if it failed before; or neither, and then no row comes back."""
    statement = insert_into(dialect, DELIVERIES)
    return statement.on_conflict_do_update(
        index_elements=["provider", "account", "dedupe_key"],
        set_={name: statement.excluded[name] for name in ("outcome", "meeting_id", "call_id", "error")},
        where=DELIVERIES.c.outcome == Outcome.FAILED,
    ).returning(DELIVERIES.c.id, DELIVERIES.c.dedupe_key)
