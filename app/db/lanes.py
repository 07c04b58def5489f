"""The stored lanes: one locked row for each team and method."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from app.db.insert import insert_or_ignore
from app.db.models import LaneRow
from app.domain.lanes import Lane, Pace, park, take, wait_seconds


def reserve(connection: Connection, team_id: str, method: str, pace: Pace, now: datetime) -> float:
    """Take a place in the lane. Returns 0 when the request may go now, else the seconds to wait; then none is taken."""
    lane = _locked(connection, team_id, method, now)
    wait = wait_seconds(lane, pace, now)
    if not wait:
        _save(connection, team_id, method, take(lane, pace, now))
    return wait


def park_lane(connection: Connection, team_id: str, method: str, now: datetime, retry_after_seconds: float) -> None:
    """Nobody uses the lane for so long, because Slack said so."""
    until = now + timedelta(seconds=retry_after_seconds)
    _save(connection, team_id, method, park(_locked(connection, team_id, method, now), until))


def _locked(connection: Connection, team_id: str, method: str, now: datetime) -> Lane:
    row = _select(connection, team_id, method)
    if row is None:
        insert_or_ignore(connection, LaneRow, {"team_id": team_id, "method": method, "next_at": now})
        row = _select(connection, team_id, method)
    return row or Lane(next_at=now)


def _select(connection: Connection, team_id: str, method: str) -> Lane | None:
    statement = (
        select(LaneRow.next_at, LaneRow.parked_until)
        .where(LaneRow.team_id == team_id, LaneRow.method == method)
        .with_for_update()
    )
    row = connection.execute(statement).one_or_none()
    return Lane(row.next_at, row.parked_until) if row else None


def _save(connection: Connection, team_id: str, method: str, lane: Lane) -> None:
    connection.execute(
        update(LaneRow)
        .where(LaneRow.team_id == team_id, LaneRow.method == method)
        .values(next_at=lane.next_at, parked_until=lane.parked_until)
    )
