"""How the processes on one PostgreSQL database know of each other: who is alive, and that there is work.

A process has one connection for this alone. It holds a lock of the database's that is gone as soon as the process is,
whatever ended it; and over it the process tells the others of work, and hears them (``LISTEN`` and ``NOTIFY``).

The word is sent after the commit that it is about, by a thread of its own, and once for many commits: transactions that
carry one commit one after the other, in the whole server (``PreCommit_Notify`` in PostgreSQL's ``async.c``), and
webhooks must not wait for that. Should it get lost, the others look by themselves within seconds.
"""

from __future__ import annotations

import secrets
import selectors
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import psycopg
from sqlalchemy import func, select

from app import logs
from app.clock import Clock
from app.db.session import Database
from app.db.work import LOCKS, NOBODY, Holder

CHANNEL = "switchboard_work"
MOST_RINGS = 64
"""For one word: as many as a process may have workers."""
PAUSE_SECONDS = 0.01
"""Between two words, so that a storm of webhooks is not a storm of these."""
FIRST_BACKOFF_SECONDS = 0.05
LAST_BACKOFF_SECONDS = 2.0

log = logs.get(__name__)


class Presence:
    """This process among the others. ``ring`` is called for every commit of theirs that made work, and whenever some
    may have been missed.

    As long as it is connected, ``database.holder`` is who it is. A process that has lost its connection was perhaps not
    the only one; until the others have had a lease's time to come back, it takes none of them for dead.
    """

    def __init__(self, database: Database, clock: Clock, ring: Callable[[], None], *, lease_seconds: float) -> None:
        self._database = database
        self._clock = clock
        self._ring = ring
        self._doubt = timedelta(seconds=lease_seconds)
        self._sure_at: datetime | None = None
        self._stopping = threading.Event()
        self._counting = threading.Lock()
        self._untold = 0
        self._thread = threading.Thread(target=self._stay, name="presence")
        self._woken: socket.socket | None = None
        self._waker: socket.socket | None = None

    def tell(self) -> None:
        """There is work for one more worker, wherever. Returns at once."""
        with self._counting:
            self._untold += 1
            is_first = self._untold == 1
        if is_first:
            self._wake()

    def start(self) -> None:
        """Be there until ``stop``, again and again when the database goes away."""
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._wake()
        self._thread.join()
        for end in filter(None, (self._woken, self._waker)):
            end.close()

    def _stay(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._database.driver_url, autocommit=True) as connection:
                    self._arrive(connection)
                    backoff = FIRST_BACKOFF_SECONDS
                    self._listen(connection)
            except psycopg.OperationalError as error:
                log.warning("cannot hear other processes", why=type(error).__name__)
            finally:
                self._database.holder = NOBODY
            self._stopping.wait(backoff)
            backoff = min(2 * backoff, LAST_BACKOFF_SECONDS)

    def _arrive(self, connection: psycopg.Connection) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        number = _take_number(connection)
        now = self._clock.now()
        self._sure_at = now if self._sure_at is None else now + self._doubt
        self._database.holder = Holder(number, sure_at=self._sure_at)
        for _ in range(MOST_RINGS):
            self._ring()

    def _listen(self, connection: psycopg.Connection) -> None:
        assert self._woken is not None
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            woken = selector.register(self._woken, selectors.EVENT_READ)
            while not self._stopping.is_set():
                if self._untold:
                    self._pass_on(connection)
                # After the sending: what came with its answer does not wake this thread again.
                self._hear(connection)
                if any(key is woken for key, _ in selector.select(0 if self._untold else None)):
                    self._woken.recv(4096)

    def _pass_on(self, connection: psycopg.Connection) -> None:
        untold = self._untold
        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(min(untold, MOST_RINGS))))
        with self._counting:
            self._untold -= untold
        self._stopping.wait(PAUSE_SECONDS)

    def _hear(self, connection: psycopg.Connection) -> None:
        for word in connection.notifies(timeout=0):
            if word.pid != connection.info.backend_pid:
                for _ in range(_rings(word.payload)):
                    self._ring()

    def _wake(self) -> None:
        with suppress(OSError):  # it has been woken so often that it will look, or it has stopped
            if self._waker is not None:
                self._waker.send(b"!")


def _take_number(connection: psycopg.Connection) -> int:
    """A number that no other process has, locked for as long as the connection lasts."""
    while True:
        number = secrets.randbelow(2**31 - 1) + 1
        taken = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (LOCKS, number)).fetchone()
        if taken == (True,):
            return number


def _rings(payload: str) -> int:
    """How often to ring; anybody who may use the database may say anything on the channel."""
    return min(int(payload), MOST_RINGS) if payload.isascii() and payload.isdecimal() else 1


def tell_from_outside(database: Database) -> None:
    """There is work, says a process that is none of them. On SQLite nobody is told: they look by themselves."""
    if not database.is_sqlite:
        with database.transaction() as connection:
            connection.execute(select(func.pg_notify(CHANNEL, "1")))
