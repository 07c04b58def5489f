"""INSERT … ON CONFLICT, which both databases spell alike and SQLAlchemy spells apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from app.db.models import Base


def insert_or_ignore(connection: Connection, table: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert a row; False when one with the same key stands there already."""
    statement = _insert(connection, table).on_conflict_do_nothing()
    return connection.execute(statement, values).rowcount == 1


def insert_or_replace(
    connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]], *, key: Sequence[str], value: str
) -> None:
    """Insert rows, or give those whose ``key`` columns stand there already the new ``value`` column."""
    statement = _insert(connection, table)
    connection.execute(
        statement.on_conflict_do_update(index_elements=key, set_={value: statement.excluded[value]}), rows
    )


def _insert(connection: Connection, table: type[Base]) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
