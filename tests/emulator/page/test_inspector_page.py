"""The inspector: every request, both ways, and sending one again."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from flask import Flask, request
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.inspector import entries
from tests.emulator.page.words import words
from tests.emulator.slack_side import Serve


@pytest.fixture
def app_heard(emulator: Emulator, serve: Serve) -> list[dict[str, Any]]:
    """What the app that is connected is sent: headers and body."""
    heard: list[dict[str, Any]] = []
    app = Flask("app")

    @app.post("/slack/events")
    def hear() -> str:
        heard.append({"headers": dict(request.headers), "body": request.get_data()})
        return ""

    emulator.connect_app(serve(app) + "/slack/events")
    return heard


def listed(emulator: Emulator, after: int = 0) -> list[dict[str, Any]]:
    return entries(emulator.journal, after, 100)


def test_both_directions_are_listed_in_order(
    emulator: Emulator, client: WebClient, app_heard: list[dict[str, Any]]
) -> None:
    client.auth_test()
    emulator.slash("/ring", "Weekly")
    found = [(each["direction"], each["method"], each["outcome"]) for each in listed(emulator)]
    assert found == [("from-app", "auth.test", "200"), ("to-app", "slash", "200")]
    assert len(app_heard) == 1


def test_only_what_is_new_is_asked_for(emulator: Emulator, client: WebClient, http: httpx.Client) -> None:
    client.auth_test()
    newest = listed(emulator)[-1]["number"]
    client.users_info(user="U0ADA")
    text = http.get("/inspector/entries", params={"after": newest}).text
    assert "users.info" in text
    assert "auth.test" not in text


def test_a_refusal_is_marked(http: httpx.Client, emulator: Emulator) -> None:
    http.post("/api/users.info", data={"user": "U0NOBODY"})
    [entry] = listed(emulator)
    assert (entry["outcome"], entry["is_bad"]) == ("user_not_found", True)


def test_no_secret_is_shown(emulator: Emulator, client: WebClient, http: httpx.Client) -> None:
    client.auth_test(token="xoxb-local")
    emulator.connect_app("http://127.0.0.1:1/")
    emulator.slash("/ring")
    page = http.get("/inspector").text
    assert "Authorization" in page
    for secret in ("xoxb-local", "local-verification-token", "v0="):
        assert secret not in page


def test_a_request_can_be_sent_again(emulator: Emulator, http: httpx.Client, app_heard: list[dict[str, Any]]) -> None:
    emulator.slash("/ring", "Weekly & sync")
    number = listed(emulator)[-1]["number"]
    assert http.post(f"/emulator/replay/{number}").json() == {"status": 200, "body": ""}
    first, second = app_heard
    assert first["body"] == second["body"]
    assert "X-Slack-Signature" in second["headers"]
    assert [each["method"] for each in listed(emulator)] == ["slash", "slash"]


@pytest.mark.parametrize("number", ["0", "999", "first"])
def test_what_was_never_sent_cannot_be_sent_again(http: httpx.Client, number: str) -> None:
    assert http.post(f"/emulator/replay/{number}").status_code == 400


def test_faults_that_stand_are_told(emulator: Emulator, http: httpx.Client) -> None:
    emulator.faults.add("calls.add", "status", status=429, times=3)
    emulator.faults.add("*", "slow", seconds=5)
    text = words(http.get("/inspector/controls").text)
    assert "calls.add answer with an HTTP status 429 3 more" in text
    assert "every method answer late (5 s) until removed" in text


def test_one_fault_can_be_taken_away(emulator: Emulator, http: httpx.Client) -> None:
    emulator.faults.add("calls.add", "drop_before")
    emulator.faults.add("calls.end", "drop_before")
    left = http.delete("/emulator/faults/0").json()["faults"]
    assert [each["method"] for each in left] == ["calls.end"]
    assert http.delete("/emulator/faults/7").status_code == 400


def test_every_switch_is_explained(emulator: Emulator, http: httpx.Client) -> None:
    text = http.get("/inspector").text
    for name in emulator.switches.described():
        assert f'data-switch="{name}"' in text


def test_coverage_is_told(http: httpx.Client) -> None:
    text = words(http.get("/coverage").text)
    assert "calls.add Supported" in text
    assert "reactions.add" in text
