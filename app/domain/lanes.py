"""A lane: one team's budget for one method of Slack, as arithmetic.

Slack allows so many requests in any minute. A lane lets a few go at once and then one each interval, such that no
minute ever holds more: what a person does is shown at once, and while the lane is short changes gather.

Whoever has to wait books the next free place and comes back for it, so that all who wait have their turn one after
the other, and nobody wakes to find the place taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """``per_minute`` requests in any minute, of which ``burst`` may follow each other at once."""

    per_minute: int
    burst: int = 5

    @property
    def interval(self) -> timedelta:
        """Between two requests when the burst is used up. A full burst and what refills it make up the minute."""
        return MINUTE / (self.per_minute - self.burst)


@dataclass(frozen=True, slots=True)
class Lane:
    """``next_at`` is when the lane will be as good as unused; ``parked_until`` is Slack's own ``Retry-After``."""

    next_at: datetime
    parked_until: datetime | None = None


def free_at(lane: Lane, pace: Pace, now: datetime) -> datetime:
    """When the next request may go: ``now``, or the first moment after it that nobody has booked."""
    return max(now, lane.next_at - pace.interval * (pace.burst - 1), lane.parked_until or now)


def take(lane: Lane, pace: Pace, at: datetime) -> Lane:
    """The lane with one more request at ``at``, which may lie ahead."""
    return replace(lane, next_at=max(lane.next_at, at) + pace.interval)


def holds(lane: Lane, pace: Pace, booked_at: datetime, now: datetime) -> bool:
    """Whether a place booked for ``booked_at`` is still to be had: Slack has not said to wait longer meanwhile, and
    whoever booked it is not so late that others would be crowded."""
    is_parked = lane.parked_until is not None and booked_at < lane.parked_until
    return not is_parked and now <= booked_at + pace.interval


def park(lane: Lane, until: datetime) -> Lane:
    """The lane after Slack has said to wait ``until`` then."""
    known = lane.parked_until
    return replace(lane, parked_until=until if known is None else max(known, until))
