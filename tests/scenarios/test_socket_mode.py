"""An app that Slack cannot reach: commands come through a socket that it opens, webhooks over HTTP."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from app.cli.manifest import read_manifest
from app.emulator import Emulator
from app.listeners.socket_mode import SocketMode
from tests.clocks import MovedClock
from tests.processes import free_port, serving, settings
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook
from tests.running import Running

APP_TOKEN = "xapp-local"
PATIENCE_SECONDS = 20.0
ADA, GRACE = "U0ADA", "U0GRACE"


@pytest.fixture
def slack(clock: MovedClock) -> Iterator[Emulator]:
    with Emulator(now=clock.unix, manifest=read_manifest(socket_mode=True)) as emulator:
        yield emulator


@pytest.fixture
def standard() -> Iterator[ReferenceServer]:
    with ReferenceServer() as server:
        yield server


@pytest.fixture
def app(run_app: Callable[..., Running], standard: ReferenceServer) -> Running:
    return run_app(**standard.settings(), SLACK_APP_TOKEN=APP_TOKEN)


@pytest.fixture
def sockets(app: Running, slack: Emulator) -> Iterator[SocketMode]:
    """The app's socket, which is open."""
    sockets = app.switchboard.socket_mode
    assert sockets is not None
    sockets.start()
    assert slack.socket_mode.wait_until_connected(PATIENCE_SECONDS)
    yield sockets
    # The SDK waits some seconds for a last message, unless the line is dead.
    slack.stop()
    sockets.stop()


def ways(slack: Emulator) -> list[str]:
    """Where each command was sent."""
    return [sent.url for sent in slack.journal.sent("slash")]


def has_opened(slack: Emulator, sockets: int) -> bool:
    return len(slack.requests("apps.connections.open")) == sockets


def typed(text: str) -> dict[str, str]:
    """A command as it stands in an envelope, the same each time."""
    return {
        "command": "/ring",
        "text": text,
        "team_id": "T0LOCAL",
        "channel_id": "C0GENERAL",
        "channel_name": "general",
        "user_id": GRACE,
        "trigger_id": "1.2.abc",
        "api_app_id": "A0LOCAL",
        "is_enterprise_install": "false",
    }


@pytest.mark.usefixtures("sockets")
def test_a_call_is_started_through_the_socket_and_its_webhooks_come_over_http(
    app: Running, slack: Emulator, clock: MovedClock
) -> None:
    assert slack.slash("/ring", "review payload format", user=GRACE).text == "Starting *review payload format* …"
    app.settle(5)
    joined = webhook("participant.joined", clock.now(), participant={"id": "1", "name": "Ada"})
    for body in (webhook("meeting.started", clock.now()), joined):
        answer = app.http.post("/webhooks/standard", content=body, headers=delivered(body, clock.now()))
        assert answer.status_code == 200
    app.settle(5)
    [card] = slack.cards("C0GENERAL")
    assert card["name"] == "review payload format"
    assert [person["display_name"] for person in card["active_participants"]] == ["Ada"]
    assert slack.slash("/ring", "end", user=GRACE).status == 200
    app.settle(5)
    assert slack.cards("C0GENERAL")[0]["has_ended"]
    assert ways(slack) == ["socket", "socket"]


@pytest.mark.usefixtures("sockets")
def test_a_request_over_http_is_answered_all_the_same(app: Running, slack: Emulator) -> None:
    body = b"command=%2Fring&text=help&team_id=T0LOCAL&channel_id=C0GENERAL&user_id=U0ADA"
    headers = {"Content-Type": "application/x-www-form-urlencoded", **slack.signed_headers(body)}
    assert "/ring end" in app.http.post("/slack/events", content=body, headers=headers).text
    assert app.http.post("/slack/events", content=body).status_code == 401


@pytest.mark.usefixtures("sockets")
@pytest.mark.parametrize("lose", ["disconnect", "drop"])
def test_a_lost_socket_is_opened_again(slack: Emulator, lose: str) -> None:
    """Asked to come back, as Slack does every few hours; and without a word."""
    for opened in (2, 3):
        getattr(slack.socket_mode, lose)()
        assert slack.wait_until(partial(has_opened, slack, opened), PATIENCE_SECONDS)
        assert slack.socket_mode.wait_until_connected(PATIENCE_SECONDS)
        assert slack.slash("/ring", "list").text == "No call is running in this channel."


@pytest.mark.usefixtures("sockets")
def test_an_envelope_that_comes_twice_makes_one_call(app: Running, slack: Emulator) -> None:
    """Slack has seen no acknowledgement of the first."""

    def deliver() -> str:
        return slack.socket_mode.deliver("slash", typed("Weekly sync"), {}, PATIENCE_SECONDS).body

    with ThreadPoolExecutor(2) as both:
        answers = [answer.result() for answer in [both.submit(deliver), both.submit(deliver)]]
    assert [json.loads(answer)["text"] for answer in [*answers, deliver()]] == ["Starting *Weekly sync* …"] * 3
    app.settle(5)
    assert [card["name"] for card in slack.cards("C0GENERAL")] == ["Weekly sync"]


@pytest.mark.usefixtures("sockets")
def test_an_envelope_may_be_large(slack: Emulator) -> None:
    answered = slack.socket_mode.deliver("slash", typed("x" * 1_500_000), {}, PATIENCE_SECONDS)
    assert "too long" in answered.body


def test_until_slack_lets_us_in_it_is_asked_again(
    app: Running, slack: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    slack.faults.add("apps.connections.open", "error", error="invalid_auth", times=1)
    sockets = app.switchboard.socket_mode
    assert sockets is not None
    sockets.start()
    assert slack.socket_mode.wait_until_connected(PATIENCE_SECONDS)
    assert "no socket to Slack why=invalid_auth again_in_seconds=2.0" in caplog.text
    assert APP_TOKEN not in caplog.text
    slack.stop()
    sockets.stop()


def test_who_stops_answers_first_what_has_come(app: Running, slack: Emulator, sockets: SocketMode) -> None:
    slack.slash("/ring", "Weekly sync", user=GRACE)
    slack.faults.add("users.info", "slow", seconds=1, times=1, has_effect=True)
    with ThreadPoolExecutor(2) as at_once:
        # Whether somebody is an admin takes Slack a while to say.
        ended = at_once.submit(slack.slash, "/ring", "end", user=ADA)
        assert slack.wait_until(lambda: slack.requests("users.info"), PATIENCE_SECONDS)
        stopped = at_once.submit(sockets.stop)
        assert ended.result().text == "Ending *Weekly sync* for everybody."
        stopped.result(PATIENCE_SECONDS)
    assert not slack.socket_mode.is_connected
    assert [thread for thread in threading.enumerate() if thread.name == "socket-mode"] == []
    app.settle(5)
    assert slack.cards("C0GENERAL") == []


def test_without_the_token_there_is_no_socket(run_app: Callable[..., Running], standard: ReferenceServer) -> None:
    assert run_app(**standard.settings()).switchboard.socket_mode is None


def test_serve_opens_a_socket_and_closes_it_when_told(database_url: str) -> None:
    with Emulator(manifest=read_manifest(socket_mode=True)) as slack:
        env = settings(slack, database_url, free_port()) | {"SLACK_APP_TOKEN": APP_TOKEN}
        with serving(env) as process:
            assert slack.socket_mode.wait_until_connected(PATIENCE_SECONDS)
            assert slack.slash("/ring", "Weekly sync").text == "Starting *Weekly sync* …"
            assert slack.wait_until(lambda: slack.cards("C0GENERAL"), PATIENCE_SECONDS)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
        assert slack.socket_mode.wait_until(lambda: not slack.socket_mode.is_connected, PATIENCE_SECONDS)
