"""Installations that somebody has begun: each is finished once, soon, and in the browser that began it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from enum import Enum

from sqlalchemy import Connection, delete, select, update

from app.db.installation_models import OAUTH_STATES


class Finish(Enum):
    """What a state that comes back from Slack is worth."""

    GOOD = "good"
    UNKNOWN = "unknown"
    """Nobody was given it, or that was days ago."""
    EXPIRED = "expired"
    USED = "used"
    ELSEWHERE = "elsewhere"
    """It was begun in another browser."""


def keep(connection: Connection, state: str, browser: str, expires_at: datetime) -> None:
    """Somebody has begun. ``browser`` is a secret of their browser's."""
    connection.execute(
        OAUTH_STATES.insert().values(state_hash=_hash(state), browser_hash=_hash(browser), expires_at=expires_at)
    )


def finish(connection: Connection, state: str, browser: str, now: datetime) -> Finish:
    """Use the state up. One that came to another browser stays good for the right one."""
    is_it = OAUTH_STATES.c.state_hash == _hash(state)
    row = connection.execute(select(OAUTH_STATES).where(is_it)).one_or_none()
    if row is None:
        return Finish.UNKNOWN
    if not hmac.compare_digest(row.browser_hash, _hash(browser)):
        return Finish.ELSEWHERE
    if row.used_at is None and row.expires_at <= now:
        return Finish.EXPIRED
    used = connection.execute(update(OAUTH_STATES).where(is_it, OAUTH_STATES.c.used_at.is_(None)).values(used_at=now))
    return Finish.GOOD if used.rowcount == 1 else Finish.USED


def drop(connection: Connection, before: datetime, most: int) -> int:
    """Drop states that had expired ``before`` then. Returns how many."""
    old = select(OAUTH_STATES.c.state_hash).where(OAUTH_STATES.c.expires_at < before).limit(most)
    return connection.execute(delete(OAUTH_STATES).where(OAUTH_STATES.c.state_hash.in_(old))).rowcount


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
