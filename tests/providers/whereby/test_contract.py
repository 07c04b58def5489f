"""Whereby keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.contract import WebhookCase, WebhookContract
from tests.providers.whereby.history import HISTORY, KNOCKED
from tests.providers.whereby.server import KEY, OLD_SECRET, ROOM_KEY, SECRET, WherebyServer, told
from tests.providers.whereby.signing import signed


def sign(body: bytes, now: datetime) -> dict[str, str]:
    return signed(body, SECRET, now)


def sign_with_previous_secret(body: bytes, now: datetime) -> dict[str, str]:
    return signed(body, OLD_SECRET, now)


def sign_with_foreign_secret(body: bytes, now: datetime) -> dict[str, str]:
    return signed(body, "somebody-else's-secret", now)


def followed(body: bytes) -> bool:
    return b"room.client" in body and b'"recorder"' not in body


class TestWhereby(WebhookContract):
    @pytest.fixture
    def case(self) -> Iterator[WebhookCase]:
        clock = MovedClock(NOON)
        with WherebyServer() as server:
            env = {**server.settings(), "WHEREBY_PREVIOUS_WEBHOOK_SECRET": OLD_SECRET}
            yield WebhookCase(
                provider=load_providers(env, clock)["whereby"],
                clock=clock,
                secrets=(KEY, SECRET, OLD_SECRET, ROOM_KEY),
                vendor=server,
                refuse=lambda: server.next_reply(told(401, {"error": f"bad key {KEY}"})),
                history=[body for body in HISTORY if followed(body)],
                unfollowed=KNOCKED,
                sign=sign,
                sign_with_previous_secret=sign_with_previous_secret,
                sign_with_foreign_secret=sign_with_foreign_secret,
                proof_headers=("Whereby-Signature",),
            )
