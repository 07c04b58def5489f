"""A lane: one team's budget for one method of Slack, as arithmetic.

Slack allows so many requests in any minute. A lane lets a few go at once and then one each interval, such that no
minute ever holds more: what a person does is shown at once, and while the lane is short changes gather.

Whoever has to wait books the next free place and comes back for it, so that all who wait have their turn one after
the other, and nobody wakes to find the place taken.

What Slack allows in truth may be less than it documents. A refusal makes the lane slower; then it gets faster again by
itself, the more so the longer nothing is refused: slowly where the limit was found, and soon back at the documented
pace if the limit is gone.

Places are moments of a clock that the lane has of its own, one documented interval apart. It stands still while Slack
says to wait, and the slower the lane is, the slower it runs. So whatever Slack says, everybody keeps their place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)
NONE = timedelta(0)
ROUNDING = timedelta(milliseconds=1)
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
    def least(self) -> int:
        return min(self.per_minute, max(2, int(self.per_minute * LEAST)))

    def lowered_to(self, per_minute: int) -> Pace:
        """A slower one, whose burst is smaller in proportion."""
        return Pace(per_minute, burst=max(1, self.burst * per_minute // self.per_minute))


@dataclass(frozen=True, slots=True)
class Lane:
    """``next_at`` is the first place that nobody has booked, ``used_until`` the first one after all that was sent: both
    by the lane's own clock, which showed ``own_time`` when it was ``read_at``. Until ``parked_until`` it stands still:
    Slack's own ``Retry-After``. At ``lowered_at`` Slack refused a request, and the pace was brought down to
    ``lowered_to`` a minute.
    """

    next_at: datetime
    used_until: datetime
    own_time: datetime
    read_at: datetime
    parked_until: datetime | None = None
    lowered_to: int | None = None
    lowered_at: datetime | None = None


def new_lane(now: datetime) -> Lane:
    return Lane(next_at=now, used_until=now, own_time=now, read_at=now)


def pace_at(lane: Lane, documented: Pace, now: datetime) -> Pace:
    """How fast the lane may be used by now: never faster than documented."""
    if lane.lowered_to is None or lane.lowered_at is None:
        return documented
    clean = now - max(lane.lowered_at, lane.parked_until or lane.lowered_at)
    risen = documented.per_minute * (max(clean, NONE) / RISE) ** 2
    per_minute = lane.lowered_to + int(risen)
    return documented if per_minute >= documented.per_minute else documented.lowered_to(per_minute)


def read(lane: Lane, documented: Pace, now: datetime) -> Lane:
    """The lane with its clock read: all that follows is about the moment at which that was done last."""
    since = max(lane.read_at, lane.parked_until or lane.read_at)
    gone = max(now - since, NONE) * (documented.interval / pace_at(lane, documented, since).interval)
    return replace(lane, own_time=lane.own_time + gone, read_at=max(lane.read_at, now))


def next_place(lane: Lane) -> datetime:
    return max(lane.next_at, lane.own_time)


def book(lane: Lane, documented: Pace, place: datetime) -> Lane:
    """The lane with its next place booked."""
    return replace(lane, next_at=place + documented.interval)


def wait_for(place: datetime, lane: Lane, documented: Pace) -> timedelta:
    """How long to wait until the request of a place may go. It is worked out anew for whoever comes back: Slack may
    have said to wait longer meanwhile; and those who come late must not crowd each other."""
    now, pace = lane.read_at, pace_at(lane, documented, lane.read_at)
    parked = max((lane.parked_until or now) - now, NONE)
    ahead = max(place, lane.used_until) - _lead(pace, documented) - lane.own_time
    if ahead <= ROUNDING:
        return parked
    at_latest = parked + ahead * (pace.interval / documented.interval)
    # The lane gets faster meanwhile, and those who all come late lose their order: it is better to come twice.
    faster = pace_at(lane, documented, now + at_latest)
    return parked + ahead * (faster.interval / documented.interval)


def go(lane: Lane, documented: Pace, place: datetime) -> Lane:
    """The lane with the request of a place sent."""
    late = lane.own_time - max(place, lane.used_until)
    # A little time that is lost is lost for all who wait: else two of them would come for the same moment.
    own_time = lane.own_time - late if NONE < late <= documented.interval else lane.own_time
    used_until = max(lane.used_until, own_time) + documented.interval
    return replace(lane, own_time=own_time, used_until=used_until, next_at=max(lane.next_at, used_until))


def refused(lane: Lane, documented: Pace, *, sent_at: datetime, until: datetime) -> Lane:
    """The lane after Slack has said, to a request of ``sent_at``, to wait ``until`` then. The place of that request
    was not used.

    It is parked; then that request goes at once and the others one by one, since Slack has no room for a burst. It is
    made slower once for all requests that were on their way together: only one that was sent at the lower pace says
    that this too is too fast.
    """
    pace = pace_at(lane, documented, lane.read_at)
    if lane.lowered_at is None or lane.lowered_at < sent_at:
        pace = documented.lowered_to(max(documented.least, int(pace.per_minute * LOWERED)))
        lane = replace(lane, lowered_to=pace.per_minute, lowered_at=lane.read_at)
    used_until = lane.used_until - documented.interval
    return replace(
        lane,
        parked_until=max(until, lane.parked_until or until),
        used_until=used_until,
        own_time=used_until - _lead(pace, documented),
    )


def _lead(pace: Pace, documented: Pace) -> timedelta:
    """How much sooner than evenly spaced a request may go, when the burst is not used up; by the lane's own clock."""
    return documented.interval * (pace.burst - 1)
