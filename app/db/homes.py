"""Whose App Homes are to be published: of those who looked lately, all that no longer show how things stand.

Nothing is marked when something changes. What a Home shows is compared with what there is, so nothing can be missed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    bindparam,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from app.db import calls
from app.db.calls import RUNNING, StoredCall
from app.db.insert import insert_into
from app.db.models import CALLS
from app.db.types import UtcDateTime
from app.db.workspace_models import ACCOUNTS, HOMES
from app.domain.permissions import Role

LEASE = timedelta(seconds=30)
"""For publishing one: two requests to Slack with their timeouts."""
_NOW, _RECENT = bindparam("now", type_=UtcDateTime()), bindparam("recent", type_=UtcDateTime())
_CALLS = (
    select(cast(func.count(), String) + literal("/") + cast(func.coalesce(func.sum(CALLS.c.generation), 0), String))
    .where(CALLS.c.team_id == HOMES.c.team_id)
    .where(or_(CALLS.c.status.in_(RUNNING), CALLS.c.started_at > _RECENT))
    .correlate(HOMES)
    .scalar_subquery()
)
_ARRIVED = (
    select(func.coalesce(cast(func.max(ACCOUNTS.c.last_delivery_at), String), ""))
    .where(ACCOUNTS.c.team_id == HOMES.c.team_id)
    .correlate(HOMES)
    .scalar_subquery()
)
_STATE = _CALLS + literal("/") + _ARRIVED
_NEXT = (
    select(HOMES, _STATE.label("state"))
    .where(HOMES.c.opened_at > bindparam("opened_since", type_=UtcDateTime()), HOMES.c.publish_after <= _NOW)
    .where(or_(HOMES.c.shows.is_(None), HOMES.c.shows != _STATE))
    # Whoever has just come sees it first.
    .order_by(HOMES.c.opened_at.desc())
    .limit(1)
    .with_for_update(skip_locked=True, of=HOMES)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedHome:
    """``state`` stands for how things are now: the Home shows it once it is published. Until ``until`` nobody else
    publishes it. ``place`` is its place in the lane, if it has waited for one. ``role`` is who the person was in the
    workspace at ``role_at``, if Slack was asked.
    """

    team_id: str
    enterprise_id: str | None
    user_id: str
    state: str
    until: datetime
    place: datetime | None
    failures: int
    role: Role | None
    role_at: datetime | None


def opened(connection: Connection, team_id: str, enterprise_id: str | None, user_id: str, now: datetime) -> None:
    """Somebody looks at their Home: it is published at once, whatever it shows."""
    values = {"enterprise_id": enterprise_id, "opened_at": now, "shows": None, "publish_after": now, "failures": 0}
    statement = insert_into(connection.dialect.name, HOMES).values(team_id=team_id, user_id=user_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["team_id", "user_id"], set_=values))


def outdate(connection: Connection, team_id: str, now: datetime) -> None:
    """What the team's Homes show of its settings is no longer so; nor is what is being published now."""
    connection.execute(update(HOMES).where(HOMES.c.team_id == team_id).values(shows=None, publish_after=now))


def claim(
    connection: Connection, now: datetime, *, opened_since: datetime, recent_since: datetime
) -> ClaimedHome | None:
    """Take the next Home to be published; None when all show how things stand. ``recent_since`` is from when on calls
    that are over are shown."""
    given = {"now": now, "recent": recent_since, "opened_since": opened_since}
    row = connection.execute(_NEXT, given).one_or_none()
    if row is None:
        return None
    home = ClaimedHome(
        team_id=row.team_id,
        enterprise_id=row.enterprise_id,
        user_id=row.user_id,
        state=row.state,
        until=now + LEASE,
        place=row.place,
        failures=row.failures + 1,
        role=Role(row.role) if row.role else None,
        role_at=row.role_at,
    )
    _write(connection, home, publish_after=home.until, failures=home.failures)
    return home


def published(connection: Connection, home: ClaimedHome, now: datetime) -> None:
    """It shows ``home.state``; unless it was opened or outdated since, and has to be published again."""
    fence = HOMES.c.publish_after == home.until
    values = {"shows": home.state, "publish_after": now, "failures": 0}
    connection.execute(update(HOMES).where(*_is(home), fence).values(values))


def try_again(connection: Connection, home: ClaimedHome, at: datetime) -> None:
    _write(connection, home, publish_after=at)


def keep_place(connection: Connection, home: ClaimedHome, place: datetime | None) -> None:
    _write(connection, home, place=place)


def save_role(connection: Connection, home: ClaimedHome, role: Role, now: datetime) -> None:
    _write(connection, home, role=role, role_at=now)


def forget(connection: Connection, before: datetime, most: int) -> int:
    """Drop those that nobody has looked at since ``before``; returns how many."""
    old = select(HOMES.c.team_id, HOMES.c.user_id).where(HOMES.c.opened_at < before).limit(most)
    free = old.with_for_update(skip_locked=True)
    return connection.execute(delete(HOMES).where(tuple_(HOMES.c.team_id, HOMES.c.user_id).in_(free))).rowcount


def calls_of(connection: Connection, team_id: str, *, recent_since: datetime, most: int) -> list[StoredCall]:
    """The team's calls that run, and those over that began since; with their people, newest first."""
    is_shown = or_(CALLS.c.status.in_(RUNNING), CALLS.c.started_at > recent_since)
    found = calls.list_calls(connection, CALLS.c.team_id == team_id, is_shown, most=most)
    people = calls.load_people(connection, found)
    return [replace(call, snapshot=replace(call.snapshot, participants=people[call.id])) for call in found]


def _is(home: ClaimedHome) -> tuple[ColumnElement[bool], ...]:
    return (HOMES.c.team_id == home.team_id, HOMES.c.user_id == home.user_id)


def _write(connection: Connection, home: ClaimedHome, **values: object) -> None:
    connection.execute(update(HOMES).where(*_is(home)).values(values))
