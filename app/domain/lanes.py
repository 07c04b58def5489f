"""A lane: one team's budget for one method of Slack, as arithmetic.

Slack allows so many requests in any minute. A lane lets a few go at once and then one each interval, such that no
minute ever holds more: what a person does is shown at once, and while the lane is short changes gather.

Whoever has to wait books the next free place and comes back for it, so that all who wait have their turn one after
the other, and nobody wakes to find the place taken.

What Slack allows in truth may be less than it documents. A refusal makes the lane slower; then it gets faster again by
itself, the more so the longer nothing is refused: slowly where the limit was found, and soon back at the documented
pace if the limit is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
LOWERED = 0.7
"""What a refusal leaves of the pace."""
LEAST = 0.1
"""What any number of refusals leaves of the documented pace."""
RISE = timedelta(minutes=14)
"""In which a lane would rise from nothing to the documented pace, as the square of the time. One that meets 20 a minute
where 50 are documented is refused once in five minutes or more, and is back at 50 within eleven minutes."""


@dataclass(frozen=True, slots=True)
class Pace:
    """``per_minute`` requests in any minute, of which ``burst`` may follow each other at once."""

    per_minute: int
    burst: int = 5

    @property
    def interval(self) -> timedelta:
        """Between two requests when the burst is used up. A full burst and what refills it make up the minute."""
        return MINUTE / (self.per_minute - self.burst)

    @property
    def lead(self) -> timedelta:
        """How much sooner than evenly spaced a request may go, when the burst is not used up."""
        return self.interval * (self.burst - 1)

    @property
    def least(self) -> int:
        return min(self.per_minute, max(2, int(self.per_minute * LEAST)))

    def lowered_to(self, per_minute: int) -> Pace:
        """A slower one, whose burst is smaller in proportion."""
        return Pace(per_minute, burst=max(1, self.burst * per_minute // self.per_minute))


@dataclass(frozen=True, slots=True)
class Lane:
    """``next_at`` is when the lane will be as good as unused if all places that are booked are used, ``used_until`` the
    same of what was sent so far. ``parked_until`` is Slack's own ``Retry-After``. At ``lowered_at`` Slack refused a
    request, and the pace was brought down to ``lowered_to`` a minute."""

    next_at: datetime
    parked_until: datetime | None = None
    used_until: datetime | None = None
    lowered_to: int | None = None
    lowered_at: datetime | None = None


def pace_at(lane: Lane, documented: Pace, now: datetime) -> Pace:
    """How fast the lane may be used by now: never faster than documented."""
    if lane.lowered_to is None or lane.lowered_at is None:
        return documented
    clean = now - max(lane.lowered_at, lane.parked_until or lane.lowered_at)
    risen = documented.per_minute * (max(clean, timedelta(0)) / RISE) ** 2
    per_minute = lane.lowered_to + int(risen)
    return documented if per_minute >= documented.per_minute else documented.lowered_to(per_minute)


def free_at(lane: Lane, pace: Pace, now: datetime) -> datetime:
    """When the next request may go: ``now``, or the first moment after it that nobody has booked."""
    return max(now, lane.next_at - pace.lead, lane.parked_until or now)


def book(lane: Lane, pace: Pace, at: datetime) -> Lane:
    """The lane with one more place at ``at``, which may lie ahead."""
    return replace(lane, next_at=max(lane.next_at, at) + pace.interval)


def may_go(lane: Lane, pace: Pace, now: datetime) -> bool:
    """Whether the place that has come is still to be had. It is not when Slack has said to wait longer, or has made the
    lane slower, so that who booked before it would crowd each other now; nor for who is so late that others would."""
    is_parked = lane.parked_until is not None and now < lane.parked_until
    return not is_parked and (lane.used_until is None or lane.used_until - pace.lead <= now)


def go(lane: Lane, pace: Pace, now: datetime) -> Lane:
    """The lane with the request of a booked place sent."""
    used_until = max(lane.used_until or now, now) + pace.interval
    return replace(lane, used_until=used_until, next_at=max(lane.next_at, used_until))


def refused(lane: Lane, documented: Pace, *, asked_at: datetime, now: datetime, until: datetime) -> Lane:
    """The lane after Slack has said, to a request of ``asked_at``, to wait ``until`` then.

    It is parked; then requests go one by one, since Slack has no room for a burst. It is made slower once for all
    requests that were on their way together: only one that was sent at the lower pace says that this too is too fast.
    """
    pace = pace_at(lane, documented, now)
    is_news = lane.lowered_at is None or lane.lowered_at < asked_at
    if is_news:
        pace = documented.lowered_to(max(documented.least, int(pace.per_minute * LOWERED)))
        lane = replace(lane, lowered_to=pace.per_minute, lowered_at=now)
    until = max(until, lane.parked_until or until)
    used_until = max(lane.used_until or until, until + pace.lead)
    return replace(lane, parked_until=until, used_until=used_until, next_at=max(lane.next_at, used_until))
