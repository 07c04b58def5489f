"""Slash commands: what an app receives, and what the person sees of its answer."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import pytest
from flask import Flask, Response, request
from slack_bolt import App
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.signature import Clock as SignatureClock
from slack_sdk.signature import SignatureVerifier

from app.emulator import Emulator
from app.emulator.app_link import NoAppConnected
from app.emulator.errors import SlackError
from app.emulator.signatures import signed_headers
from app.emulator.workspace import Channel
from tests.emulator.slack_side import Clock, Connect, Serve

FIXTURES = Path(__file__).parent / "fixtures"


def test_a_real_bolt_app_trusts_and_answers_the_command(
    emulator: Emulator, client: WebClient, serve: Serve, clock: Clock
) -> None:
    clock.seconds = real_time()
    bolt = App(client=client, signing_secret="local-secret", process_before_response=True)
    bolt.command("/ring")(lambda ack, command: ack(f"Starting {command['text']}"))
    flask_app = Flask("bolt")
    handler = SlackRequestHandler(bolt)
    flask_app.post("/slack/events")(lambda: handler.handle(request))
    emulator.connect_app(serve(flask_app) + "/slack/events")

    answer = emulator.slash("/ring", "Weekly sync", user="U0ADA", channel="C0GENERAL")

    assert (answer.status, answer.text) == (200, "Starting Weekly sync")
    assert [message["text"] for message in emulator.ephemerals("U0ADA")] == ["Starting Weekly sync"]


def real_time() -> float:
    """Bolt looks at the real clock to find stale signatures."""
    return time.time()


def test_a_wrong_secret_is_found_out(emulator: Emulator, client: WebClient, serve: Serve, clock: Clock) -> None:
    clock.seconds = real_time()
    bolt = App(client=client, signing_secret="another-secret", process_before_response=True)
    flask_app = Flask("bolt")
    handler = SlackRequestHandler(bolt)
    flask_app.post("/slack/events")(lambda: handler.handle(request))
    emulator.connect_app(serve(flask_app) + "/slack/events")
    answer = emulator.slash("/ring", "Weekly sync")
    assert (answer.status, answer.text) == (401, '/ring failed with the error "dispatch_failed"')


def test_the_body_has_the_documented_fields(emulator: Emulator, connect: Connect) -> None:
    received: list[dict[str, str]] = []

    def answer() -> str:
        received.append(request.form.to_dict())
        return ""

    connect(answer)
    emulator.slash("/weather", "94070", user="U0GRACE", channel="C0RANDOM")
    documented = dict(parse_qsl((FIXTURES / "slash_command.txt").read_text("utf-8").strip().splitlines()[-1]))
    # Only Grid organisations have these two.
    assert set(received[0]) == set(documented) - {"enterprise_id", "enterprise_name"}
    assert (
        received[0]
        | {
            "team_id": "T0LOCAL",
            "team_domain": "local",
            "channel_id": "C0RANDOM",
            "channel_name": "random",
            "user_id": "U0GRACE",
            "user_name": "grace",
            "command": "/weather",
            "text": "94070",
            "api_app_id": "A0LOCAL",
            "is_enterprise_install": "false",
        }
        == received[0]
    )
    assert re.fullmatch(r"\d+\.\d+\.[0-9a-f]+", received[0]["trigger_id"])


@pytest.mark.parametrize(
    ("channel", "name"),
    [("C0GENERAL", "general"), ("G0SECRET", "privategroup"), ("D0ADAGRACE", "directmessage")],
)
def test_slack_hides_the_names_of_private_conversations(
    emulator: Emulator, connect: Connect, channel: str, name: str
) -> None:
    connect(lambda: request.form["channel_name"])
    assert emulator.slash("/ring", channel=channel).text == name


@pytest.mark.parametrize("text", ["", "review payload format", "Ünï & co = 5 %", "a+b\nc"])
def test_any_text_arrives_as_typed_and_signed(emulator: Emulator, connect: Connect, text: str) -> None:
    verified: list[bool] = []

    def answer() -> str:
        body, headers = request.get_data(), dict(request.headers)
        stamp, signature = headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"]
        verifier = SignatureVerifier("local-secret", clock=StoppedClock(int(stamp)))
        verified.append(verifier.is_valid(body, stamp, signature))
        return parse_qs(body.decode(), keep_blank_values=True)["text"][0]

    connect(answer)
    assert emulator.slash("/ring", text).body == text
    assert verified == [True]


class StoppedClock(SignatureClock):
    """The verifier's clock, at the moment of the signature."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def now(self) -> float:
        return self.seconds


def test_the_documented_signature_comes_out() -> None:
    lines = (FIXTURES / "signature_vector.txt").read_text("utf-8").splitlines()
    vector = dict(line.split(":", 1) for line in lines if ":" in line)
    headers = signed_headers(vector["secret"].strip(), vector["body"].strip().encode(), int(vector["timestamp"]))
    assert headers == {
        "X-Slack-Request-Timestamp": "1531420618",
        "X-Slack-Signature": vector["expected"].split()[0],
    }


def test_requests_can_be_signed_by_hand(emulator: Emulator) -> None:
    assert emulator.signed_headers(b"x")["X-Slack-Request-Timestamp"] == "1700000000"
    assert emulator.signed_headers(b"x", 5) == signed_headers("local-secret", b"x", 5)
    assert emulator.signed_headers(b"x", 5) != emulator.signed_headers(b"y", 5)


def test_an_empty_answer_shows_nothing(emulator: Emulator, connect: Connect) -> None:
    connect(lambda: "")
    answer = emulator.slash("/ring")
    assert (answer.status, answer.text, answer.body) == (200, "", "")
    assert emulator.ephemerals("U0ADA") == []


@pytest.mark.parametrize("nothing", [{}, {"text": ""}, {"response_type": "in_channel"}])
def test_an_answer_of_nothing_shows_nothing(emulator: Emulator, connect: Connect, nothing: Any) -> None:
    connect(lambda: nothing)
    assert emulator.slash("/ring").text == ""
    assert emulator.ephemerals("U0ADA") == emulator.messages("C0GENERAL") == []


def test_json_that_is_no_object_is_shown_as_it_is(emulator: Emulator, connect: Connect) -> None:
    connect(lambda: ["one", 2])
    assert emulator.slash("/ring").text == '["one", 2]'


def test_an_answer_in_json_may_be_for_the_channel(emulator: Emulator, connect: Connect) -> None:
    connect(lambda: {"response_type": "in_channel", "text": "Started"})
    assert emulator.slash("/ring").text == "Started"
    assert [message["text"] for message in emulator.messages("C0GENERAL")] == ["Started"]
    assert emulator.ephemerals("U0ADA") == []


def test_an_answer_of_blocks_is_read_out(emulator: Emulator, connect: Connect) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*Hello*"}}
    connect(lambda: {"blocks": [section, {"type": "divider"}]})
    assert emulator.slash("/ring").text == "*Hello*"


def test_the_answer_can_be_replaced_later(emulator: Emulator, connect: Connect, http: Any) -> None:
    connect(lambda: "Starting…")
    answer = emulator.slash("/ring")
    assert answer.response_url.startswith(emulator.url + "/commands/T0LOCAL/")
    http.post(answer.response_url, json={"replace_original": True, "text": "Started"})
    assert [message["text"] for message in emulator.ephemerals("U0ADA")] == ["Started"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda: ("broken", 500), "dispatch_failed"),
        (lambda: ("gone", 404), "dispatch_failed"),
        (lambda: ("created", 201), "dispatch_failed"),
        (lambda: Response("{", content_type="application/json"), "dispatch_failed"),
        (lambda: {"blocks": [{"type": "call", "call_id": "R1"}]}, "dispatch_failed"),
    ],
)
def test_a_failing_app_is_reported_in_slacks_words(
    emulator: Emulator, connect: Connect, answer: Callable[[], Any], error: str
) -> None:
    connect(answer)
    text = f'/ring failed with the error "{error}"'
    assert emulator.slash("/ring").text == text
    (seen,) = emulator.ephemerals("U0ADA")
    assert (seen["text"], seen["user"]) == (text, "USLACKBOT")


def test_an_app_that_takes_too_long_is_reported_in_slacks_words(emulator: Emulator, connect: Connect) -> None:
    released = threading.Event()
    connect(lambda: str(released.wait(10)))
    emulator.app_link.budget_seconds = 0.05
    answer = emulator.slash("/ring")
    released.set()
    assert (answer.status, answer.text) == (0, '/ring failed with the error "operation_timeout"')
    assert answer.seconds >= 0.05
    assert [sent.status for sent in emulator.journal.sent("slash")] == [0]


def test_an_app_that_is_not_there(emulator: Emulator) -> None:
    emulator.connect_app("http://127.0.0.1:1/slack/events")
    answer = emulator.slash("/ring")
    assert (answer.status, answer.text) == (0, '/ring failed with the error "dispatch_failed"')


def test_no_app_at_all(emulator: Emulator) -> None:
    with pytest.raises(NoAppConnected):
        emulator.slash("/ring")


@pytest.mark.parametrize(
    ("user", "channel", "code"),
    [
        ("U0NOBODY", "C0GENERAL", "user_not_found"),
        ("U0ADA", "C0NOWHERE", "channel_not_found"),
        ("U0ALAN", "G0SECRET", "not_in_channel"),
    ],
)
def test_nobody_types_where_they_are_not(
    emulator: Emulator, connect: Connect, user: str, channel: str, code: str
) -> None:
    connect(lambda: "")
    with pytest.raises(SlackError, match=code):
        emulator.slash("/ring", user=user, channel=channel)
    assert emulator.journal.sent() == []


def test_the_app_may_call_slack_before_it_answers(emulator: Emulator, client: WebClient, connect: Connect) -> None:
    connect(lambda: str(client.chat_postMessage(channel="C0GENERAL", text="First")["ok"]))
    assert emulator.slash("/ring").text == "True"


def test_a_command_is_recorded_without_its_secrets(emulator: Emulator, connect: Connect) -> None:
    connect(lambda: "Starting…")
    emulator.slash("/ring", "Weekly sync")
    (sent,) = emulator.journal.sent("slash")
    assert (sent.args["text"], sent.status, sent.answer, sent.team_id) == ("Weekly sync", 200, "Starting…", "T0LOCAL")
    assert sent.args["token"] == sent.headers["X-Slack-Signature"] == "***"


def test_a_command_in_another_team(emulator: Emulator, connect: Connect) -> None:
    emulator.add_team("T0ACME", "Acme Inc", "xoxb-acme").add_channel(Channel("C0ACME", "acme"))
    connect(lambda: f"{request.form['team_id']} {request.form['team_domain']}")
    assert emulator.slash("/ring", channel="C0ACME", team="T0ACME").text == "T0ACME acme-inc"
    assert len(emulator.ephemerals("U0ADA", team="T0ACME")) == 1
    assert emulator.ephemerals("U0ADA") == []
