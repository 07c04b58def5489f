"""Processes on one SQLite file: whoever is alone need not wait for those who were here before."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from app.db.file_presence import FilePresence
from app.db.session import Database
from tests.clocks import START
from tests.conftest import migrate_url
from tests.databases import ROOT, fresh_database_url
from tests.db.given import claimed, given_call

AFTER_A_SECOND = START + timedelta(seconds=1)
OTHER = """
import sys
from app.db.file_presence import FilePresence
from app.db.session import Database
presence = FilePresence(Database(sys.argv[1]))
presence.start()
print("here", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    with fresh_database_url(tmp_path, migrate_url, "sqlite") as url:
        yield url


@pytest.fixture
def other(database_url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that is there."""
    command = [sys.executable, "-c", OTHER, database_url]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "here\n"
    yield process
    process.kill()
    process.communicate()


@contextmanager
def begun(database: Database) -> Iterator[None]:
    presence = FilePresence(database)
    presence.start()
    yield
    presence.stop()


def test_the_calls_of_a_killed_process_are_free_when_the_next_one_starts(
    database: Database, other: subprocess.Popen[str]
) -> None:
    given_call(database)
    assert claimed(database)
    other.kill()
    other.wait()
    with begun(database):
        assert claimed(database, AFTER_A_SECOND)


@pytest.mark.usefixtures("other")
def test_the_calls_of_a_living_process_are_left_alone(database: Database) -> None:
    given_call(database)
    assert claimed(database)
    with begun(database):
        assert claimed(database, AFTER_A_SECOND) is None


def test_a_process_that_was_not_alone_leaves_the_next_one_alone(
    database: Database, other: subprocess.Popen[str]
) -> None:
    """It shares the lock with whoever was first, and keeps its share."""
    with begun(database):
        other.kill()
        other.wait()
        given_call(database)
        assert claimed(database)
        with begun(database):
            assert claimed(database, AFTER_A_SECOND) is None


def test_where_nothing_can_be_locked_leases_are_waited_for(database: Database) -> None:
    given_call(database)
    assert claimed(database)
    Path(f"{database.url.database}-workers").mkdir()
    with begun(database):
        assert claimed(database, AFTER_A_SECOND) is None
