"""A PostgreSQL database for what only it can do, whatever kind the run is for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from app.db.session import Database
from tests.conftest import migrate_url
from tests.databases import NoPostgresql, fresh_database_url


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The address of a migrated database; the test is skipped where PostgreSQL cannot be had."""
    try:
        with fresh_database_url(folder, migrate_url, "postgresql") as url:
            yield url
    except NoPostgresql as error:
        pytest.skip(str(error))


def cut_connections(url: str, which: str = "true") -> None:
    """End the connections to the database, as a restart of its server does; or those of which this SQL is true."""
    with psycopg.connect(Database(url).driver_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"
        )
