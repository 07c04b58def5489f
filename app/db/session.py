"""Connections and transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.sql import func

from app.db import encryption
from app.db.encryption import Cipher
from app.db.types import UtcDateTime
from app.db.work import NOBODY
from app.errors import ConfigurationError

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # A crash of the process loses nothing; a power cut may lose the last moments, never the file.
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
)

WAIT_SECONDS = 2.0
"""For a free connection. Slack gives up after three, and providers come again."""
# A server that is gone without a word is noticed within seconds, not after the two hours of the system's own patience.
# https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
POSTGRESQL_PATIENCE = {
    "connect_timeout": "3",
    "keepalives_idle": "10",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
# A process that hangs within a transaction must not keep its rows from the others.
POSTGRESQL_SETTINGS = "SET idle_in_transaction_session_timeout = '10s'"


class Database:
    """The one way to the database: ``transaction()`` to write, ``reading()`` to read. No transaction stays open
    across a request to anybody. ``holder`` is who this process claims calls as (``notify``).
    ``keys`` are those that what is stored is encrypted with (``encryption``)."""

    def __init__(self, url: str, *, connections: int = 20, keys: Sequence[str] = ()) -> None:
        self.url = database_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _engine(self.url, connections)
        encryption.use(self.engine.dialect, Cipher(keys))
        self.holder = NOBODY
        # SQLite has one writer; threads that wait for each other here do not sleep in its busy handler. A transaction
        # within a transaction would wait for ever; with this kind of lock SQLite refuses it.
        self._one_writer = threading.RLock() if self.is_sqlite else nullcontext()

    @property
    def is_encrypted(self) -> bool:
        """Whether what is secret or personal is encrypted from now on."""
        return encryption.cipher_of(self.engine.dialect).is_on

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._one_writer, self.engine.begin() as connection:
            self._begin(connection, "BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            self._begin(connection, "BEGIN")
            yield connection

    def now(self) -> datetime:
        """The database's own clock: the one all machines agree on."""
        with self.reading() as connection:
            if self.is_sqlite:
                now = func.strftime("%Y-%m-%d %H:%M:%f000", "now", type_=UtcDateTime())
            else:
                now = func.clock_timestamp(type_=UtcDateTime())
            moment: datetime = connection.execute(select(now)).scalar_one()
            return moment

    def _begin(self, connection: Connection, word: str) -> None:
        """SQLite's driver would begin by itself, and too late. Said here and not by an event of SQLAlchemy's: as soon
        as an engine has any, each statement costs a third more."""
        if self.is_sqlite:
            connection.connection.cursor().execute(word)

    @property
    def driver_url(self) -> str:
        """For a connection beside the pool; it holds the password."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def close(self) -> None:
        self.engine.dispose()


def database_url(url: str) -> URL:
    """``url`` with the driver we use. Raises ``ConfigurationError`` for other databases and for what is no address."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number is only a ValueError
        raise ConfigurationError("\n  DATABASE_URL: must be an address such as sqlite:///switchboard.db.") from None
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            return parsed.set(drivername="sqlite+pysqlite")
        # postgres:// is what several hosts hand out.
        case "postgresql" | "postgres":
            patience = {name: value for name, value in POSTGRESQL_PATIENCE.items() if name not in parsed.query}
            return parsed.set(drivername="postgresql+psycopg").update_query_dict(patience)
    raise ConfigurationError("\n  DATABASE_URL: must begin with sqlite:/// and a file name, or with postgresql://.")


def is_away(error: Exception) -> bool:
    """Whether the database could not be reached, or had no time: the same may succeed later."""
    # SQLite's driver calls it operational too when a statement is wrong, or a table is missing.
    is_wrong = (
        isinstance(error, OperationalError) and getattr(error.orig, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR
    )
    return isinstance(error, OperationalError | InterfaceError | NoneFree) and not is_wrong


def _engine(url: URL, connections: int) -> Engine:
    # hide_parameters: what is stored is personal, and an error's text ends up in the log.
    options: dict[str, Any] = {"pool_size": connections, "pool_timeout": WAIT_SECONDS, "hide_parameters": True}
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, max_overflow=connections, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    engine = create_engine(url, max_overflow=0, pool_pre_ping=True, **options)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.execute(POSTGRESQL_SETTINGS)
    dbapi_connection.commit()


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, and only when something is written: too late to be the lock.
    dbapi_connection.isolation_level = None
    for pragma in SQLITE_PRAGMAS:
        dbapi_connection.execute(pragma)
