"""The databases that tests run on: each new, migrated, alone, and gone afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from tests.databases import ROOT, Kind, chosen_kind, fresh_database_url


def migrate(url: str) -> None:
    run(url, "CREATE TABLE notes (word TEXT NOT NULL)")


def run(url: str, statement: str) -> list[str]:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return [str(row[0]) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


@pytest.fixture
def kind() -> Kind:
    return chosen_kind()


def test_each_database_is_migrated_and_knows_nothing_of_the_others(tmp_path: Path) -> None:
    with fresh_database_url(tmp_path, migrate) as one, fresh_database_url(tmp_path, migrate) as other:
        run(one, "INSERT INTO notes VALUES ('mine')")
        run(one, "CREATE TABLE extra (word TEXT)")

        assert run(one, "SELECT word FROM notes") == ["mine"]
        assert run(other, "SELECT word FROM notes") == []
        assert run(other, "CREATE TABLE extra (word TEXT)") == []
    with fresh_database_url(tmp_path, migrate) as later:
        assert run(later, "SELECT word FROM notes") == []


def test_migrating_happens_once(tmp_path: Path) -> None:
    migrated: list[str] = []

    def counting(url: str) -> None:
        migrated.append(url)
        migrate(url)

    for _ in range(3):
        with fresh_database_url(tmp_path, counting) as url:
            assert run(url, "SELECT word FROM notes") == []
    assert len(migrated) == 1


def test_without_a_migration_it_is_empty(tmp_path: Path) -> None:
    with fresh_database_url(tmp_path) as url:
        migrate(url)
        assert run(url, "SELECT word FROM notes") == []


def test_an_sqlite_database_leaves_no_file(tmp_path: Path) -> None:
    with fresh_database_url(tmp_path, migrate, "sqlite") as url:
        run(url, "PRAGMA journal_mode = WAL")
        run(url, "INSERT INTO notes VALUES ('mine')")
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []


def test_a_postgresql_database_goes_even_while_someone_is_connected(tmp_path: Path, kind: Kind) -> None:
    if kind != "postgresql":
        pytest.skip("only on PostgreSQL")
    with fresh_database_url(tmp_path, migrate) as url:
        driver_url = url.replace("+psycopg", "")
        left_open = psycopg.connect(driver_url)
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("SELECT 1")
    left_open.close()
    with pytest.raises(OperationalError, match="does not exist"):
        run(url, "SELECT 1")


def test_the_server_ends_when_the_tests_are_killed(kind: Kind) -> None:
    if kind != "postgresql" or "TEST_DATABASE_URL" in os.environ:
        pytest.skip("only on the embedded PostgreSQL")
    starting_one = "from tests.databases import _server; print(_server().query['host'], flush=True); input()"
    tests = subprocess.Popen(
        [sys.executable, "-c", starting_one],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert tests.stdout is not None
    socket_folder = Path(tests.stdout.readline().strip())
    assert list(socket_folder.glob(".s.PGSQL.*"))

    tests.send_signal(signal.SIGKILL)
    tests.communicate()

    deadline = time.monotonic() + 20
    while list(socket_folder.glob(".s.PGSQL.*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not list(socket_folder.glob(".s.PGSQL.*"))


@pytest.mark.parametrize("wrong", ["mysql", ""])
def test_a_wrong_choice_is_named(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("TEST_DATABASE", wrong)
    with pytest.raises(ValueError, match="must be 'sqlite' or 'postgresql'"):
        chosen_kind()
