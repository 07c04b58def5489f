"""MiroTalk keeps the contract, as far as it goes for a vendor that tells us nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.contract import Case, ProviderContract
from tests.providers.mirotalk.server import KEY, MiroTalkServer, told


class TestMiroTalk(ProviderContract):
    @pytest.fixture
    def case(self) -> Iterator[Case]:
        clock = MovedClock(NOON)
        with MiroTalkServer() as server:
            yield Case(
                provider=load_providers(server.settings(), clock)["mirotalk"],
                clock=clock,
                secrets=(KEY,),
                vendor=server,
                refuse=lambda: server.next_reply(told(403, {"error": f"{KEY} is wrong"})),
            )
