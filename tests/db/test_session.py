"""Connections and transactions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoneFree

from app.db.session import Database, database_url, is_away
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


def test_a_server_that_is_gone_without_a_word_is_noticed_soon() -> None:
    assert database_url("postgresql://db.example/switchboard").query["tcp_user_timeout"] == "10000"


def test_what_the_address_says_itself_counts() -> None:
    url = database_url("postgresql://db.example/switchboard?connect_timeout=60&sslmode=require")
    assert (url.query["connect_timeout"], url.query["sslmode"]) == ("60", "require")


def test_whoever_finds_no_connection_free_is_not_kept_waiting(tmp_path: Path) -> None:
    busy = Database(f"sqlite:///{tmp_path / 'busy.db'}", connections=1)
    with busy.reading(), busy.reading():
        with pytest.raises(NoneFree) as caught:
            busy.now()
        assert is_away(caught.value)
    busy.close()


def test_an_error_of_ours_is_no_sign_that_the_database_is_away(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught, database.transaction() as connection:
        connection.execute(text("INSERT INTO emails (team_id) VALUES ('T1')"))
    assert not is_away(caught.value)


def test_a_missing_table_is_no_sign_of_it_either(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught, database.transaction() as connection:
        connection.execute(text("SELECT * FROM nowhere"))
    assert not is_away(caught.value)
