"""What is looked up often is found through an index, however much there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from app.db import calls, deliveries, retention, work
from app.db.deliveries import Outcome
from app.db.models import CALLS, DELIVERIES
from app.db.session import Database
from tests.clocks import START
from tests.db.given import ACCOUNT, delivery

MANY = 3000
LONG_AGO = START - timedelta(days=90)


@pytest.fixture
def old_database(database: Database) -> Database:
    """One with many calls of the past, each with a deadline it once had, and their deliveries."""
    with database.transaction() as connection:
        connection.execute(insert(CALLS), [_past_call(number) for number in range(MANY)])
        connection.execute(insert(DELIVERIES), [_past_delivery(number) for number in range(MANY)])
    with database.transaction() as connection:
        connection.execute(text("ANALYZE"))
    return database


def _past_call(number: int) -> dict[str, Any]:
    texts = {"created_by": "U1", "provider": "vendor", "account": ACCOUNT, "status": "ended", "title": "Weekly sync"}
    moments = dict.fromkeys(("title_at", "started_at", "ended_at", "reconcile_after", "deadline_at"), START)
    ids = {"id": f"call-{number}", "meeting_id": f"m-{number}", "join_token": f"join-{number}"}
    place = {"team_id": f"T{number % 20}", "channel_id": f"C{number % 40}"}
    return {**texts, **moments, **ids, **place, "generation": 9, "shown_generation": 9}


def _past_delivery(number: int) -> dict[str, Any]:
    kept = delivery()
    where = {"provider": kept.provider, "account": kept.account_id, "meeting_id": f"m-{number % 300}"}
    what = {"headers": {}, "body": b"", "received_at": START, "outcome": Outcome.APPLIED}
    return {"id": f"d-{number}", "dedupe_key": f"k-{number}", **where, **what}


Look = Callable[[Connection], object]
LOOKS: dict[str, Look] = {
    "claim": lambda connection: work.claim(connection, START, 15),
    "next due": lambda connection: work.next_due(connection, START),
    "by meeting": lambda connection: calls.lock_by_meetings(connection, "vendor", ACCOUNT, ["m-7"]),
    "by join token": lambda connection: calls.find_by_join_token(connection, "join-7"),
    "running": lambda connection: calls.running_calls(connection, "T7", "C7"),
    "old deliveries": lambda connection: retention.drop_deliveries(connection, LONG_AGO, 500),
    "old calls": lambda connection: retention.drop_calls(connection, LONG_AGO, 20),
    "old response_urls": lambda connection: retention.forget_response_urls(connection, LONG_AGO, 20),
    "early deliveries": lambda connection: deliveries.unmatched(connection, "vendor", ACCOUNT, "m-7"),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
def test_nothing_looks_through_whole_tables(old_database: Database, look: Look) -> None:
    with old_database.transaction() as connection, plans(connection) as made:
        look(connection)
    assert [plan for plan in made if "Seq Scan" in plan or "SCAN" in plan] == []
    assert made


@pytest.mark.parametrize("look", ["claim", "next due"])
def test_the_work_list_does_not_look_at_the_past(old_database: Database, look: str) -> None:
    with old_database.transaction() as connection, plans(connection) as made:
        LOOKS[look](connection)
    assert "ix_calls_due" in made[0]


@contextmanager
def plans(connection: Connection) -> Iterator[list[str]]:
    """How the database means to execute each statement of the block."""
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    made: list[str] = []

    def note(_connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith("EXPLAIN"):
            cursor.execute(explain + statement, parameters)
            made.append("\n".join(str(line) for line in cursor.fetchall()))

    event.listen(connection, "before_cursor_execute", note)
    yield made
    event.remove(connection, "before_cursor_execute", note)
