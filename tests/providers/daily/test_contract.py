"""Daily keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.contract import WebhookCase, WebhookContract
from tests.providers.daily.history import HISTORY, WAITING
from tests.providers.daily.server import FOREIGN_SECRET, KEY, OLD_SECRET, SECRET, DailyServer, refusal
from tests.providers.daily.signing import signed


def sign(body: bytes, now: datetime) -> dict[str, str]:
    return signed(body, SECRET, now)


def sign_with_previous_secret(body: bytes, now: datetime) -> dict[str, str]:
    return signed(body, OLD_SECRET, now)


def sign_with_foreign_secret(body: bytes, now: datetime) -> dict[str, str]:
    return signed(body, FOREIGN_SECRET, now)


class TestDaily(WebhookContract):
    @pytest.fixture
    def case(self) -> Iterator[WebhookCase]:
        clock = MovedClock(NOON)
        with DailyServer() as server:
            env = {**server.settings(), "DAILY_PREVIOUS_WEBHOOK_SECRET": OLD_SECRET}
            yield WebhookCase(
                provider=load_providers(env, clock, public_url="https://calls.example.com")["daily"],
                clock=clock,
                secrets=(KEY, SECRET, OLD_SECRET),
                vendor=server,
                refuse=lambda: server.next_reply(refusal(401, "authentication-error", f"bad key {KEY}, {SECRET}")),
                history=HISTORY,
                unfollowed=WAITING,
                sign=sign,
                sign_with_previous_secret=sign_with_previous_secret,
                sign_with_foreign_secret=sign_with_foreign_secret,
                proof_headers=("X-Webhook-Timestamp", "X-Webhook-Signature"),
                fresh_for=timedelta(minutes=20),
            )
