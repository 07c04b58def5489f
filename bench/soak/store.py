"""The database, looked at and made older from beside the app."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import and_, func, select, text, update

from app.db.models import CALLS, DELIVERIES
from app.db.session import Database

OLD = timedelta(hours=25)


class Store:
    def __init__(self, url: str, kept: timedelta) -> None:
        """``kept`` is how old something gets before ``age`` makes it a day older."""
        self._database = Database(url)
        self._kept = kept

    def close(self) -> None:
        self._database.close()

    def mib(self) -> float:
        if self._database.is_sqlite:
            file = str(self._database.url.database)
            return sum(path.stat().st_size for path in map(Path, (file, f"{file}-wal")) if path.exists()) / 2**20
        with self._database.reading() as connection:
            size: int = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        return size / 2**20

    def deliveries(self) -> int:
        with self._database.reading() as connection:
            return connection.execute(select(func.count()).select_from(DELIVERIES)).scalar_one()

    def behind(self, *, running: bool) -> list[str]:
        """Running calls that a worker has on its list, or those that are over and give trouble; and what may keep them
        there."""
        why = (CALLS.c.id, CALLS.c.status, CALLS.c.reconcile_after, CALLS.c.failures, CALLS.c.in_flight, CALLS.c.booked)
        which = CALLS.c.ended_at.is_(None) if running else and_(CALLS.c.ended_at.is_not(None), CALLS.c.failures > 0)
        is_behind = (CALLS.c.generation != CALLS.c.shown_generation, which)
        with self._database.reading() as connection:
            return [f"still to do: {row._asdict()}" for row in connection.execute(select(*why).where(*is_behind))]

    def age(self) -> None:
        """Nobody waits for a day: with KEEP_…_DAYS=1 the next sweep drops what is made a day older."""
        now = datetime.now(UTC)
        seen, fresh = now - self._kept, now - timedelta(hours=12)
        old_deliveries = (DELIVERIES.c.received_at < seen, DELIVERIES.c.received_at > fresh)
        at_rest = (CALLS.c.failures == 0, CALLS.c.in_flight.is_(None), CALLS.c.booked.is_(None))
        old_calls = (CALLS.c.ended_at < seen, CALLS.c.ended_at > fresh, *at_rest)
        with self._database.transaction() as connection:
            connection.execute(update(DELIVERIES).where(*old_deliveries).values(received_at=now - OLD))
            connection.execute(update(CALLS).where(*old_calls).values(started_at=now - OLD, ended_at=now - OLD))

    def vacuum(self) -> None:
        """What PostgreSQL does by itself, but not where tests start it. SQLite uses free pages again at once."""
        if not self._database.is_sqlite:
            with self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM"))
