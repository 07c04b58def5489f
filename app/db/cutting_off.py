"""Calls of a workspace that the app was taken out of: they are over, and Slack is told nothing more of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, case, func, or_, select, union, update

from app.db.calls import IS_RUNNING
from app.db.models import CALLS
from app.db.workspace_models import ACCOUNTS


def teams_of(connection: Connection, enterprise_id: str) -> set[str]:
    """The teams of an organisation that have called anybody lately, or have an account at a provider."""
    calling = select(CALLS.c.team_id).where(CALLS.c.enterprise_id == enterprise_id)
    having = select(ACCOUNTS.c.team_id).where(ACCOUNTS.c.enterprise_id == enterprise_id)
    return set(connection.execute(union(calling, having)).scalars())


def is_used_since(connection: Connection, team_id: str, at: datetime) -> bool:
    """Whether somebody in the team has called or set something up since: the app is in there again."""
    calling = select(CALLS.c.id).where(CALLS.c.team_id == team_id, CALLS.c.started_at > at)
    having = select(ACCOUNTS.c.id).where(ACCOUNTS.c.team_id == team_id, ACCOUNTS.c.created_at > at)
    return connection.execute(union(calling, having).limit(1)).one_or_none() is not None


def cut_off(connection: Connection, team_ids: Sequence[str], started_by: datetime, now: datetime) -> int:
    """End the calls of these teams that had started by then, and let those that are over already rest. Returns how
    many. Workers take them up once more, to end their meetings."""
    at_work = or_(IS_RUNNING, CALLS.c.generation != CALLS.c.shown_generation)
    chosen = (
        select(CALLS.c.id)
        .where(CALLS.c.team_id.in_(team_ids), CALLS.c.started_at <= started_by, CALLS.c.is_cut_off.is_(False), at_work)
        # The order in which webhooks lock calls as well, so that nobody waits in a circle.
        .order_by(CALLS.c.started_at.desc(), CALLS.c.id)
        .with_for_update()
    )
    ids = list(connection.execute(chosen).scalars())
    values = {
        "is_cut_off": True,
        "is_closed": True,
        "ended_at": case((CALLS.c.failure.is_(None), func.coalesce(CALLS.c.ended_at, now)), else_=CALLS.c.ended_at),
        # A secret that nobody needs any more.
        "response_url": None,
        "generation": CALLS.c.generation + 1,
        "reconcile_after": now,
        "failures": 0,
    }
    if ids:
        connection.execute(update(CALLS).where(CALLS.c.id.in_(ids)).values(values))
    return len(ids)
