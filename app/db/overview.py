"""Calls as an operator looks at them: many of them, and one with its place in the work list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from app.db import calls
from app.db.calls import IS_RUNNING, StoredCall
from app.db.deliveries import Outcome
from app.db.gauges import IS_SET_ASIDE
from app.db.installation_models import INSTALLATIONS
from app.db.models import CALLS, DELIVERIES, LANES
from app.db.workspace_models import ACCOUNTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a worker takes the call up: at ``reconcile_after`` at the earliest, if there is work. ``lease_until`` is of
    the worker that has it, or had it last and has not given it back."""

    has_work: bool
    reconcile_after: datetime
    lease_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneState:
    """``unused_from`` is when the lane will be as good as unused; until ``parked_until`` nobody uses it."""

    unused_from: datetime
    parked_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledToken:
    """The bot's token in a workspace or, with the id of an organisation, in all of its."""

    id: str
    bot: str = field(repr=False)


def list_calls(
    connection: Connection, *, most: int, running: bool = False, set_aside: bool = False, team_id: str | None = None
) -> list[StoredCall]:
    """Calls, without their participants, newest first."""
    wanted = [(running, IS_RUNNING), (set_aside, IS_SET_ASIDE), (team_id is not None, CALLS.c.team_id == team_id)]
    return calls.list_calls(connection, *(condition for is_asked, condition in wanted if is_asked), most=most)


def check_keys(connection: Connection) -> None:
    """Raises ``StoredUnreadable`` when the newest call, installation or account is encrypted with other keys."""
    installed, accounts = INSTALLATIONS.c, ACCOUNTS.c
    for newest in (
        select(CALLS.c.title).order_by(CALLS.c.started_at.desc()),
        select(installed.bot_token).where(installed.removed_at.is_(None)).order_by(installed.installed_at.desc()),
        select(accounts.name).where(accounts.removed_at.is_(None)).order_by(accounts.created_at.desc()),
    ):
        connection.execute(newest.limit(1)).one_or_none()


def last_wish_at(connection: Connection) -> datetime | None:
    """When somebody last asked for a call in Slack; None when nobody has."""
    statement = select(CALLS.c.started_at).where(CALLS.c.reopens.is_(None)).order_by(CALLS.c.started_at.desc()).limit(1)
    return connection.execute(statement).scalar_one_or_none()


def last_delivery_at(connection: Connection, provider: str, account_id: str) -> datetime | None:
    """When a webhook of this account's about a call of ours last came in; None when none has."""
    statement = (
        select(DELIVERIES.c.received_at)
        .where(DELIVERIES.c.provider == provider, DELIVERIES.c.account == account_id)
        .where(DELIVERIES.c.outcome == Outcome.APPLIED)
        .order_by(DELIVERIES.c.received_at.desc())
        .limit(1)
    )
    return connection.execute(statement).scalar_one_or_none()


def installed_tokens(connection: Connection) -> list[InstalledToken]:
    """Those of everywhere that the app is installed in now."""
    installed = INSTALLATIONS.c
    statement = (
        select(installed.team_id, installed.enterprise_id, installed.bot_token)
        .where(installed.removed_at.is_(None), installed.bot_token.is_not(None))
        .order_by(installed.team_id, installed.enterprise_id)
    )
    rows = connection.execute(statement)
    return [InstalledToken(id=row.team_id or row.enterprise_id, bot=row.bot_token) for row in rows]


def turn_of(connection: Connection, call_id: str) -> Turn:
    columns = (CALLS.c.has_work, CALLS.c.reconcile_after, CALLS.c.lease_until)
    row = connection.execute(select(*columns).where(CALLS.c.id == call_id)).one()
    return Turn(has_work=bool(row.has_work), reconcile_after=row.reconcile_after, lease_until=row.lease_until)


def lanes_of(connection: Connection, team_id: str) -> Mapping[str, LaneState]:
    """The team's lanes that have been used, by method."""
    columns = (LANES.c.method, LANES.c.next_at, LANES.c.parked_until)
    rows = connection.execute(select(*columns).where(LANES.c.team_id == team_id).order_by(LANES.c.method))
    return {row.method: LaneState(unused_from=row.next_at, parked_until=row.parked_until) for row in rows}
