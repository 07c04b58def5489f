"""The control API under /emulator/."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from flask import request
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.views import home_of
from tests.emulator.slack_side import Connect


@pytest.fixture
def echo(connect: Connect) -> None:
    """Connect an app that answers a command with its own words."""
    connect(lambda: " ".join(request.form[name] for name in ("user_id", "command", "text")))


def test_requests_can_be_read(client: WebClient, http: httpx.Client, call_id: str) -> None:
    client.auth_test()
    everything = http.get("/emulator/requests").json()["received"]
    assert [each["method"] for each in everything] == ["calls.add", "auth.test"]
    (added,) = http.get("/emulator/requests", params={"method": "calls.add"}).json()["received"]
    assert (added["answer"]["call"]["id"], added["error"], added["headers"]["Authorization"]) == (call_id, None, "***")
    (newest,) = http.get("/emulator/requests", params={"last": "1"}).json()["received"]
    assert newest["method"] == "auth.test"


def test_the_control_api_does_not_record_itself(emulator: Emulator, http: httpx.Client) -> None:
    http.get("/emulator/requests")
    http.get("/")
    assert emulator.requests() == []


def test_messages_cards_and_calls_can_be_read(
    emulator: Emulator, client: WebClient, http: httpx.Client, call_id: str
) -> None:
    client.chat_postMessage(channel="C0GENERAL", text="Hi", blocks=[{"type": "call", "call_id": call_id}])
    client.chat_postEphemeral(channel="C0GENERAL", user="U0ADA", text="Psst")
    assert http.get("/emulator/messages/C0GENERAL").json()["messages"] == emulator.messages("C0GENERAL")
    assert http.get("/emulator/ephemerals/U0ADA").json()["messages"] == emulator.ephemerals("U0ADA")
    assert http.get(f"/emulator/calls/{call_id}").json()["call"] == emulator.call(call_id)


def test_faults_can_be_set_read_and_cleared(emulator: Emulator, http: httpx.Client) -> None:
    fault = {"method": "auth.test", "kind": "error", "error": "account_inactive", "times": 1}
    assert http.post("/emulator/faults", json=fault).json()["faults"][0].items() >= fault.items()
    assert http.post("/api/auth.test").json()["error"] == "account_inactive"
    http.post("/emulator/faults", json={"method": "*", "kind": "slow", "seconds": 0.001, "times": None})
    assert [each["kind"] for each in http.get("/emulator/faults").json()["faults"]] == ["slow"]
    assert http.delete("/emulator/faults").json() == {"faults": []}
    assert emulator.faults.described() == []


def test_switches_can_be_read_and_changed(emulator: Emulator, http: httpx.Client) -> None:
    switch = http.get("/emulator/switches").json()["switches"]["removal_matches"]
    assert (switch["value"], switch["positions"]) == ("full_object", ["full_object", "id"])
    http.patch("/emulator/switches", json={"removal_matches": "id"})
    assert emulator.switches.removal_matches == "id"


def test_limits_can_be_read_and_changed(http: httpx.Client) -> None:
    assert http.get("/emulator/limits").json()["per_minute"]["calls.add"] == 50
    http.patch("/emulator/limits", json={"per_minute": {"calls.add": 1}})
    assert [http.post("/api/calls.add").status_code for _ in range(2)] == [200, 429]
    assert http.patch("/emulator/limits", json={"on": False}).json()["on"] is False
    assert http.post("/api/calls.add").status_code == 200
    assert http.patch("/emulator/limits", json={"on": True}).json()["on"] is True
    assert http.post("/api/calls.add").status_code == 200


@pytest.mark.usefixtures("echo")
@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (
            {"command": "/ring", "text": "Weekly sync", "user": "U0GRACE", "channel": "C0RANDOM"},
            "U0GRACE /ring Weekly sync",
        ),
        ({"text": "/ring Weekly sync"}, "U0ADA /ring Weekly sync"),
        ({"text": " /ring "}, "U0ADA /ring "),
    ],
)
def test_a_command_can_be_typed(http: httpx.Client, sent: dict[str, str], text: str) -> None:
    answer = http.post("/emulator/slash", json=sent).json()
    assert (answer["status"], answer["text"]) == (200, text)


@pytest.mark.usefixtures("echo")
def test_a_form_leads_back_to_the_page(emulator: Emulator, http: httpx.Client) -> None:
    sent = {"text": "/ring Weekly", "user": "U0GRACE", "channel": "C0RANDOM", "team": "T0LOCAL"}
    answer = http.post("/emulator/slash", data=sent)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?user=U0GRACE&channel=C0RANDOM&team=T0LOCAL")
    assert emulator.ephemerals("U0GRACE")[0]["text"] == "U0GRACE /ring Weekly"


def test_a_form_that_cannot_be_sent_leads_back_with_the_reason(http: httpx.Client) -> None:
    answer = http.post("/emulator/slash", data={"text": "hello"})
    assert answer.headers["Location"] == "/?notice=invalid_command"


def test_the_app_can_be_connected(emulator: Emulator, http: httpx.Client) -> None:
    url = "http://127.0.0.1:8000/slack/events"
    assert http.get("/emulator/app").json() == {"request_url": None}
    assert http.post("/emulator/app", json={"request_url": url}).json() == {"request_url": url}
    assert emulator.app_link.request_url == url


def test_everything_can_be_reset(emulator: Emulator, client: WebClient, http: httpx.Client) -> None:
    client.chat_postMessage(channel="C0GENERAL", text="Hi")
    assert http.post("/emulator/reset").json() == {}
    assert emulator.messages("C0GENERAL") == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "messages/C0NOWHERE", None, 404),
        ("GET", "messages/C0GENERAL?team=T0NONE", None, 404),
        ("GET", "calls/R0NONE", None, 404),
        ("POST", "faults", {"method": "*"}, 400),
        ("POST", "faults", {"method": "*", "kind": "explode"}, 400),
        ("POST", "faults", {"method": "*", "kind": "error", "seconds": "long"}, 400),
        ("POST", "faults", {"method": "*", "kind": "error", "skip": True}, 400),
        ("POST", "faults", {"method": "*", "kind": "error", "colour": "red"}, 400),
        ("POST", "faults", [], 400),
        ("POST", "faults", {"method": "*", "kind": "status", "status": 99}, 400),
        ("POST", "faults", {"method": "*", "kind": "status", "status": 600}, 400),
        ("POST", "faults", {"method": "*", "kind": "error", "times": 0}, 400),
        ("POST", "faults", {"method": "*", "kind": "slow", "seconds": -1}, 400),
        ("DELETE", "faults/²", None, 400),
        ("DELETE", "faults/" + "9" * 5000, None, 400),
        ("POST", "replay/²", {}, 400),
        ("POST", "slash", {"text": "/ring", "team": ["T"]}, 400),
        ("POST", "say", {"text": "Hi", "channel": {}}, 400),
        ("POST", "app", {"request_url": "http://[::1"}, 400),
        ("POST", "app", {"request_url": "http://"}, 400),
        ("POST", "app", {"request_url": 5}, 400),
        ("PATCH", "switches", {"removal_matches": "name"}, 400),
        ("PATCH", "limits", {"per_minute": {"calls.add": 0}}, 400),
        ("PATCH", "limits", {"per_minute": {"calls.add": "many"}}, 400),
        ("PATCH", "limits", {"per_minute": 5}, 400),
        ("PATCH", "limits", {"of": True}, 400),
        ("POST", "app", {"request_url": "ftp://example.com"}, 400),
        ("POST", "app", {}, 400),
        ("POST", "slash", {"text": "/ring"}, 409),
        ("POST", "slash", {"text": "ring"}, 400),
        ("POST", "event", {"event": {}}, 400),
        ("POST", "event", {"event": "link_shared"}, 400),
        ("POST", "event", {"event": {"type": "link_shared"}}, 409),
        ("POST", "run_step", {}, 400),
        ("POST", "run_step", {"callback_id": "none", "inputs": []}, 400),
        ("POST", "uninstall", {"team": "T0NONE"}, 404),
        ("POST", "slash", {"text": "/ring", "user": "U0NOBODY"}, 404),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(
    http: httpx.Client, method: str, path: str, body: object, status: int
) -> None:
    answer = http.request(method, f"/emulator/{path}", json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


def test_an_event_can_be_sent(http: httpx.Client, heard: list[dict[str, Any]]) -> None:
    assert http.post("/emulator/event", json={"event": {"type": "team_join"}}).json() == {"status": 200}
    assert [each["event"]["type"] for each in heard] == ["team_join"]


def test_the_app_can_be_uninstalled(http: httpx.Client, heard: list[dict[str, Any]]) -> None:
    assert http.post("/emulator/uninstall", json={}).json() == {}
    assert [each["event"]["type"] for each in heard][-1:] == ["app_uninstalled"]


def test_what_a_removed_app_has_shown_is_gone(emulator: Emulator, client: WebClient) -> None:
    client.views_publish(user_id="U0ADA", view={"type": "home", "blocks": [{"type": "divider"}]})
    assert home_of(emulator.workspace(), "U0ADA")
    emulator.uninstall()
    assert home_of(emulator.workspace(), "U0ADA") is None


def test_pages_of_other_sites_cannot_control_it(emulator: Emulator, http: httpx.Client) -> None:
    foreign = {"Origin": "https://evil.example.com"}
    assert http.post("/emulator/reset", headers=foreign).status_code == 403
    assert http.post("/emulator/reset", headers={"Origin": emulator.url}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/inspector", "/emulator/app", "/api/auth.test", "/oauth/v2/authorize"])
def test_a_foreign_name_for_this_machine_is_refused(http: httpx.Client, path: str) -> None:
    assert http.get(path, headers={"Host": "evil.example.com"}).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1:4010", "localhost:4010", "localhost"])
def test_every_name_of_this_machine_is_taken(http: httpx.Client, host: str) -> None:
    assert http.get("/emulator/app", headers={"Host": host}).status_code == 200
