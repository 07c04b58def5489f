"""Webhook deliveries: what came in, once, and what became of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, and_, bindparam, func, select, update

from app.db.insert import insert_or_ignore
from app.db.models import DeliveryRow

# Built once: every webhook needs it, and building it costs ten times as much as executing it.
_SET_OUTCOME = update(DeliveryRow).where(DeliveryRow.id == bindparam("delivery_id"))


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
    account: str
    dedupe_key: str
    meeting_id: str | None
    received_at: datetime
    headers: Mapping[str, str]
    body: bytes


def store(connection: Connection, delivery: Delivery, outcome: Outcome) -> str | None:
    """Keep a delivery. Returns its id; None when it was taken in before, in which case there is nothing left to do.

    One that failed before may be taken in now: its id is returned again.
    """
    delivery_id = "d-" + secrets.token_hex(8)
    values = {
        "id": delivery_id,
        "provider": delivery.provider,
        "account": delivery.account,
        "dedupe_key": delivery.dedupe_key,
        "meeting_id": delivery.meeting_id,
        "received_at": delivery.received_at,
        "headers": dict(delivery.headers),
        "body": delivery.body,
        "outcome": outcome,
    }
    if insert_or_ignore(connection, DeliveryRow, values):
        return delivery_id
    return _failed_before(connection, delivery, outcome)


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
    statement = (
        select(DeliveryRow.id, DeliveryRow.headers, DeliveryRow.body)
        .where(DeliveryRow.provider == provider, DeliveryRow.account == account)
        .where(DeliveryRow.meeting_id == meeting_id, DeliveryRow.outcome == Outcome.UNMATCHED)
        .order_by(DeliveryRow.received_at)
    )
    return [EarlyDelivery(id=row.id, headers=row.headers, body=row.body) for row in connection.execute(statement)]


def lock_meeting(connection: Connection, provider: str, account: str, meeting_id: str) -> None:
    """Until the transaction ends nobody else decides whether this meeting is ours.

    Without it a delivery can be stored as unmatched just while the meeting becomes ours, and neither side sees the
    other. On SQLite the transaction itself is that lock.
    """
    if connection.dialect.name == "postgresql":
        key = f"{provider}/{account}/{meeting_id}"
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(key))))


def _failed_before(connection: Connection, delivery: Delivery, outcome: Outcome) -> str | None:
    same = and_(
        DeliveryRow.provider == delivery.provider,
        DeliveryRow.account == delivery.account,
        DeliveryRow.dedupe_key == delivery.dedupe_key,
        DeliveryRow.outcome == Outcome.FAILED,
    )
    known = connection.execute(select(DeliveryRow.id).where(same).with_for_update()).scalar_one_or_none()
    if known is not None:
        set_outcome(connection, known, outcome)
    return known
