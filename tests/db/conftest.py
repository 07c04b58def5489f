"""Databases with keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app.db.session import Database


@pytest.fixture
def open_with(database_url: str) -> Iterator[Callable[..., Database]]:
    """``open_with(NEW, OLD)`` opens the database of the test with these keys."""
    opened: list[Database] = []

    def open_(*keys: str) -> Database:
        opened.append(Database(database_url, keys=keys))
        return opened[-1]

    yield open_
    for database in opened:
        database.close()
