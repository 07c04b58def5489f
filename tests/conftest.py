"""Fixtures for all tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from app.cli.manifest import read_manifest
from app.db import migrate
from app.db.session import Database
from app.emulator import Emulator
from app.providers.registry import PROVIDERS, setting_prefix
from tests.clocks import MovedClock
from tests.databases import chosen_kind, fresh_database_url
from tests.providers.livekit.server import LiveKitServer
from tests.providers.standard.reference_server import ReferenceServer
from tests.running import Running, running_app

# Derandomised: a failure in CI is a failure everywhere. "nightly" looks further.
_patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
settings.register_profile("ci", _patient, max_examples=100, derandomize=True)
settings.register_profile("nightly", _patient, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A run on PostgreSQL repeats the tests that have a database; for all others it would tell nothing new."""
    for item in items:
        if item.get_closest_marker("browser"):
            # Real browsers live in real time, and a busy machine can be slower than their patience.
            item.add_marker(pytest.mark.flaky(reruns=2))
    if chosen_kind() == "sqlite":
        return
    # What browsers show does not depend on the database either, and they are slow.
    repeated = [
        item
        for item in items
        if "database_url" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("browser")
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in repeated])
    items[:] = repeated


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxies and tokens of the machine must not reach the app under test."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("SLACK_", *map(setting_prefix, PROVIDERS))):
            monkeypatch.delenv(name)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


def migrate_url(url: str) -> None:
    database = Database(url)
    migrate.upgrade(database)
    database.close()


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database of this test's own."""
    with fresh_database_url(tmp_path, migrate_url) as url:
        yield url


@pytest.fixture
def encryption_keys() -> Sequence[str]:
    """For rooms that need some, to say so."""
    return ()


@pytest.fixture
def database(database_url: str, encryption_keys: Sequence[str]) -> Iterator[Database]:
    opened = Database(database_url, keys=encryption_keys)
    yield opened
    opened.close()


@pytest.fixture
def slack(clock: MovedClock) -> Iterator[Emulator]:
    """A Slack workspace that grants what our manifest asks for, and nothing else."""
    with Emulator(now=clock.unix, manifest=read_manifest()) as emulator:
        yield emulator


@pytest.fixture
def livekit() -> Iterator[LiveKitServer]:
    with LiveKitServer() as server:
        yield server


@pytest.fixture
def vendor() -> Iterator[ReferenceServer]:
    """The server of a provider with webhooks."""
    with ReferenceServer() as server:
        yield server


@pytest.fixture
def run_app(clock: MovedClock, slack: Emulator, database_url: str) -> Iterator[Callable[..., Running]]:
    """``run_app(LINK_TEMPLATE=…)`` runs the app with these settings beside those every app needs."""
    with ExitStack() as stack:

        def run(**settings_given: str) -> Running:
            env = {
                "SLACK_BOT_TOKEN": "xoxb-local",
                "SLACK_SIGNING_SECRET": "local-secret",
                "SLACK_API_URL": slack.api_url,
                "DATABASE_URL": database_url,
                **settings_given,
            }
            return stack.enter_context(running_app(env, clock, slack))

        yield run
