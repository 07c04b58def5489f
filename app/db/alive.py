"""Which processes of the app are alive, as an outsider sees it."""

from __future__ import annotations

import fcntl
from pathlib import Path

from sqlalchemy import text

from app.db.file_presence import SUFFIX
from app.db.session import Database
from app.db.work import LOCKS

_COUNT = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database"
    " WHERE locktype = 'advisory' AND classid = :locks AND granted AND datname = current_database()"
)


def is_anybody_alive(database: Database) -> bool:
    """Whether any process has said that it is there (``notify``, ``file_presence``): one that brings calls up to date,
    or would if it had workers."""
    if database.is_sqlite:
        return _is_locked(Path(f"{database.url.database}{SUFFIX}"))
    with database.reading() as connection:
        return bool(connection.execute(_COUNT, {"locks": LOCKS}).scalar_one())


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            # Held for a moment only: a process that starts just now waits for it, and does not take itself for alone.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
