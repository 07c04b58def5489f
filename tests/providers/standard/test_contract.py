"""Our own contract's provider keeps the contract of all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

import pytest

from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.contract import WebhookCase, WebhookContract
from tests.providers.standard.reference_server import (
    API_KEY,
    OLD_SECRET,
    SECRET,
    ReferenceServer,
    delivered,
    told,
    webhook,
)

ADA = {"id": "ada", "connection_id": "ada-1", "name": "Ada Lovelace", "email": "ada@example.com"}
ADA_ON_HER_PHONE = {**ADA, "connection_id": "ada-2"}
GRACE = {"id": "grace", "connection_id": "grace-1", "name": "Grace “Ümlaut” Hopper 🎥", "slack_id": "U0GRACE"}
MINUTE = timedelta(minutes=1)
RUN = "run-1"
HISTORY = [
    webhook("meeting.started", NOON, occurrence_id=RUN),
    webhook("participant.joined", NOON + MINUTE, occurrence_id=RUN, participant=ADA),
    webhook("participant.joined", NOON + 2 * MINUTE, occurrence_id=RUN, participant=GRACE),
    webhook("participant.joined", NOON + 3 * MINUTE, occurrence_id=RUN, participant=ADA_ON_HER_PHONE),
    webhook("meeting.title_changed", NOON + 4 * MINUTE, occurrence_id=RUN, title="Weekly sync, really"),
    webhook("participant.left", NOON + 5 * MINUTE, occurrence_id=RUN, participant=ADA),
    webhook("participant.left", NOON + 6 * MINUTE, occurrence_id=RUN, participant=GRACE),
    webhook("participant.left", NOON + 7 * MINUTE, occurrence_id=RUN, participant=ADA_ON_HER_PHONE),
    webhook("meeting.ended", NOON + 7 * MINUTE, occurrence_id=RUN),
]


class TestStandard(WebhookContract):
    SETTINGS: ClassVar[dict[str, str]] = {}

    @pytest.fixture
    def case(self) -> Iterator[WebhookCase]:
        clock = MovedClock(NOON)
        with ReferenceServer() as server:
            env = {**server.settings(), "STANDARD_PREVIOUS_WEBHOOK_SECRET": OLD_SECRET, **self.SETTINGS}
            yield WebhookCase(
                provider=load_providers(env, clock)["standard"],
                clock=clock,
                secrets=(API_KEY, SECRET, OLD_SECRET),
                vendor=server,
                refuse=lambda: server.next_reply(told(401, {"message": f"{API_KEY} is wrong"})),
                history=HISTORY,
                unfollowed=webhook("recording.ready", NOON, url="https://example.com"),
                sign=delivered,
                sign_with_previous_secret=lambda body, now: delivered(body, now, OLD_SECRET),
                sign_with_foreign_secret=lambda body, now: delivered(body, now, SECRET[:-4] + "AAA="),
                proof_headers=("webhook-id", "webhook-timestamp", "webhook-signature"),
            )


class TestStandardWithPersonalLinks(TestStandard):
    SETTINGS: ClassVar[dict[str, str]] = {"STANDARD_PERSONAL_LINKS": "true"}
