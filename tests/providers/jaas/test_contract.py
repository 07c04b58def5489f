"""Jitsi as a Service keeps the contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.contract import WebhookCase, WebhookContract
from tests.providers.jaas.server import Eight, pem
from tests.providers.jaas.told import ADA, ADA_ON_HER_PHONE, GRACE, OLD_SECRET, SECRET, signed, told
from tests.providers.standin import Reply

MINUTE = timedelta(minutes=1)
HISTORY = [
    told("ROOM_CREATED", NOON),
    told("PARTICIPANT_JOINED", NOON + MINUTE, ADA),
    told("PARTICIPANT_JOINED", NOON + 2 * MINUTE, GRACE),
    told("PARTICIPANT_JOINED", NOON + 3 * MINUTE, ADA_ON_HER_PHONE),
    told("PARTICIPANT_LEFT", NOON + 4 * MINUTE, {**ADA, "disconnectReason": "left"}),
    told("PARTICIPANT_LEFT", NOON + 5 * MINUTE, {**GRACE, "disconnectReason": "kicked"}),
    told("PARTICIPANT_LEFT", NOON + 6 * MINUTE, {**ADA_ON_HER_PHONE, "disconnectReason": "unknown"}),
    told("ROOM_DESTROYED", NOON + 6 * MINUTE),
]


class TestJaaS(WebhookContract):
    @pytest.fixture
    def case(self) -> Iterator[WebhookCase]:
        clock = MovedClock(NOON)
        with Eight(clock) as server:
            env = {**server.settings(), "JAAS_PREVIOUS_WEBHOOK_SECRET": OLD_SECRET}
            yield WebhookCase(
                provider=load_providers(env, clock)["jaas"],
                clock=clock,
                secrets=(SECRET, OLD_SECRET, pem().splitlines()[1]),
                vendor=server,
                refuse=lambda: server.next_reply(Reply(401, b'{"message":"The token is not valid"}')),
                creates_by_asking=False,
                history=HISTORY,
                unfollowed=told("RECORDING_STARTED", NOON),
                sign=signed,
                sign_with_previous_secret=lambda body, now: signed(body, now, OLD_SECRET),
                sign_with_foreign_secret=lambda body, now: signed(body, now, SECRET[:-1]),
                proof_headers=("X-Jaas-Signature",),
            )
