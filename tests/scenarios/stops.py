"""Stop a process of ours exactly at a commit, from outside: its database does not let it go on.

A trigger on the row that is about to be written never comes to an end: on PostgreSQL it sleeps, on SQLite it counts to
infinity. Whoever is killed there has not committed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from sqlalchemy import make_url

from tests.scenarios.patience import until

SCRIPT = """
CREATE TABLE stops (team_id VARCHAR(40), lane VARCHAR(60));
{prelude}
{triggers}
"""
FOREVER = "CREATE VIEW forever AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;"
SQLITE_TRIGGER = """
CREATE TRIGGER stop_{name} BEFORE {event} ON {table}
WHEN {when} AND EXISTS (SELECT 1 FROM stops WHERE team_id = NEW.team_id AND lane = {lane})
BEGIN SELECT max(i) FROM forever; END;
"""
SLEEP = """
CREATE FUNCTION sleep_for_long() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE stopped text := CASE WHEN TG_TABLE_NAME = 'calls' THEN 'finish' ELSE to_jsonb(NEW) ->> 'method' END;
BEGIN
  IF EXISTS (SELECT 1 FROM stops WHERE team_id = NEW.team_id AND lane = stopped) THEN PERFORM pg_sleep(600); END IF;
  RETURN NEW;
END $$;
"""
POSTGRESQL_TRIGGER = """
CREATE TRIGGER stop_{name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION sleep_for_long();
"""
# A call is given back when nothing is left to do: then what is shown catches up with what is wanted.
WHERE = (
    {"name": "new_lane", "event": "INSERT", "table": "lanes", "when": "NEW.method IS NOT NULL", "lane": "NEW.method"},
    {"name": "lane", "event": "UPDATE", "table": "lanes", "when": "NEW.method IS NOT NULL", "lane": "NEW.method"},
    {"name": "finish", "event": "UPDATE", "table": "calls", "lane": "'finish'",
     "when": "OLD.lease_token IS NOT NULL AND NEW.lease_token IS NULL"},
)  # fmt: skip
SLEEPING = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"


def stops_for(url: str) -> SqliteStops | PostgresqlStops:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteStops(str(parsed.database))
    return PostgresqlStops(parsed.set(drivername="postgresql").render_as_string(hide_password=False))


class SqliteStops:
    """One writer at a time, so one stop at a time."""

    def __init__(self, file: str) -> None:
        self._file = file
        with closing(self._connect()) as connection:
            triggers = "".join(SQLITE_TRIGGER.format(**where) for where in WHERE)
            connection.executescript(SCRIPT.format(prelude=FOREVER, triggers=triggers))

    def stop_at(self, team_id: str, lane: str) -> None:
        with closing(self._connect()) as connection:
            connection.execute("INSERT INTO stops VALUES (?, ?)", (team_id, lane))

    def close(self) -> None:
        """Nothing is open between two of its steps."""

    def wait_until_stopped(self, how_many: int) -> None:
        assert how_many == 1
        # Others write too, but none for so long.
        until(lambda: all(self._is_written_to() for _ in range(30)))

    def let_go(self) -> None:
        with closing(self._connect()) as connection:
            connection.execute("DELETE FROM stops")

    @contextmanager
    def holding_writers(self) -> Iterator[None]:
        """Nobody writes; reading goes on."""
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    def _is_written_to(self) -> bool:
        with closing(self._connect(timeout=0.005)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            connection.execute("ROLLBACK")
            return False

    def _connect(self, timeout: float = 20) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=timeout, isolation_level=None)


class PostgresqlStops:
    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute(SCRIPT.format(prelude="", triggers=""))
        self._connection.execute(SLEEP)
        for where in WHERE:
            self._connection.execute(POSTGRESQL_TRIGGER.format(**where))

    def stop_at(self, team_id: str, lane: str) -> None:
        self._connection.execute("INSERT INTO stops VALUES (%s, %s)", (team_id, lane))

    def close(self) -> None:
        self._connection.close()

    def wait_until_stopped(self, how_many: int) -> None:
        until(lambda: self._sleeping() == how_many)

    def let_go(self) -> None:
        """The server does not notice by itself that a sleeper's client is gone."""
        self._connection.execute("DELETE FROM stops")
        self._connection.execute(f"SELECT pg_terminate_backend(pid) {SLEEPING}")
        until(lambda: self._sleeping() == 0)

    @contextmanager
    def holding_writers(self) -> Iterator[None]:
        """Nobody writes to calls; reading goes on."""
        with self._connection.transaction():
            self._connection.execute("LOCK TABLE calls IN EXCLUSIVE MODE")
            yield

    def _sleeping(self) -> int:
        row = self._connection.execute(f"SELECT count(*) {SLEEPING}").fetchone()
        return int(row[0]) if row else 0
