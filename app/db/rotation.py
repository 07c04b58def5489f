"""Encrypt all that is stored with the first of today's keys, a few rows at a time, while the app runs.

A row that the app has changed since it was read here is left as it is: it was written with today's keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    LargeBinary,
    MetaData,
    String,
    Table,
    Update,
    delete,
    select,
    tuple_,
    update,
)

from app.db.encryption import Cipher, cipher_of
from app.db.models import COPY
from app.db.schema import METADATA
from app.db.session import Database
from app.db.types import Json, Private, PrivateBytes
from app.errors import ConfigurationError, StoredUnreadable

BATCH = 100
"""Rows in one transaction: a few milliseconds, in which nobody else can write to SQLite."""
StoredRow: TypeAlias = dict[str, Any]
"""Values by column, as they stand in the database."""
_BLIND = re.compile("[0-9a-f]{64}")


@dataclass(slots=True)
class Rotated:
    """``unreadable`` names the rows that are encrypted with none of the keys."""

    rows: int = 0
    unreadable: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Stored:
    """A table as its values stand in the database. ``blind`` maps a column that rows are looked up by to the one with
    the encrypted value, where there is one."""

    table: Table
    sealed: Sequence[str]
    blind: Mapping[str, str | None]

    @classmethod
    def of(cls, table: Table) -> _Stored:
        sealed = [column.name for column in table.c if _is_private(column)]
        blind = {column.name: column.info.get(COPY) for column in table.c if column.info.get("is_blind")}
        raw = [
            Column(column.name, _raw_type(column), primary_key=column.primary_key)
            for column in table.c
            if column.primary_key or column.name in (*sealed, *blind)
        ]
        return cls(Table(table.name, MetaData(), *raw), sealed, blind)


def rotate(database: Database, *, forget: bool = False) -> Rotated:
    """Encrypt everything with the first key. With ``forget`` the rows that nobody can read any more are deleted.

    Raises ``ConfigurationError`` when there are no keys.
    """
    if not cipher_of(database.engine.dialect).is_on:
        raise ConfigurationError("\n  ENCRYPTION_KEYS: is missing.")
    came_to = Rotated()
    for table in METADATA.sorted_tables:
        stored = _Stored.of(table)
        if stored.sealed:
            for rows in _batches(database, stored):
                _rotate(database, stored, rows, came_to, forget=forget)
    if came_to.rows and database.is_sqlite:
        _wipe(database)
    return came_to


def _wipe(database: Database) -> None:
    """SQLite leaves what was overwritten in the file until it needs the place."""
    with database.engine.connect() as connection:
        connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _batches(database: Database, stored: _Stored) -> Iterator[Sequence[StoredRow]]:
    key = stored.table.primary_key.columns
    statement = select(stored.table).order_by(*key).limit(BATCH)
    following = statement
    while True:
        with database.reading() as connection:
            rows = [dict(row._mapping) for row in connection.execute(following)]
        if not rows:
            return
        yield rows
        following = statement.where(tuple_(*key) > tuple_(*(rows[-1][column.name] for column in key)))


def _rotate(database: Database, stored: _Stored, rows: Sequence[StoredRow], came_to: Rotated, *, forget: bool) -> None:
    cipher = cipher_of(database.engine.dialect)
    statements: list[Update | Delete] = []
    for row in rows:
        try:
            values = _changed(cipher, stored, row)
        except StoredUnreadable:
            came_to.unreadable.append(_name(stored, row))
            if forget:
                statements.append(delete(stored.table).where(*_as_read(stored, row, stored.sealed)))
        else:
            if values:
                statements.append(update(stored.table).values(values).where(*_as_read(stored, row, values)))
    if statements:
        with database.transaction() as connection:
            came_to.rows += sum(connection.execute(statement).rowcount for statement in statements)


def _as_read(stored: _Stored, row: StoredRow, names: Iterable[str]) -> list[ColumnElement[bool]]:
    """The row, if nobody has written it since."""
    key = [column.name for column in stored.table.primary_key.columns]
    return [stored.table.c[name].is_not_distinct_from(row[name]) for name in (*key, *names)]


def _changed(cipher: Cipher, stored: _Stored, row: StoredRow) -> dict[str, Any]:
    """The columns that must be written anew. Raises ``StoredUnreadable``."""
    changed: dict[str, Any] = {}
    for name in stored.sealed:
        value = row[name]
        if value is not None:
            raw = value.encode() if isinstance(value, str) else bytes(value)
            if not cipher.is_sealed_with_first(raw):
                sealed = cipher.seal(cipher.open(raw))
                changed[name] = sealed.decode() if isinstance(value, str) else sealed
    for name, copy in stored.blind.items():
        value = row[name]
        if value is not None and not _BLIND.fullmatch(value):
            changed[name] = cipher.blind(value)
            if copy is not None:
                changed[copy] = cipher.seal_text(value)
    return changed


def _name(stored: _Stored, row: StoredRow) -> str:
    return " ".join([stored.table.name, *(str(row[column.name]) for column in stored.table.primary_key.columns)])


def _is_private(column: Column[Any]) -> bool:
    kind = column.type
    return isinstance(kind, Private | PrivateBytes) or (isinstance(kind, Json) and kind.is_private)


def _raw_type(column: Column[Any]) -> String | LargeBinary:
    return LargeBinary() if isinstance(column.type, PrivateBytes) else String()
