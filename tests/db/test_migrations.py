"""The migrations make what the models describe, however often and by however many they are run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.engine import Inspector

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


def test_an_older_version_goes_on_with_the_tables_of_a_newer_one(database: Database) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert migrate.problem(database) is None


def test_a_version_does_not_begin_with_the_tables_of_an_older_one(database: Database) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    assert "python -m app db upgrade" in str(migrate.problem(database))


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


# Each migration leaves the version before it able to work.


def test_migrations_only_add(empty: Database) -> None:
    before: Tables = {}
    for revision in revisions():
        with empty.transaction() as connection:
            command.upgrade(config(connection), revision)
            after = tables(connection)
        assert broken(before, after) == [], revision
        before = after


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DROP TABLE emails", "emails is gone"),
        ("ALTER TABLE calls DROP COLUMN host", "calls.host is gone"),
        ("ALTER TABLE calls RENAME COLUMN host TO machine", "calls.host is gone"),
        ("ALTER TABLE calls ADD COLUMN machine INTEGER NOT NULL DEFAULT 0", None),
        ("ALTER TABLE calls ADD COLUMN machine TEXT", None),
        ("CREATE UNIQUE INDEX one_host ON calls (host)", "calls: host must be unique"),
        ("CREATE INDEX by_host ON calls (host)", None),
    ],
)
def test_a_migration_that_breaks_the_version_before_is_found(database: Database, change: str, told: str | None) -> None:
    with database.transaction() as connection:
        before = tables(connection)
        connection.exec_driver_sql(change)
        assert broken(before, tables(connection)) == ([told] if told else [])


def test_a_column_that_the_version_before_does_not_fill_is_found() -> None:
    """SQLite adds no such column to a table, and PostgreSQL only to an empty one."""
    old, new = Column("TEXT", is_filled_by_itself=True), Column("TEXT", is_filled_by_itself=False)
    before = {"calls": Described({"id": old}, frozenset())}
    after = {"calls": Described({"id": old, "machine": new}, frozenset())}
    assert broken(before, after) == ["calls.machine must be filled"]


@dataclass(frozen=True)
class Column:
    kind: str
    is_filled_by_itself: bool


@dataclass(frozen=True)
class Described:
    columns: Mapping[str, Column]
    unique: frozenset[tuple[str, ...]]


Tables: TypeAlias = dict[str, Described]


def broken(before: Tables, after: Tables) -> list[str]:
    """What code that knows the tables as they were ``before`` would stumble over."""
    gone = [f"{name} is gone" for name in before.keys() - after.keys()]
    return gone + [trouble for name in before.keys() & after.keys() for trouble in _broken(name, before, after)]


def _broken(name: str, before: Tables, after: Tables) -> Iterator[str]:
    old, new = before[name], after[name]
    yield from (f"{name}.{column} is gone" for column in old.columns.keys() - new.columns.keys())
    for column in old.columns.keys() & new.columns.keys():
        if old.columns[column] != new.columns[column]:
            yield f"{name}.{column} is another"
    for column in new.columns.keys() - old.columns.keys():
        if not new.columns[column].is_filled_by_itself:
            yield f"{name}.{column} must be filled"
    yield from (f"{name}: {', '.join(columns)} must be unique" for columns in new.unique - old.unique)


def revisions() -> list[str]:
    """Oldest first."""
    folder = ScriptDirectory(str(migrate.MIGRATIONS))
    return [script.revision for script in folder.walk_revisions()][::-1]


def config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def tables(connection: Connection) -> Tables:
    looked = inspect(connection)
    return {name: _described(looked, name) for name in looked.get_table_names()}


def _described(looked: Inspector, table: str) -> Described:
    columns = {
        column["name"]: Column(
            str(column["type"]),
            is_filled_by_itself=column["nullable"] or column["default"] is not None or "computed" in column,
        )
        for column in looked.get_columns(table)
    }
    constraints = [tuple(each["column_names"]) for each in looked.get_unique_constraints(table)]
    indexes = [tuple(map(str, each["column_names"])) for each in looked.get_indexes(table) if each["unique"]]
    return Described(columns, frozenset([*constraints, *indexes]))
