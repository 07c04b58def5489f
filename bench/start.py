"""How long a card takes to stand in the channel, beside what the provider and Slack themselves take to answer."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from app.clock import SystemClock
from app.domain.card import CallCard
from app.domain.meetings import MeetingRequest
from app.emulator import Emulator
from app.providers.base import Provider
from app.providers.registry import load_providers
from app.slack.calls import CallsApi, NewSlackCall
from app.slack.messages import MessagesApi
from app.slack.web_api import make_client
from bench.figures import Figure, at_most, in_turn
from bench.scene import CHANNEL, STARTER, migrated
from bench.servers import app_server
from tests.providers.standin import Asked, Reply, StandIn

TARGET = 1.2
ROUNDS = 20
PROVIDER_SECONDS = 0.040
SLACK_SECONDS = 0.030
PAUSE_SECONDS = 1.4
"""Between two starts. The app itself keeps to Slack's pace of calls.add, and that is not what is measured."""
LONGEST_SECONDS = 30
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1iZW5jaC10aGF0LWlzLWxvbmc="


def run(folder: Path) -> Iterator[Figure]:
    with ExitStack() as stack:
        slack = stack.enter_context(Emulator())
        slack.limits.off()
        slack.faults.add("*", "slow", seconds=SLACK_SECONDS)
        standin = stack.enter_context(StandIn(_create_meeting))
        provider = _settings_of(standin)
        url = f"sqlite:///{folder / 'app.db'}"
        stack.enter_context(closing(migrated(url)))
        env = {"DATABASE_URL": url, "SLACK_API_URL": slack.api_url, **provider}
        server = stack.enter_context(app_server(folder, env))
        slack.connect_app(f"{server.url}/slack/events")
        alone = load_providers(provider, SystemClock())["standard"]
        measures = {"app": partial(_start, slack), "floor": partial(_answer_times, slack, alone)}
        times = in_turn(ROUNDS, measures)
    ratio = median(times["app"]) / median(times["floor"])
    target, ok = at_most(TARGET, ratio)
    yield Figure(
        name="from /ring to the card",
        measured=f"{median(times['app']):.0f} ms",
        floor=f"{median(times['floor']):.0f} ms",
        ratio=ratio,
        target=target,
        ok=ok,
    )


def _start(slack: Emulator) -> float:
    """The milliseconds from the command being sent until its card stands."""
    time.sleep(PAUSE_SECONDS)
    before = len(slack.cards(CHANNEL))
    began = time.perf_counter()
    slack.slash("/ring", "Weekly sync", user=STARTER, channel=CHANNEL)
    if not slack.wait_until(lambda: len(slack.cards(CHANNEL)) > before, timeout=LONGEST_SECONDS):
        lately = [(request.method, request.status, request.error) for request in slack.requests()[-5:]]
        raise RuntimeError(f"There is no card after {LONGEST_SECONDS} s. The last requests to Slack: {lately}")
    return (time.perf_counter() - began) * 1000


def _answer_times(slack: Emulator, provider: Provider) -> float:
    """The milliseconds that the same three requests take, sent one after the other by nobody in particular."""
    client = make_client(slack.bot_token, slack.api_url)
    calls_api, messages = CallsApi(client), MessagesApi(client)
    began = time.perf_counter()
    meeting = provider.create_meeting(MeetingRequest(key=secrets.token_hex(10), title="Weekly sync"))
    card = CallCard(title="Weekly sync", join_url=meeting.join_url or "")
    new = NewSlackCall(
        external_unique_id=meeting.id, created_by=STARTER, started_at=datetime.now(UTC), display_id=None, card=card
    )
    messages.post_card(CHANNEL, calls_api.add(new), "Weekly sync", None)
    return (time.perf_counter() - began) * 1000


def _create_meeting(asked: Asked) -> Reply:
    time.sleep(PROVIDER_SECONDS)
    key = json.loads(asked.body)["key"] if asked.body else secrets.token_hex(10)
    body = json.dumps({"id": f"meeting-{key}", "join_url": f"https://meet.example.com/{key}"})
    return Reply(200, body.encode(), {"Content-Type": "application/json"})


def _settings_of(standin: StandIn) -> dict[str, str]:
    return {"STANDARD_URL": standin.url, "STANDARD_API_KEY": "key-of-the-bench", "STANDARD_WEBHOOK_SECRET": SECRET}
