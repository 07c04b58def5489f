"""The stored lanes: one locked row for each team and method."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from app.db.insert import insert_or_ignore
from app.db.models import LANES
from app.domain import lanes
from app.domain.lanes import Lane, Pace

_THE_LANE = (LANES.c.team_id == bindparam("of_team"), LANES.c.method == bindparam("of_method"))
_KEPT = (LANES.c.next_at, LANES.c.parked_until, LANES.c.used_until, LANES.c.lowered_to, LANES.c.lowered_at)
_LOCKED = select(*_KEPT).where(*_THE_LANE).with_for_update()
_SAVE = update(LANES).where(*_THE_LANE)


def book(
    connection: Connection, team_id: str, method: str, pace: Pace, now: datetime, booked_at: datetime | None = None
) -> datetime:
    """Take the place that was booked and has come, or the next one. Returns its moment: ``now`` when the request may
    go, else the place is kept for whoever comes back with that moment. ``pace`` is the documented one."""
    lane = _locked(connection, team_id, method, now)
    current = lanes.pace_at(lane, pace, now)
    place = now
    if booked_at is None or not lanes.may_go(lane, current, now):
        place = lanes.free_at(lane, current, now)
        lane = lanes.book(lane, current, place)
    _save(connection, team_id, method, lane if place > now else lanes.go(lane, current, now))
    return place


def refuse(
    connection: Connection,
    team_id: str,
    method: str,
    pace: Pace,
    *,
    asked_at: datetime,
    now: datetime,
    retry_after_seconds: float,
) -> None:
    """Slack has said that a request of ``asked_at`` was one too many: nobody uses the lane for so long, and then it is
    used more slowly. ``pace`` is the documented one."""
    until = now + timedelta(seconds=retry_after_seconds)
    lane = _locked(connection, team_id, method, now)
    _save(connection, team_id, method, lanes.refused(lane, pace, asked_at=asked_at, now=now, until=until))


def _locked(connection: Connection, team_id: str, method: str, now: datetime) -> Lane:
    lane = _find_locked(connection, team_id, method)
    if lane is None:
        insert_or_ignore(connection, LANES, {"team_id": team_id, "method": method, "next_at": now})
        lane = _find_locked(connection, team_id, method)
    return lane or Lane(next_at=now)


def _find_locked(connection: Connection, team_id: str, method: str) -> Lane | None:
    row = connection.execute(_LOCKED, {"of_team": team_id, "of_method": method}).one_or_none()
    return Lane(**row._asdict()) if row else None


def _save(connection: Connection, team_id: str, method: str, lane: Lane) -> None:
    connection.execute(_SAVE, {"of_team": team_id, "of_method": method, **asdict(lane)})
