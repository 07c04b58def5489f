"""Connections and transactions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from app.db.session import Database, database_url
from app.errors import ConfigurationError
from tests.db.given import given_call, learn


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///switchboard.db", "sqlite+pysqlite"),
        ("postgresql://db.example/switchboard", "postgresql+psycopg"),
        ("postgres://db.example/switchboard", "postgresql+psycopg"),
        ("postgresql+psycopg2://db.example/switchboard", "postgresql+psycopg"),
    ],
)
def test_the_driver_is_ours(url: str, driver: str) -> None:
    assert database_url(url).drivername == driver


@pytest.mark.parametrize(
    "url",
    ["", "switchboard.db", "mysql://db.example/x", "sqlite://", "sqlite:///:memory:", "postgresql://u:p@h:abc/d"],
)
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        database_url(url)


def test_the_database_has_a_clock(database: Database) -> None:
    now = database.now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    given_call(database)

    def fail() -> None:
        with database.transaction() as connection:
            learn(connection, "call-1", failure="It could not start.")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reading() as connection:
        assert connection.execute(text("SELECT failure FROM calls")).scalar_one() is None


def test_reading_does_not_wait_for_a_writer(database: Database) -> None:
    given_call(database)
    with database.transaction() as writer:
        learn(writer, "call-1", failure="It could not start.")
        with database.reading() as connection:
            assert connection.execute(text("SELECT failure FROM calls")).scalar_one() is None


def test_what_was_stored_does_not_stand_in_errors(database: Database) -> None:
    with pytest.raises(Exception, match="calls") as raised, database.transaction() as connection:
        connection.execute(text("INSERT INTO calls (id) VALUES (:id)"), {"id": "very private"})
    assert "very private" not in str(raised.value).partition("DETAIL")[0]
