"""The migrations make what the models describe, however often and by however many they are run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import migrate
from app.db.session import Database
from app.errors import DatabaseUnusable
from tests.databases import ROOT, fresh_database_url

UPGRADE = """
import sys
from app.db import migrate
from app.db.session import Database
from app.errors import DatabaseUnusable
migrate.upgrade(Database(sys.argv[1]))
"""


@pytest.fixture
def empty_url(tmp_path: Path) -> Iterator[str]:
    with fresh_database_url(tmp_path) as url:
        yield url


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    database = Database(empty_url)
    yield database
    database.close()


def test_the_migrations_make_what_the_models_describe(database: Database) -> None:
    with database.reading() as connection:
        assert migrate.differences(connection) == []


def test_upgrading_twice_is_harmless(database: Database) -> None:
    migrate.upgrade(database)
    assert migrate.is_current(database)


def test_several_processes_may_upgrade_at_once(empty_url: str, empty: Database) -> None:
    command = [sys.executable, "-c", UPGRADE, empty_url]
    upgrades = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    errors = [upgrade.communicate(timeout=60)[1] for upgrade in upgrades]
    assert [upgrade.returncode for upgrade in upgrades] == [0, 0, 0], errors
    assert migrate.is_current(empty)


def test_a_database_that_was_never_upgraded_says_what_to_do(empty: Database) -> None:
    assert "python -m app db upgrade" in str(migrate.problem(empty))


def test_a_database_that_is_current_has_no_problem(database: Database) -> None:
    assert migrate.problem(database) is None


def test_a_database_that_is_away_is_a_problem_too(tmp_path: Path) -> None:
    away = Database(f"sqlite:///{tmp_path}/nowhere/switchboard.db")
    assert migrate.problem(away) == "The database cannot be reached."


def test_a_database_that_is_away_cannot_be_upgraded(tmp_path: Path) -> None:
    away = Database(f"sqlite:///{tmp_path}/nowhere/switchboard.db")
    with pytest.raises(DatabaseUnusable, match="Does the file's folder exist"):
        migrate.upgrade(away)


def test_tables_of_a_newer_version_are_left_alone(database: Database) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseUnusable, match="not of this version"):
        migrate.upgrade(database)
