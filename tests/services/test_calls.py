"""What people wish for their calls, where the command alone cannot show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.db.session import Database
from app.domain.permissions import Role
from app.errors import NothingRunning
from app.providers.registry import load_providers
from app.services.accounts import SettingsAccounts
from app.services.callers import Caller
from app.services.calls import CallService, Ended, Start
from tests.clocks import MovedClock

SETTINGS = {
    "LINK_TEMPLATE": "https://meet.example.com/{slug}",
    "LIVEKIT_URL": "wss://livekit.example.com",
    "LIVEKIT_API_KEY": "key",
    "LIVEKIT_API_SECRET": "s" * 32,
}
GRACE = Caller(team_id="T0", enterprise_id=None, channel_id="C0", user_id="U0GRACE", role=lambda: Role.MEMBER)


@pytest.fixture
def held_at(database: Database) -> Callable[[str], CallService]:
    clock = MovedClock()
    providers = load_providers(SETTINGS, clock)
    return lambda name: CallService(database, clock, SettingsAccounts(providers, name), lambda: None)


@pytest.fixture
def service(held_at: Callable[[str], CallService]) -> CallService:
    return held_at("link")


def wish(title: str, request: str | None = None) -> Start:
    return Start(title=title, request_key=request, response_url=None)


def test_a_request_that_comes_twice_does_not_count_its_own_call(service: CallService) -> None:
    service.start(GRACE, wish("One"))
    assert [service.start(GRACE, wish("Two", "request-1")).others for _ in range(2)] == [1, 1]


def test_when_the_chosen_call_ends_meanwhile_the_next_one_is_chosen(service: CallService) -> None:
    service.start(GRACE, wish("One"))
    service.start(GRACE, wish("Two"))
    ended: list[str] = []

    def slow_to_tell() -> Role:
        if not ended:
            ended.append(service.end(GRACE).title)
        return Role.ADMIN

    ended.append(service.end(replace(GRACE, user_id="U0ADA", role=slow_to_tell)).title)
    assert sorted(ended) == ["One", "Two"]


def test_when_the_only_call_ends_meanwhile_nothing_is_running(service: CallService) -> None:
    service.start(GRACE, wish("One"))

    def slow_to_tell() -> Role:
        service.end(GRACE)
        return Role.ADMIN

    with pytest.raises(NothingRunning):
        service.end(replace(GRACE, user_id="U0ADA", role=slow_to_tell))


def test_whether_people_are_put_out_is_up_to_the_provider_of_that_call(
    held_at: Callable[[str], CallService],
) -> None:
    held_at("livekit").start(GRACE, wish("One"))
    assert held_at("link").end(GRACE) == Ended("One", for_everybody=True)
    held_at("link").start(GRACE, wish("Two"))
    assert held_at("livekit").end(GRACE) == Ended("Two", for_everybody=False)
