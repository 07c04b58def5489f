"""Rate limits, with a clock that is moved by hand."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from app.emulator import Emulator
from app.emulator.errors import Misused
from app.emulator.rate_limits import RateLimits
from app.emulator.web_api import METHODS
from tests.emulator.slack_side import Clock


def use_up(http: httpx.Client, method: str, times: int) -> None:
    for _ in range(times):
        assert http.post(f"/api/{method}", data={"id": "R1"}).status_code == 200


def test_too_many_requests_are_answered_as_slack_does(http: httpx.Client) -> None:
    use_up(http, "calls.info", 50)
    refused = http.post("/api/calls.info", data={"id": "R1"})
    assert (refused.status_code, refused.json()) == (429, {"ok": False, "error": "ratelimited"})
    assert refused.headers["Retry-After"] == "60"


def test_the_sdk_sees_the_wait(client: WebClient, emulator: Emulator) -> None:
    emulator.limits.set("auth.test", 1)
    client.auth_test()
    with pytest.raises(SlackApiError) as refused:
        client.auth_test()
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "60"


def test_waiting_as_told_helps(http: httpx.Client, clock: Clock) -> None:
    use_up(http, "calls.info", 25)
    clock.forward(40)
    use_up(http, "calls.info", 25)
    wait = int(http.post("/api/calls.info").headers["Retry-After"])
    assert wait == 20
    clock.forward(wait)
    use_up(http, "calls.info", 25)
    assert http.post("/api/calls.info").status_code == 429


def test_each_method_has_its_own_limit(http: httpx.Client) -> None:
    use_up(http, "calls.info", 50)
    use_up(http, "calls.end", 50)


def test_each_team_has_its_own_limit(emulator: Emulator, http: httpx.Client) -> None:
    emulator.add_team("T0ACME", "Acme", "xoxb-acme")
    use_up(http, "calls.info", 50)
    other = httpx.post(emulator.api_url + "calls.info", headers={"Authorization": "Bearer xoxb-acme"})
    assert other.status_code == 200


def test_a_refused_token_is_not_counted(http: httpx.Client) -> None:
    for _ in range(60):
        http.post("/api/calls.info", headers={"Authorization": "Bearer wrong"})
    use_up(http, "calls.info", 50)


def test_a_limit_can_be_set(emulator: Emulator, http: httpx.Client) -> None:
    emulator.limits.set("calls.participants.add", 20)
    use_up(http, "calls.participants.add", 20)
    assert http.post("/api/calls.participants.add").status_code == 429


def test_a_lowered_limit_counts_what_has_passed(emulator: Emulator, http: httpx.Client, clock: Clock) -> None:
    use_up(http, "calls.info", 20)
    clock.forward(30)
    use_up(http, "calls.info", 20)
    emulator.limits.set("calls.info", 20)
    assert http.post("/api/calls.info").headers["Retry-After"] == "60"


def test_limits_can_be_off_and_on(emulator: Emulator, http: httpx.Client) -> None:
    emulator.limits.off()
    use_up(http, "calls.info", 60)
    emulator.limits.on()
    use_up(http, "calls.info", 50)
    assert http.post("/api/calls.info").status_code == 429


def test_a_channel_takes_a_few_messages_at_once_and_then_one_a_second(
    client: WebClient, http: httpx.Client, clock: Clock
) -> None:
    hello = {"channel": "C0GENERAL", "text": "Hello"}
    statuses = [http.post("/api/chat.postMessage", json=hello).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    clock.forward(1)
    assert http.post("/api/chat.postMessage", json=hello).status_code == 200
    refused = http.post("/api/chat.postMessage", json=hello)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert http.post("/api/chat.postMessage", json={**hello, "channel": "C0RANDOM"}).status_code == 200
    assert client.chat_postMessage(channel="C0RANDOM", text="Hello")["ok"]


def test_the_documented_tiers_are_the_default(emulator: Emulator) -> None:
    limits = emulator.limits.described()["per_minute"]
    assert isinstance(limits, dict)
    assert {limits[name] for name in METHODS if name.startswith("calls.")} == {50}
    assert (limits["users.info"], limits["users.lookupByEmail"], limits["chat.update"]) == (100, 50, 50)
    assert (limits["chat.postEphemeral"], limits["conversations.open"]) == (100, 50)


def test_no_method_can_be_limited_to_nothing(emulator: Emulator) -> None:
    with pytest.raises(Misused):
        emulator.limits.set("calls.info", 0)


def test_only_known_methods_can_be_limited(emulator: Emulator) -> None:
    with pytest.raises(Misused, match=r"calls\.celebrate"):
        emulator.limits.set("calls.celebrate", 5)


@settings(deadline=None)
@given(steps=st.lists(st.floats(min_value=0, max_value=30), max_size=60), limit=st.integers(1, 10))
def test_no_minute_ever_has_more_than_the_limit(steps: list[float], limit: int) -> None:
    clock = Clock(1_000)
    limits = RateLimits({"calls.info": limit}, clock)
    passed: list[float] = []
    for step in steps:
        clock.forward(step)
        wait = limits.admit("calls.info", "T1")
        if wait is None:
            passed.append(clock())
        else:
            assert 1 <= wait <= 60
    for start in passed:
        assert sum(start <= moment < start + 60 for moment in passed) <= limit


@settings(deadline=None)
@given(steps=st.lists(st.floats(min_value=0, max_value=3), max_size=60))
def test_waiting_as_told_is_always_enough(steps: list[float]) -> None:
    clock = Clock(1_000)
    limits = RateLimits({"chat.postMessage": 30}, clock)
    for step in steps:
        clock.forward(step)
        wait = limits.admit("chat.postMessage", "T1", "C1")
        if wait is not None:
            clock.forward(wait)
            assert limits.admit("chat.postMessage", "T1", "C1") is None
