"""What is not kept for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from app.db import deliveries, emails
from app.db.deliveries import Outcome, Taken
from app.db.models import CALLS, DELIVERIES
from app.db.schema import METADATA
from app.db.session import Database
from app.reconciler.sweep import EVERY, MOST_CALLS, MOST_DELIVERIES, SOON, Sweep
from tests.clocks import MovedClock
from tests.db.given import at_once, delivery, given_call, stored_row, told
from tests.db.sealed import NEW
from tests.reconciler.stage import Stage
from tests.services.settings_of_teams import ADA, services_on

DAY = timedelta(days=1).total_seconds()
MINUTE = EVERY.total_seconds()


@pytest.fixture
def encryption_keys() -> Sequence[str]:
    """Without them no accounts are taken."""
    return [NEW]


@pytest.fixture
def sweep(database: Database, clock: MovedClock) -> Sweep:
    return Sweep(
        database,
        clock,
        keep_deliveries=timedelta(days=30),
        keep_calls=timedelta(days=90),
        keep_changes=timedelta(days=365),
    )


def given_deliveries(database: Database, clock: MovedClock, count: int, prefix: str = "d") -> None:
    told_once = [delivery(f"{prefix}-{number}", received_at=clock.now()) for number in range(count)]
    with database.transaction() as connection:
        deliveries.store(connection, [Taken(delivery=each, outcome=Outcome.APPLIED) for each in told_once])


def rows(database: Database, *tables: str) -> list[int]:
    with database.reading() as connection:
        counted = [select(func.count()).select_from(METADATA.tables[name]) for name in tables]
        return [connection.execute(statement).scalar_one() for statement in counted]


def test_deliveries_are_kept_for_their_time_and_no_longer(database: Database, clock: MovedClock, sweep: Sweep) -> None:
    given_deliveries(database, clock, 3, "old")
    clock.move(1)
    given_deliveries(database, clock, 2, "new")
    clock.move(30 * DAY - 1)
    sweep.sweep_one()
    assert rows(database, "deliveries") == [5]
    clock.move(MINUTE)
    given_deliveries(database, clock, 1, "today")
    sweep.sweep_one()
    assert rows(database, "deliveries") == [1]


def test_a_call_that_is_over_goes_with_all_that_is_known_of_it(stage: Stage, sweep: Sweep) -> None:
    stage.start()
    stage.settle(within_seconds=5)
    stage.join("Ada")
    stage.end()
    stage.settle()
    assert rows(stage.database, "calls", "participants", "shown") == [1, 1, 1]
    stage.clock.move(89 * DAY)
    sweep.sweep_one()
    assert rows(stage.database, "calls") == [1]
    stage.clock.move(2 * DAY)
    sweep.sweep_one()
    assert rows(stage.database, "calls", "participants", "shown") == [0, 0, 0]


def test_a_call_that_runs_is_kept_however_old(database: Database, clock: MovedClock, sweep: Sweep) -> None:
    given_call(database)
    clock.move(1000 * DAY)
    sweep.sweep_one()
    assert rows(database, "calls") == [1]


def test_a_long_call_is_kept_from_its_end_on(database: Database, clock: MovedClock, sweep: Sweep) -> None:
    given_call(database)
    clock.move(60 * DAY)
    told(database, ended_at=clock.now())
    clock.move(60 * DAY)
    sweep.sweep_one()
    assert rows(database, "calls") == [1]


def test_a_call_that_failed_is_not_kept_for_ever(database: Database, clock: MovedClock, sweep: Sweep) -> None:
    given_call(database)
    told(database, failure="No.")
    clock.move(91 * DAY)
    sweep.sweep_one()
    assert rows(database, "calls") == [0]


def test_removed_accounts_and_who_removed_them_are_forgotten_in_time(
    database: Database, clock: MovedClock, sweep: Sweep
) -> None:
    services = services_on(database, clock)
    services.accounts.remove(ADA, services.livekit().key.account_id)
    kept = services.livekit(name="Paris")
    for days, left in ((89, (2, 3)), (2, (1, 3)), (275, (1, 0))):
        clock.move(days * DAY)
        sweep.sweep_one()
        assert tuple(rows(database, "accounts", "changes")) == left
    assert [view.key for view in services.accounts.list(ADA)] == [kept.key]


def test_a_response_url_is_forgotten_when_slack_takes_it_no_more(
    database: Database, clock: MovedClock, sweep: Sweep
) -> None:
    given_call(database, response_url="https://hooks.slack.example/secret")
    clock.move(29 * 60)
    sweep.sweep_one()
    assert stored_row(database)["response_url"] == "https://hooks.slack.example/secret"
    clock.move(2 * 60)
    sweep.sweep_one()
    assert stored_row(database)["response_url"] is None
    # That is no news of the call.
    assert stored_row(database)["generation"] == 1


def test_whose_an_address_is_is_not_kept_longer_than_it_is_believed(
    database: Database, clock: MovedClock, sweep: Sweep
) -> None:
    with database.transaction() as connection:
        emails.remember(connection, "T1", "ada@example.com", "U0ADA", clock.now())
    clock.move(DAY + 1)
    with database.transaction() as connection:
        emails.remember(connection, "T1", "grace@example.com", "U0GRACE", clock.now())
    sweep.sweep_one()
    assert rows(database, "emails") == [1]


def test_much_goes_in_small_batches_soon_after_each_other(database: Database, clock: MovedClock, sweep: Sweep) -> None:
    given_deliveries(database, clock, MOST_DELIVERIES + 1)
    for number in range(MOST_CALLS + 1):
        given_call(database, f"call-{number}")
        told(database, f"call-{number}", ended_at=clock.now())
    clock.move(91 * DAY)
    assert sweep.sweep_one()
    assert rows(database, "deliveries", "calls") == [1, 1]
    assert not sweep.sweep_one()
    clock.move(SOON.total_seconds())
    assert not sweep.sweep_one()
    assert rows(database, "deliveries", "calls") == [0, 0]


def test_one_process_sweeps_for_all(database: Database, clock: MovedClock, sweep: Sweep) -> None:
    """Of many at the same moment one has the turn; else eight batches would be dropped."""
    with database.transaction() as connection:
        kept = delivery()
        where = {
            "provider": kept.provider,
            "account": kept.account_id,
            "headers": {},
            "body": b"",
            "outcome": "applied",
        }
        many = [
            {"id": f"d-{number}", "dedupe_key": f"k-{number}", "received_at": clock.now(), **where}
            for number in range(3 * MOST_DELIVERIES)
        ]
        connection.execute(insert(DELIVERIES), many)
    clock.move(31 * DAY)
    assert sum(at_once(8, lambda _: sweep.sweep_one())) == 1
    assert rows(database, "deliveries") == [2 * MOST_DELIVERIES]


def test_a_call_that_somebody_writes_is_left_for_the_next_time(
    database: Database, clock: MovedClock, sweep: Sweep
) -> None:
    given_call(database)
    told(database, ended_at=clock.now())
    clock.move(91 * DAY)
    if database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    with database.transaction() as connection:
        connection.execute(select(CALLS).with_for_update())
        sweep.sweep_one()
    assert rows(database, "calls") == [1]
    clock.move(MINUTE)
    sweep.sweep_one()
    assert rows(database, "calls") == [0]
