"""What the sweep does for installations: tokens in time, and nothing kept for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.db.installation_models import INSTALLATIONS, OAUTH_STATES
from app.db.session import Database
from app.emulator import Emulator
from app.reconciler.sweep import EVERY, STATES_LAST, Sweep
from app.services.installation_store import STATE_LASTS, InstallationStore, StateStore
from tests.clocks import MovedClock
from tests.services.installed import HOUR, Installed

DAY = 24 * HOUR
MINUTE = EVERY.total_seconds()


@pytest.fixture
def app(slack: Emulator, database: Database, clock: MovedClock) -> Installed:
    return Installed.rotating(slack, database, clock)


@pytest.fixture
def sweep(app: Installed) -> Sweep:
    return Sweep(
        app.database,
        app.clock,
        keep_deliveries=timedelta(days=30),
        keep_calls=timedelta(days=90),
        keep_changes=timedelta(days=365),
        chores=app.installations.chores,
    )


def count(database: Database) -> tuple[int, int]:
    """Installations and states that are stored."""
    with database.reading() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (INSTALLATIONS, OAUTH_STATES)
        ]
    return counts[0], counts[1]


def test_a_quiet_workspace_keeps_its_token(app: Installed, sweep: Sweep) -> None:
    for number in range(1, 4):
        app.clock.move(10 * HOUR)
        assert sweep.sweep_one() is False
        assert app.exchanges() == ["ok"] * number


def test_with_more_to_exchange_it_comes_back_soon(app: Installed, sweep: Sweep) -> None:
    app.slack.add_team("T0ACME", "Acme", token=None)
    app.install("T0ACME")
    app.clock.move(10 * HOUR)
    assert sweep.sweep_one() is True
    app.clock.move(1)
    assert sweep.sweep_one() is False
    assert app.exchanges() == ["ok"] * 2


def test_an_installation_that_nobody_finished_is_forgotten_after_a_day(app: Installed, sweep: Sweep) -> None:
    StateStore(app.database, app.clock).issue(browser="b1")
    app.clock.move(STATE_LASTS.total_seconds() + STATES_LAST.total_seconds())
    sweep.sweep_one()
    assert count(app.database) == (1, 1)
    app.clock.move(MINUTE)
    sweep.sweep_one()
    assert count(app.database) == (1, 0)


def test_what_was_removed_is_kept_as_long_as_its_calls(app: Installed, sweep: Sweep) -> None:
    InstallationStore(app.database, app.clock).delete_all(enterprise_id=None, team_id="T0LOCAL")
    app.clock.move(90 * DAY)
    sweep.sweep_one()
    assert count(app.database) == (1, 0)
    app.clock.move(MINUTE)
    sweep.sweep_one()
    assert count(app.database) == (0, 0)
