"""Jitsi keeps the contract, with a real Prosody's deliveries: with all that a server can offer, and without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.contract import WebhookCase, WebhookContract
from tests.providers.jitsi.captured import captured
from tests.providers.jitsi.server import APP_SECRET, OLD_TOKEN, TOKEN, JitsiServer, end_pem
from tests.providers.standin import Reply


def sign(_body: bytes, _now: datetime) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKEN}"}


def sign_with_previous_secret(_body: bytes, _now: datetime) -> dict[str, str]:
    return {"Authorization": f"Bearer {OLD_TOKEN}"}


def sign_with_foreign_secret(_body: bytes, _now: datetime) -> dict[str, str]:
    return {"Authorization": "Bearer somebody-elses-token"}


def case_of(settings: dict[str, str], server: JitsiServer, clock: MovedClock) -> WebhookCase:
    return WebhookCase(
        provider=load_providers({**settings, "JITSI_PREVIOUS_WEBHOOK_TOKEN": OLD_TOKEN}, clock)["jitsi"],
        clock=clock,
        secrets=(TOKEN, OLD_TOKEN, APP_SECRET, end_pem().splitlines()[1]),
        vendor=server,
        refuse=lambda: server.next_reply(Reply(401, f'{{"error":"not {TOKEN}"}}'.encode())),
        creates_by_asking=False,
        history=[one.body for one in captured()],
        unfollowed=b'{"event_name":"muc-room-renamed","room_jid":7}',
        sign=sign,
        sign_with_previous_secret=sign_with_previous_secret,
        sign_with_foreign_secret=sign_with_foreign_secret,
        proof_headers=("Authorization",),
        fresh_for=None,
        proves_body=False,
        path=captured()[0].path,
    )


class TestJitsi(WebhookContract):
    @pytest.fixture
    def case(self) -> Iterator[WebhookCase]:
        clock = MovedClock(NOON)
        with JitsiServer(clock) as server:
            yield case_of(server.settings_for_everything(), server, clock)


class TestJitsiWithoutTokensAndModules(WebhookContract):
    @pytest.fixture
    def case(self) -> Iterator[WebhookCase]:
        clock = MovedClock(NOON)
        with JitsiServer(clock) as server:
            yield case_of(server.settings(), server, clock)
