"""Times and durations in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Moment:
    """A time as a page shows it; the browser turns `clock` and `day` into the reader's own time zone."""

    iso: str
    clock: str
    day: str


def moment(seconds: float) -> Moment:
    """Unix seconds, in UTC."""
    at = datetime.fromtimestamp(seconds, UTC)
    return Moment(at.strftime("%Y-%m-%dT%H:%M:%SZ"), at.strftime("%H:%M"), f"{at:%A}, {at.day} {at:%B}")


def duration(seconds: float) -> str:
    """How long something took, as one would say it."""
    minutes = max(0, int(seconds)) // 60
    if minutes < 1:
        return "less than a minute"
    hours, rest = divmod(minutes, 60)
    parts = [_counted(hours, "hour"), _counted(rest, "minute")]
    return " ".join(part for part in parts if part)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' if number > 1 else ''}" if number else ""
