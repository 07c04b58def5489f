"""How things stand, in numbers for whoever watches the app."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from app.db.models import CALLS, LANES
from app.db.work import SET_ASIDE_AFTER

IS_SET_ASIDE = and_(CALLS.c.has_work, CALLS.c.failures >= SET_ASIDE_AFTER)


@dataclass(frozen=True, slots=True)
class Gauges:
    """``running`` is by provider. ``lag_seconds`` is for how long the call that has been due longest has waited.
    ``set_aside`` counts calls that have failed so often that they are tried every few minutes only."""

    running: dict[str, int]
    lag_seconds: float
    parked_lanes: int
    set_aside: int


def read_gauges(connection: Connection, now: datetime) -> Gauges:
    """All from indexes and small tables: this is asked every few seconds."""
    running = (
        select(CALLS.c.provider, func.count().label("calls"))
        .where(CALLS.c.has_work, CALLS.c.ended_at.is_(None), CALLS.c.failure.is_(None))
        .group_by(CALLS.c.provider)
    )
    due = select(func.min(CALLS.c.reconcile_after)).where(
        CALLS.c.has_work, CALLS.c.generation != CALLS.c.shown_generation
    )
    parked = select(func.count()).select_from(LANES).where(LANES.c.parked_until > now)
    due_at: datetime | None = connection.execute(due).scalar_one()
    return Gauges(
        running={row.provider: row.calls for row in connection.execute(running)},
        lag_seconds=max(0.0, (now - due_at).total_seconds()) if due_at else 0.0,
        parked_lanes=connection.execute(parked).scalar_one(),
        set_aside=count_set_aside(connection),
    )


def count_set_aside(connection: Connection) -> int:
    return connection.execute(select(func.count()).where(IS_SET_ASIDE)).scalar_one()
