"""Column types: moments in UTC, and our own values as JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from app.errors import StoredUnreadable

T = TypeVar("T")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment. SQLite has no zones: there the text is UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[T]):
    """A value of our own (a dataclass, a mapping) as JSON text, read back as the same type.

    ``remembered`` values of the same text are read once and shared: for frozen ones that are read again and again.
    """

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any, *, remembered: int = 0) -> None:
        super().__init__()
        self.kind = kind
        self.remembered = remembered
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)
        self._read: Callable[[str], T] = lru_cache(remembered)(self._adapter.validate_json)

    def process_bind_param(self, value: T | None, _dialect: Dialect) -> str | None:
        return None if value is None else self._adapter.dump_json(value, exclude_none=True).decode()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> T | None:
        if value is None:
            return None
        try:
            return self._read(value)
        except ValidationError as error:
            # Without the cause: it quotes the value, which is personal, and would stand in the log.
            raise StoredUnreadable(_where(error)) from None


def _where(error: ValidationError) -> str:
    """Which kind of problem, and no more: even the names in a mapping are somebody's."""
    return f"{error.title}: {', '.join(sorted({problem['type'] for problem in error.errors(include_input=False)}))}"
