"""Where Daily sends its webhooks: set up once, and looked after from then on."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier, Thread

import pytest

from app.domain.meetings import Meeting, MeetingRequest, Roster
from app.errors import PermanentFailure
from app.providers.base import Provider, WebhookRequest
from app.providers.registry import load_providers
from tests.clocks import NOON, MovedClock
from tests.providers.daily.server import SECRET, DailyServer, refusal, told
from tests.providers.standin import HANG_UP, Reply

US = "https://calls.example.com/webhooks/daily"
EVENTS = ["meeting.started", "meeting.ended", "participant.joined", "participant.left"]
ROOM = Meeting(id="call-weekly-1")


@pytest.fixture
def server() -> Iterator[DailyServer]:
    with DailyServer() as running:
        yield running


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock(NOON)


@pytest.fixture
def daily(server: DailyServer, clock: MovedClock) -> Provider:
    return provider(server, clock)


def provider(server: DailyServer, clock: MovedClock, public_url: str = "https://calls.example.com") -> Provider:
    return load_providers(server.settings(), clock, public_url=public_url)["daily"]


def start_call(daily: Provider, key: str = "call-weekly-1") -> None:
    daily.create_meeting(MeetingRequest(key=key, title="Weekly sync"))


def hook_requests(server: DailyServer) -> list[str]:
    return [request for request in server.requests() if "/webhooks" in request]


# --- Setting up -------------------------------------------------------------------------------------------------


def test_daily_is_told_where_we_are(daily: Provider, server: DailyServer) -> None:
    assert daily.set_up_webhooks() == f"Daily sends its webhooks to {US}."
    (hook,) = server.hooks
    assert {name: hook[name] for name in ("url", "retryType", "eventTypes", "hmac")} == {
        "url": US,
        "retryType": "exponential",
        "eventTypes": EVENTS,
        "hmac": SECRET,
    }


def test_told_again_it_learns_our_present_secret(daily: Provider, server: DailyServer) -> None:
    daily.set_up_webhooks()
    server.hooks[0]["hmac"] = "of-long-ago"
    daily.set_up_webhooks()
    assert [hook["hmac"] for hook in server.hooks] == [SECRET]


def test_hooks_of_others_are_left_alone(daily: Provider, server: DailyServer) -> None:
    other = {"uuid": "hook-other", "url": "https://other.example.com/daily", "state": "FAILED", "hmac": "theirs"}
    server.hooks.append(dict(other))
    daily.set_up_webhooks()
    assert server.hooks[0] == other
    assert server.hooks[1]["url"] == US


def test_one_of_our_hooks_is_enough(daily: Provider, server: DailyServer) -> None:
    """Two processes that begin together make two, and all would be told twice."""
    server.hooks += [{"uuid": f"hook-{state}", "url": US, "state": state} for state in ("FAILED", "ACTIVE", "INACTIVE")]
    daily.set_up_webhooks()
    assert [(hook["uuid"], hook["hmac"]) for hook in server.hooks] == [("hook-ACTIVE", SECRET)]


def test_hooks_may_come_wrapped(daily: Provider, server: DailyServer) -> None:
    daily.set_up_webhooks()
    server.next_reply(told({"data": server.hooks}))
    daily.set_up_webhooks()
    assert len(server.hooks) == 1


def test_a_hook_that_does_not_start_again_is_made_anew(daily: Provider, server: DailyServer) -> None:
    server.hooks.append({"uuid": "hook-old", "url": US, "state": "FAILED"})
    server.next_reply(told(server.hooks))
    server.next_reply(told(server.hooks[0]))
    daily.set_up_webhooks()
    assert server.requests() == [
        "GET /webhooks",
        "POST /webhooks/hook-old",
        "DELETE /webhooks/hook-old",
        "POST /webhooks",
    ]
    assert [hook["state"] for hook in server.hooks] == ["ACTIVE"]


def test_daily_finds_us_there(daily: Provider, server: DailyServer) -> None:
    """It tries the address before it takes the hook, perhaps unsigned."""

    def visit(body: bytes) -> int:
        return 200 if daily.answer_challenge(WebhookRequest.of(body=body, headers={})) else 401

    server.visit_hook = visit
    daily.set_up_webhooks()
    assert len(server.hooks) == 1


def test_a_wrong_address_is_told(daily: Provider, server: DailyServer) -> None:
    server.visit_hook = lambda _: 404
    with pytest.raises(PermanentFailure, match="non-200 status code returned from webhook endpoint"):
        daily.set_up_webhooks()


def test_without_an_address_of_ours_there_is_nothing_to_tell(server: DailyServer, clock: MovedClock) -> None:
    with pytest.raises(PermanentFailure, match="PUBLIC_URL is not set"):
        provider(server, clock, public_url="").set_up_webhooks()
    assert not server.asked


# --- Looking after it -------------------------------------------------------------------------------------------


def test_the_first_call_tells_daily_where_we_are(daily: Provider, server: DailyServer) -> None:
    start_call(daily)
    assert [hook["url"] for hook in server.hooks] == [US]


@pytest.mark.parametrize("state", ["FAILED", "INACTIVE"])
def test_a_stopped_hook_is_started_again_by_the_next_call(daily: Provider, server: DailyServer, state: str) -> None:
    server.hooks.append({"uuid": "hook-0", "url": US, "state": state})
    start_call(daily)
    assert [(hook["uuid"], hook["state"]) for hook in server.hooks] == [("hook-0", "ACTIVE")]


def test_or_by_the_next_look(daily: Provider, server: DailyServer) -> None:
    server.hooks.append({"uuid": "hook-0", "url": US, "state": "FAILED"})
    daily.look(ROOM)
    assert server.hooks[0]["state"] == "ACTIVE"


@pytest.mark.parametrize("state", [{"state": "ACTIVE"}, {}, {"state": "SOMETHING_NEW"}])
def test_a_hook_that_works_is_left_alone(daily: Provider, server: DailyServer, state: dict[str, str]) -> None:
    server.hooks.append({"uuid": "hook-0", "url": US, **state})
    start_call(daily)
    assert hook_requests(server) == ["GET /webhooks"]


def test_of_two_hooks_the_one_that_works_counts(daily: Provider, server: DailyServer) -> None:
    server.hooks += [{"uuid": "hook-0", "url": US, "state": "FAILED"}, {"uuid": "hook-1", "url": US, "state": "ACTIVE"}]
    start_call(daily)
    assert hook_requests(server) == ["GET /webhooks"]


def test_daily_is_asked_every_five_minutes_at_the_most(daily: Provider, server: DailyServer, clock: MovedClock) -> None:
    for seconds in (0, 299):
        clock.move(seconds)
        start_call(daily, key=f"call-{seconds}")
        daily.look(ROOM)
    assert hook_requests(server) == ["GET /webhooks", "POST /webhooks"]
    clock.move(1)
    daily.look(ROOM)
    assert hook_requests(server) == ["GET /webhooks", "POST /webhooks", "GET /webhooks"]


def test_many_at_once_ask_once(daily: Provider, server: DailyServer) -> None:
    together = Barrier(8)

    def look() -> None:
        together.wait()
        daily.look(ROOM)

    threads = [Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hook_requests(server) == ["GET /webhooks", "POST /webhooks"]


@pytest.mark.parametrize(
    "trouble",
    [
        refusal(400, "invalid-request-error", "a credit card is needed"),
        refusal(403, "forbidden-error", ""),
        Reply(429),
        Reply(500),
        Reply(200, b"<html>"),
        told([{"url": US}]),
        told({"data": None}),
        HANG_UP,
    ],
)
def test_trouble_with_hooks_keeps_nobody_from_meeting(
    daily: Provider, server: DailyServer, trouble: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    start_call_without_hooks(server)
    server.next_reply(trouble)
    assert daily.look(ROOM) == Roster(())
    assert "webhooks may not arrive provider=daily" in caplog.text
    assert SECRET not in caplog.text


def start_call_without_hooks(server: DailyServer) -> None:
    start_call(provider(server, MovedClock(NOON), public_url=""))


def test_a_refused_hook_keeps_nobody_from_meeting(
    daily: Provider, server: DailyServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.visit_hook = lambda _: 401
    start_call(daily)
    assert list(server.rooms) == ["call-weekly-1"]
    assert "non-200 status code returned" in caplog.text


def test_without_an_address_of_ours_hooks_are_left_alone(server: DailyServer, clock: MovedClock) -> None:
    start_call(provider(server, clock, public_url=""))
    assert hook_requests(server) == []


# --- Telling how it stands --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hooks", "told_so"),
    [
        ([], f"Daily does not know {US} yet: the first call tells it."),
        (
            [{"uuid": "hook-0", "url": US, "state": "FAILED"}],
            f"Daily has stopped its webhooks to {US}: the next call starts them again.",
        ),
        ([{"uuid": "hook-0", "url": US, "state": "ACTIVE"}], f"Daily sends its webhooks to {US}."),
    ],
)
def test_a_check_tells_how_it_stands(
    daily: Provider, server: DailyServer, hooks: list[dict[str, str]], told_so: str
) -> None:
    server.hooks += hooks
    assert daily.check()[-1] == told_so
    assert server.hooks == hooks
