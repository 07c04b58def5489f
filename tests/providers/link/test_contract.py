"""Plain links keep the contract, as far as it goes for them."""

from __future__ import annotations

import pytest

from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.contract import Case, ProviderContract


class TestLink(ProviderContract):
    @pytest.fixture
    def case(self) -> Case:
        clock = MovedClock(NOON)
        env = {"LINK_TEMPLATE": "https://meet.jit.si/{slug}"}
        return Case(provider=load_providers(env, clock)["link"], clock=clock)
