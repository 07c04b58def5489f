from __future__ import annotations

import pytest

from app.db.session import Database
from app.emulator import Emulator
from app.providers.registry import load_providers
from tests.clocks import MovedClock
from tests.providers.standard.reference_server import ReferenceServer
from tests.reconciler.stage import Stage


@pytest.fixture
def stage(database: Database, clock: MovedClock, slack: Emulator, vendor: ReferenceServer) -> Stage:
    settings = {**vendor.settings(), "LINK_TEMPLATE": "https://meet.example.com/{slug}", "LINK_LIMIT_HOURS": "4"}
    return Stage(database=database, clock=clock, slack=slack, vendor=vendor, providers=load_providers(settings, clock))


@pytest.fixture
def live(stage: Stage) -> Stage:
    """A call whose card stands in the channel, with nobody in it, and lanes that nobody has used of late."""
    stage.start()
    stage.work()
    stage.clock.move(60)
    return stage
