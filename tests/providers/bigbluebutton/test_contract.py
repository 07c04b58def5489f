"""BigBlueButton keeps the contract, with the deliveries of the real bbb-webhooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.bigbluebutton.captured import captured
from tests.providers.bigbluebutton.server import OLD_SECRET, SECRET, BigBlueButtonServer
from tests.providers.bigbluebutton.signing import bearing, packed, signed, unpacked
from tests.providers.contract import Proof, Sign, WebhookCase, WebhookContract
from tests.providers.standin import Reply

PUBLIC_URL = "https://calls.example.com"
HOOK = f"{PUBLIC_URL}/webhooks/bigbluebutton"
FOREIGN_SECRET = "a-foreign-secret-of-enough-characters"
FOLLOWED = {"meeting-created", "user-joined", "user-left", "meeting-ended"}


def signing_with(secret: str) -> Sign:
    def sign(body: bytes, _now: datetime) -> Proof:
        return signed(HOOK, body, secret)

    return sign


def bearing_the(secret: str) -> Sign:
    def sign(_body: bytes, _now: datetime) -> Proof:
        return bearing(secret)

    return sign


def case_with(server: BigBlueButtonServer) -> WebhookCase:
    clock = MovedClock(NOON)
    env = {**server.settings(), "BIGBLUEBUTTON_PREVIOUS_SECRET": OLD_SECRET}
    return WebhookCase(
        provider=load_providers(env, clock, public_url=PUBLIC_URL)["bigbluebutton"],
        clock=clock,
        secrets=(SECRET, OLD_SECRET),
        vendor=server,
        refuse=lambda: server.next_reply(Reply(401, f"bad secret {SECRET}".encode())),
        history=[one.body for one in captured() if one.event in FOLLOWED],
        unfollowed=captured()[2].body,
        sign=signing_with(SECRET),
        sign_with_previous_secret=signing_with(OLD_SECRET),
        sign_with_foreign_secret=signing_with(FOREIGN_SECRET),
        proof_headers=(),
        fresh_for=None,
        pack=packed,
        unpack=unpacked,
    )


class TestBigBlueButton(WebhookContract):
    @pytest.fixture
    def case(self) -> Iterator[WebhookCase]:
        with BigBlueButtonServer() as server:
            yield case_with(server)


class TestBigBlueButtonWithAuth20(WebhookContract):
    """``auth2_0``: the sender shows the secret itself, and makes no checksum."""

    @pytest.fixture
    def case(self) -> Iterator[WebhookCase]:
        with BigBlueButtonServer() as server:
            yield replace(
                case_with(server),
                sign=bearing_the(SECRET),
                sign_with_previous_secret=bearing_the(OLD_SECRET),
                sign_with_foreign_secret=bearing_the(FOREIGN_SECRET),
                proof_headers=("Authorization",),
                proves_body=False,
            )
