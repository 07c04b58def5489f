"""INSERT … ON CONFLICT, which both databases spell alike and SQLAlchemy spells apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_or_ignore(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row; False when one with the same key stands there already."""
    return connection.execute(_or_ignore(connection.dialect.name, table), values).rowcount == 1


def insert_or_replace(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, key: Sequence[str], value: str
) -> None:
    """Insert rows, or give those whose ``key`` columns stand there already the new ``value`` column."""
    connection.execute(_or_replace(connection.dialect.name, table, tuple(key), value), rows)


# Building a statement costs ten times as much as executing it, so each is built once.


@cache
def _or_ignore(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    # Of an INSERT the count is thrown away, unless asked for.
    return insert_into(dialect, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)


@cache
def _or_replace(dialect: str, table: Table, key: tuple[str, ...], value: str) -> sqlite.Insert | postgresql.Insert:
    statement = insert_into(dialect, table)
    return statement.on_conflict_do_update(index_elements=key, set_={value: statement.excluded[value]})


def insert_into(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
