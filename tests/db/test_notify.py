"""Processes on one PostgreSQL database: who is alive, and who has made work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from app.db import work
from app.db.notify import CHANNEL, MOST_RINGS, Presence, tell_from_outside
from app.db.session import Database
from app.db.work import NOBODY, Holder, Lease
from tests.clocks import START, MovedClock
from tests.db.given import LEASE_SECONDS, given_call, next_due
from tests.db.many import cut_connections, postgresql

PATIENCE_SECONDS = 20
AFTER_A_SECOND = START + timedelta(seconds=1)
"""When a call that was claimed at the start has its next turn."""


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    with postgresql(tmp_path) as url:
        yield url


class Process:
    """One among others, as far as the database can tell: it has a pool and a presence of its own."""

    def __init__(self, url: str, clock: MovedClock) -> None:
        self.database = Database(url, connections=2)
        self.rung = threading.Semaphore(0)
        self.presence = Presence(self.database, clock, self.rung.release, lease_seconds=LEASE_SECONDS)
        self.presence.start()

    def is_rung(self) -> bool:
        return self.rung.acquire(timeout=PATIENCE_SECONDS)

    def arrives(self) -> None:
        """It has connected, and has heard all that rings for that."""
        assert all(self.is_rung() for _ in range(MOST_RINGS))

    def claim(self, now: datetime = START) -> Lease | None:
        with self.database.transaction() as connection:
            return work.claim(connection, now, LEASE_SECONDS, self.database.holder)

    def die(self) -> None:
        """Gone, and the database has noticed: its lock can be had."""
        number = self.database.holder.number
        self.stop()
        with psycopg.connect(self.database.driver_url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(%s, %s)", (work.LOCKS, number))

    def stop(self) -> None:
        self.presence.stop()
        self.database.close()


@pytest.fixture
def begin(database_url: str, clock: MovedClock) -> Iterator[Callable[[], Process]]:
    with ExitStack() as stack:

        def process() -> Process:
            begun = Process(database_url, clock)
            stack.callback(begun.stop)
            begun.arrives()
            return begun

        yield process


# Who is alive


def test_the_calls_of_a_dead_process_are_taken_over_at_once(database: Database, begin: Callable[[], Process]) -> None:
    given_call(database)
    dying, other = begin(), begin()
    lease = dying.claim()
    assert lease
    dying.die()
    taken = other.claim(AFTER_A_SECOND)
    assert taken
    assert (taken.call_id, taken.token == lease.token) == (lease.call_id, False)


def test_the_calls_of_a_living_process_are_left_alone(database: Database, begin: Callable[[], Process]) -> None:
    given_call(database)
    one, other = begin(), begin()
    assert one.claim()
    assert other.claim(START + timedelta(seconds=LEASE_SECONDS - 1)) is None
    assert other.claim(START + timedelta(seconds=LEASE_SECONDS))


def test_whoever_has_no_lock_is_waited_for(database: Database, begin: Callable[[], Process]) -> None:
    """A process that has lost its connection, or one of an earlier version."""
    given_call(database)
    with database.transaction() as connection:
        assert work.claim(connection, START, LEASE_SECONDS, NOBODY)
    assert begin().claim(AFTER_A_SECOND) is None


def test_whoever_has_lost_the_others_from_sight_takes_none_for_dead_until_they_had_time_to_come_back(
    database_url: str, database: Database, begin: Callable[[], Process]
) -> None:
    given_call(database)
    other = begin()
    cut_connections(database_url)
    other.arrives()
    nearly_sure = START + timedelta(seconds=LEASE_SECONDS - 1)
    with database.transaction() as connection:
        assert work.claim(connection, nearly_sure - timedelta(seconds=2), LEASE_SECONDS, Holder(12345))
    assert other.claim(nearly_sure) is None
    assert other.claim(nearly_sure + timedelta(seconds=1))


def test_a_call_that_is_held_by_a_process_that_may_die_is_looked_at_every_second(
    database: Database, begin: Callable[[], Process]
) -> None:
    given_call(database)
    assert begin().claim()
    assert next_due(database) == START + timedelta(seconds=1)
    now = START + timedelta(seconds=5)
    assert next_due(database, now) == now + timedelta(seconds=1)
    now = START + timedelta(seconds=LEASE_SECONDS - 0.5)
    assert next_due(database, now) == START + timedelta(seconds=LEASE_SECONDS)


def test_locks_of_other_kinds_are_no_sign_of_life(database: Database, begin: Callable[[], Process]) -> None:
    given_call(database)
    with database.transaction() as connection:
        assert work.claim(connection, START, LEASE_SECONDS, Holder(12345))
    with database.transaction() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7, 12345)")
        assert begin().claim(AFTER_A_SECOND)


# Who has made work


def test_the_others_hear_of_work_and_whoever_made_it_does_not(begin: Callable[[], Process]) -> None:
    one, other = begin(), begin()
    one.presence.tell()
    assert other.is_rung()
    other.presence.tell()  # heard by the first after its own word, had that come back
    assert one.is_rung()
    assert not one.rung.acquire(blocking=False)


def test_as_many_are_woken_as_there_is_work_for(begin: Callable[[], Process]) -> None:
    one, other = begin(), begin()
    for _ in range(5):
        one.presence.tell()
    assert all(other.is_rung() for _ in range(5))


def test_a_storm_is_told_in_few_words(begin: Callable[[], Process], database_url: str) -> None:
    one, other = begin(), begin()
    with listening(database_url) as listener:
        for _ in range(5000):
            one.presence.tell()
        assert other.is_rung()
        assert 1 <= len(list(listener.notifies(timeout=0.2))) < 100


def test_nonsense_on_the_channel_is_one_ring(begin: Callable[[], Process], database_url: str) -> None:
    heard = begin()
    with listening(database_url) as connection:
        for payload in ("", "many", "-3", "9" * 4000):
            connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
            assert heard.is_rung()
        connection.execute("SELECT pg_notify(%s, '2')", (CHANNEL,))
        assert heard.is_rung()


def test_a_cut_connection_is_made_anew_and_what_was_missed_is_looked_for(
    begin: Callable[[], Process], database_url: str
) -> None:
    one, other = begin(), begin()
    cut_connections(database_url)
    one.arrives()
    other.arrives()
    assert None not in [each.database.holder.number for each in (one, other)]
    one.presence.tell()
    assert other.is_rung()


def test_work_that_is_made_while_the_connection_is_cut_is_told_of_when_it_is_back(
    begin: Callable[[], Process], database_url: str
) -> None:
    one, other = begin(), begin()
    its = f"pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {one.database.holder.number})"
    cut_connections(database_url, its)
    one.presence.tell()
    assert other.is_rung()
    assert not other.rung.acquire(blocking=False)


@contextmanager
def listening(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(Database(url).driver_url, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        yield connection


def test_a_command_that_is_no_such_process_is_heard_by_all(database: Database, begin: Callable[[], Process]) -> None:
    processes = [begin(), begin()]
    tell_from_outside(database)
    assert all(process.is_rung() for process in processes)
