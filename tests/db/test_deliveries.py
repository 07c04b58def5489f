"""A delivery is taken in once, whoever brings it and however often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.db import deliveries
from app.db.deliveries import Delivery, Outcome, Taken
from app.db.models import DELIVERIES
from app.db.session import Database
from tests.clocks import START
from tests.db.given import ACCOUNT, at_once, delivery

LONGEST_KEY = 300


def stored(database: Database, what: Delivery, outcome: Outcome = Outcome.APPLIED, **came_to: str) -> str | None:
    with database.transaction() as connection:
        taken = Taken(delivery=what, outcome=outcome, **came_to)
        return deliveries.store(connection, [taken]).get(what.dedupe_key)


def row(database: Database, delivery_id: str | None) -> dict[str, Any]:
    with database.reading() as connection:
        found = connection.execute(select(DELIVERIES).where(DELIVERIES.c.id == delivery_id)).one()
        return dict(found._mapping)


def test_a_delivery_is_kept_as_it_came(database: Database) -> None:
    what = delivery(body=bytes(range(256)), headers={"x-quote": "\"'\u00fc\x00"})
    kept = row(database, stored(database, what))
    assert (kept["body"], kept["headers"]) == (what.body, what.headers)
    assert (kept["received_at"], kept["meeting_id"], kept["outcome"]) == (START, "m-1", Outcome.APPLIED)


def test_the_second_time_there_is_nothing_to_do(database: Database) -> None:
    assert stored(database, delivery()) is not None
    assert stored(database, delivery()) is None
    assert stored(database, delivery(), Outcome.FAILED) is None


def test_of_many_at_once_one_is_taken_in(database: Database) -> None:
    taken = at_once(8, lambda _: stored(database, delivery()))
    assert len([one for one in taken if one is not None]) == 1


def test_the_same_key_elsewhere_is_another_delivery(database: Database) -> None:
    assert stored(database, delivery()) is not None
    assert stored(database, delivery(provider="other")) is not None
    assert stored(database, delivery(account_id="other")) is not None


def test_one_that_failed_may_be_taken_in_later(database: Database) -> None:
    failed = stored(database, delivery(meeting_id=None), Outcome.FAILED, error="KeyError")
    assert failed is not None
    assert stored(database, delivery(meeting_id="m-1"), Outcome.APPLIED) == failed
    kept = row(database, failed)
    assert (kept["outcome"], kept["meeting_id"], kept["error"]) == (Outcome.APPLIED, "m-1", None)
    assert stored(database, delivery()) is None


def test_one_that_failed_is_taken_in_by_one_of_many(database: Database) -> None:
    failed = stored(database, delivery(), Outcome.FAILED)
    taken = at_once(6, lambda _: stored(database, delivery()))
    assert [one for one in taken if one is not None] == [failed]


def test_what_became_of_it_is_noted_with_it(database: Database) -> None:
    applied = stored(database, delivery("d-1"), call_id="call-1")
    failed = stored(database, delivery("d-2"), Outcome.FAILED, error="KeyError")
    assert row(database, applied)["call_id"] == "call-1"
    assert row(database, failed)["error"] == "KeyError"


def test_what_becomes_of_it_may_be_noted_later(database: Database) -> None:
    delivery_id = stored(database, delivery(), Outcome.UNMATCHED)
    assert delivery_id is not None
    with database.transaction() as connection:
        deliveries.set_outcome(connection, delivery_id, Outcome.APPLIED, call_id="call-1")
    kept = row(database, delivery_id)
    assert (kept["outcome"], kept["call_id"]) == (Outcome.APPLIED, "call-1")


def test_what_was_told_too_early_is_found_oldest_first(database: Database) -> None:
    for age in (1, 3, 2):
        what = delivery(f"d-{age}", received_at=START - timedelta(seconds=age), body=b"%d" % age)
        stored(database, what, Outcome.UNMATCHED)
    stored(database, delivery("d-other", meeting_id="m-2"), Outcome.UNMATCHED)
    stored(database, delivery("d-vendor", provider="other"), Outcome.UNMATCHED)
    stored(database, delivery("d-applied"), Outcome.APPLIED)
    stored(database, delivery("d-failed"), Outcome.FAILED)
    with database.reading() as connection:
        early = deliveries.unmatched(connection, "vendor", ACCOUNT, "m-1")
    assert [one.body for one in early] == [b"3", b"2", b"1"]
    assert early[0].headers == delivery().headers


def test_the_longest_key_fits(database: Database) -> None:
    assert stored(database, delivery("ü" * LONGEST_KEY)) is not None


def test_of_many_stored_together_each_gets_its_own_id(database: Database) -> None:
    known = stored(database, delivery("d-1"))
    with database.transaction() as connection:
        together = [Taken(delivery=delivery(f"d-{number}"), outcome=Outcome.UNMATCHED) for number in range(40)]
        ids = deliveries.store(connection, together)
    assert ids.keys() == {f"d-{number}" for number in range(40)} - {"d-1"}
    assert len({known, *ids.values()}) == 40
    assert [row(database, ids[key])["dedupe_key"] for key in ids] == list(ids)
