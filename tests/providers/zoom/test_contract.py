"""Zoom keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.contract import WebhookCase, WebhookContract
from tests.providers.zoom.server import CLIENT_SECRET, OLD_WEBHOOK_SECRET, WEBHOOK_SECRET, ZoomServer
from tests.providers.zoom.server import told as answered
from tests.providers.zoom.signing import signed
from tests.providers.zoom.told import BREAKOUT, history, told


def sign(body: bytes, now: datetime) -> dict[str, str]:
    return signed(body, WEBHOOK_SECRET, now)


def sign_with_previous_secret(body: bytes, now: datetime) -> dict[str, str]:
    return signed(body, OLD_WEBHOOK_SECRET, now)


def sign_with_foreign_secret(body: bytes, now: datetime) -> dict[str, str]:
    return signed(body, "a-foreign-secret", now)


class TestZoom(WebhookContract):
    @pytest.fixture
    def case(self) -> Iterator[WebhookCase]:
        clock = MovedClock(NOON)
        with ZoomServer() as server:
            settings = server.settings(PREVIOUS_WEBHOOK_SECRET=OLD_WEBHOOK_SECRET)
            yield WebhookCase(
                provider=load_providers(settings, clock)["zoom"],
                clock=clock,
                secrets=(CLIENT_SECRET, WEBHOOK_SECRET, OLD_WEBHOOK_SECRET, "that-must-not-be-seen", "zak-"),
                vendor=server,
                refuse=lambda: server.next_reply(answered(400, {"reason": f"{CLIENT_SECRET} is wrong"})),
                history=history(),
                unfollowed=told(BREAKOUT),
                sign=sign,
                sign_with_previous_secret=sign_with_previous_secret,
                sign_with_foreign_secret=sign_with_foreign_secret,
                proof_headers=("x-zm-request-timestamp", "x-zm-signature"),
            )
