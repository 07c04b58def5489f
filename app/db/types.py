"""Column types: moments in UTC, our own values as JSON, and what is encrypted where there are keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import DateTime, Dialect, LargeBinary, String, Text
from sqlalchemy.types import TypeDecorator

from app.db.encryption import Cipher, cipher_of
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


class Private(TypeDecorator[str]):
    """A text that is encrypted where there are keys."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else cipher_of(dialect).seal_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else cipher_of(dialect).open_text(value)


class PrivateBytes(TypeDecorator[bytes]):
    """Bytes that are encrypted where there are keys."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else cipher_of(dialect).seal(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else cipher_of(dialect).open(bytes(value))


class Json(TypeDecorator[T]):
    """A value of our own (a dataclass, a mapping) as JSON text, read back as the same type.

    ``remembered`` values of the same stored text are read once and shared: for frozen ones that are read again and
    again. One that ``is_private`` is encrypted where there are keys.
    """

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any, *, remembered: int = 0, is_private: bool = False) -> None:
        super().__init__()
        self.kind = kind
        self.remembered = remembered
        self.is_private = is_private
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)
        # What one database can read, another without its keys cannot.
        self._read: Callable[[Cipher, str], T] = lru_cache(remembered)(self._open)

    def process_bind_param(self, value: T | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        text = self._adapter.dump_json(value, exclude_none=True)
        return (cipher_of(dialect).seal(text) if self.is_private else text).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> T | None:
        if value is None:
            return None
        try:
            return self._read(cipher_of(dialect), value)
        except ValidationError as error:
            # Without the cause: it quotes the value, which is personal, and would stand in the log.
            raise StoredUnreadable(_where(error)) from None

    def _open(self, cipher: Cipher, stored: str) -> T:
        return self._adapter.validate_json(cipher.open_text(stored) if self.is_private else stored)


def _where(error: ValidationError) -> str:
    """Which kind of problem, and no more: even the names in a mapping are somebody's."""
    return f"{error.title}: {', '.join(sorted({problem['type'] for problem in error.errors(include_input=False)}))}"
