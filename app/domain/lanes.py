"""A lane: one team's budget for one method of Slack, as arithmetic.

Slack allows so many requests in any minute. A lane lets a few go at once and then one each interval, such that no
minute ever holds more: what a person does is shown at once, and while the lane is short changes gather.
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


def wait_seconds(lane: Lane, pace: Pace, now: datetime) -> float:
    """How long until a request may go; 0 when it may go now."""
    earliest = lane.next_at - pace.interval * (pace.burst - 1)
    if lane.parked_until is not None:
        earliest = max(earliest, lane.parked_until)
    return max(0.0, (earliest - now).total_seconds())


def take(lane: Lane, pace: Pace, now: datetime) -> Lane:
    """The lane after one request at ``now``."""
    return replace(lane, next_at=max(lane.next_at, now) + pace.interval)


def park(lane: Lane, until: datetime) -> Lane:
    """The lane after Slack has said to wait ``until`` then."""
    known = lane.parked_until
    return replace(lane, parked_until=until if known is None else max(known, until))
