"""LiveKit keeps the contract, with the deliveries of a real server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.contract import WebhookCase, WebhookContract
from tests.providers.livekit.captured import MAIN_ROOM, captured
from tests.providers.livekit.server import KEY, OLD_KEY, OLD_SECRET, SECRET, LiveKitServer
from tests.providers.livekit.signing import signed
from tests.providers.standin import Reply


def sign(body: bytes, now: datetime) -> dict[str, str]:
    return signed(body, KEY, SECRET, now)


def sign_with_previous_secret(body: bytes, now: datetime) -> dict[str, str]:
    return signed(body, OLD_KEY, OLD_SECRET, now)


def sign_with_foreign_secret(body: bytes, now: datetime) -> dict[str, str]:
    return signed(body, KEY, "a-foreign-secret-of-enough-characters", now)


class TestLiveKit(WebhookContract):
    @pytest.fixture
    def case(self) -> Iterator[WebhookCase]:
        clock = MovedClock(NOON)
        with LiveKitServer() as server:
            old = {"LIVEKIT_PREVIOUS_API_KEY": OLD_KEY, "LIVEKIT_PREVIOUS_API_SECRET": OLD_SECRET}
            yield WebhookCase(
                provider=load_providers({**server.settings(), **old}, clock)["livekit"],
                clock=clock,
                secrets=(SECRET, OLD_SECRET),
                vendor=server,
                refuse=lambda: server.next_reply(Reply(401, f"bad secret {SECRET}".encode())),
                history=[one.body for one in captured(MAIN_ROOM) if not one.event.startswith("track_")],
                unfollowed=captured()[4].body,
                sign=sign,
                sign_with_previous_secret=sign_with_previous_secret,
                sign_with_foreign_secret=sign_with_foreign_secret,
                proof_headers=("Authorization",),
            )
