"""The stored lanes: one locked row for each team and method."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from app.db.insert import insert_or_ignore
from app.db.models import LANES
from app.domain.lanes import Lane, Pace, free_at, holds, park, take

_THE_LANE = (LANES.c.team_id == bindparam("of_team"), LANES.c.method == bindparam("of_method"))
_LOCKED = select(LANES.c.next_at, LANES.c.parked_until).where(*_THE_LANE).with_for_update()
_SAVE = update(LANES).where(*_THE_LANE)


def book(
    connection: Connection, team_id: str, method: str, pace: Pace, now: datetime, booked_at: datetime | None = None
) -> datetime:
    """Take the next place in the lane, or the one that was booked. Returns its moment: the request may go when it has
    come, and until then the place is kept for whoever comes back with that moment."""
    lane = _locked(connection, team_id, method, now)
    if booked_at is not None and holds(lane, pace, booked_at, now):
        return booked_at
    place = free_at(lane, pace, now)
    _save(connection, team_id, method, take(lane, pace, place))
    return place


def park_lane(connection: Connection, team_id: str, method: str, now: datetime, retry_after_seconds: float) -> None:
    """Nobody uses the lane for so long, because Slack said so."""
    until = now + timedelta(seconds=retry_after_seconds)
    _save(connection, team_id, method, park(_locked(connection, team_id, method, now), until))


def _locked(connection: Connection, team_id: str, method: str, now: datetime) -> Lane:
    lane = _find_locked(connection, team_id, method)
    if lane is None:
        insert_or_ignore(connection, LANES, {"team_id": team_id, "method": method, "next_at": now})
        lane = _find_locked(connection, team_id, method)
    return lane or Lane(next_at=now)


def _find_locked(connection: Connection, team_id: str, method: str) -> Lane | None:
    row = connection.execute(_LOCKED, {"of_team": team_id, "of_method": method}).one_or_none()
    return Lane(row.next_at, row.parked_until) if row else None


def _save(connection: Connection, team_id: str, method: str, lane: Lane) -> None:
    values = {"next_at": lane.next_at, "parked_until": lane.parked_until}
    connection.execute(_SAVE, {"of_team": team_id, "of_method": method, **values})
