"""A host holds as many meetings as it can, and the next goes to whoever holds the fewest."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from app.db import calls, hosts
from app.db.models import CALLS
from app.db.session import Database
from tests.clocks import START
from tests.db.given import at_once, given_call

HOSTS = ("ada@example.com", "grace@example.com")


def allot(database: Database, call_id: str, most: int = 2) -> str | None:
    """The host that the call got; None when all were busy."""
    with database.transaction() as connection:
        found = hosts.allot(connection, call_id, "vendor", "default", HOSTS, most)
    with database.reading() as connection:
        call = calls.find_call(connection, call_id)
    assert call is not None
    assert found == (call.host is not None)
    return call.host


def test_meetings_are_shared_out(database: Database) -> None:
    ids = [given_call(database, call_id=f"call-{number}") for number in range(4)]
    assert sorted(str(allot(database, call_id)) for call_id in ids) == sorted(HOSTS * 2)


def test_when_all_are_busy_nobody_is_chosen(database: Database) -> None:
    for number in range(2):
        allot(database, given_call(database, call_id=f"call-{number}"), most=1)
    assert allot(database, given_call(database, call_id="call-2"), most=1) is None


def test_a_call_that_is_over_frees_its_host(database: Database) -> None:
    for number in range(2):
        allot(database, given_call(database, call_id=f"call-{number}"), most=1)
    with database.transaction() as connection:
        connection.execute(update(CALLS).where(CALLS.c.id == "call-1").values(ended_at=START + timedelta(hours=1)))
    assert allot(database, given_call(database, call_id="call-2"), most=1) is not None


def test_a_call_does_not_stand_in_its_own_way(database: Database) -> None:
    call_id = given_call(database, call_id="call-1")
    assert allot(database, call_id, most=1) == allot(database, call_id, most=1)


def test_those_who_choose_at_the_same_moment_do_not_choose_the_same(database: Database) -> None:
    ids = [given_call(database, call_id=f"call-{number}") for number in range(6)]
    got = at_once(len(ids), lambda number: allot(database, ids[number]))
    assert sorted(map(str, got)) == sorted([*HOSTS * 2, "None", "None"])
