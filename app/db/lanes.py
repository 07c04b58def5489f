"""The stored lanes: one locked row for each team and method."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from app.db.insert import insert_or_ignore
from app.db.models import LANES
from app.domain import lanes
from app.domain.lanes import Lane, Pace, new_lane

_THE_LANE = (LANES.c.team_id == bindparam("of_team"), LANES.c.method == bindparam("of_method"))
_LOCKED = select(*(LANES.c[field.name] for field in fields(Lane))).where(*_THE_LANE).with_for_update()
_SAVE = update(LANES).where(*_THE_LANE)


@dataclass(frozen=True, slots=True)
class Booked:
    """A place, by the lane's own clock, and for how long to wait by ours; no time at all means that it was taken."""

    place: datetime
    wait: timedelta


def take_place(
    connection: Connection, team_id: str, method: str, pace: Pace, now: datetime, place: datetime | None = None
) -> Booked:
    """Take the ``place`` that was booked before, or else the next one: the request may go when there is nothing to wait
    for. Until then the place is kept for whoever comes back with it. ``pace`` is the documented one."""
    lane = lanes.read(_locked(connection, team_id, method, now), pace, now)
    is_new, place = place is None, place or lanes.next_place(lane)
    if is_new:
        lane = lanes.book(lane, pace, place)
    wait = lanes.wait_for(place, lane, pace)
    if is_new or not wait:
        _save(connection, team_id, method, lane if wait else lanes.go(lane, pace, place))
    return Booked(place, wait)


def refuse(
    connection: Connection,
    team_id: str,
    method: str,
    pace: Pace,
    *,
    sent_at: datetime,
    now: datetime,
    retry_after_seconds: float,
) -> None:
    """Slack has said that a request of ``sent_at`` was one too many: nobody uses the lane for so long, and then it is
    used more slowly. Whoever sent it may come back for the same place. ``pace`` is the documented one."""
    until = now + timedelta(seconds=retry_after_seconds)
    lane = lanes.read(_locked(connection, team_id, method, now), pace, now)
    _save(connection, team_id, method, lanes.refused(lane, pace, sent_at=sent_at, until=until))


def pace_now(connection: Connection, team_id: str, method: str, pace: Pace, now: datetime) -> Pace:
    """What the lane has learned of how fast it may be used. ``pace`` is the documented one."""
    return lanes.pace_at(_locked(connection, team_id, method, now), pace, now)


def _locked(connection: Connection, team_id: str, method: str, now: datetime) -> Lane:
    lane = _find_locked(connection, team_id, method, now)
    if lane is None:
        insert_or_ignore(connection, LANES, {"team_id": team_id, "method": method, **asdict(new_lane(now))})
        lane = _find_locked(connection, team_id, method, now)
    return lane or new_lane(now)


def _find_locked(connection: Connection, team_id: str, method: str, now: datetime) -> Lane | None:
    row = connection.execute(_LOCKED, {"of_team": team_id, "of_method": method}).one_or_none()
    # Versions that knew of no clocks of lanes wrote less.
    known = {name: value for name, value in row._asdict().items() if value is not None} if row else None
    return None if known is None else replace(new_lane(now), **known)


def _save(connection: Connection, team_id: str, method: str, lane: Lane) -> None:
    connection.execute(_SAVE, {"of_team": team_id, "of_method": method, **asdict(lane)})
