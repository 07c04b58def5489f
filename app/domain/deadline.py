"""When a call ends by time alone, at providers that cannot be asked whether it is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.domain.calls import CallSnapshot


def deadline(snapshot: CallSnapshot, limit_seconds: float | None, idle_seconds: float | None) -> datetime | None:
    """The call's limit, or some time after the last one has left, whichever comes first; None where neither is set."""
    empty_since = snapshot.empty_since()
    moments = [
        start + timedelta(seconds=seconds)
        for start, seconds in ((snapshot.started_at, limit_seconds), (empty_since, idle_seconds))
        if start is not None and seconds is not None
    ]
    return min(moments, default=None)
