"""Slack's own framework, unmodified, against the emulator: installing, rotating, views, steps and sockets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask, request
from slack_bolt import App
from slack_bolt.adapter.flask import SlackRequestHandler
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk import WebClient
from slack_sdk.oauth.installation_store.sqlite3 import SQLite3InstallationStore
from slack_sdk.oauth.state_store.sqlite3 import SQLite3OAuthStateStore

from app.emulator import Emulator
from app.emulator.interactions import block_action, shortcut, submit_view
from app.emulator.views import home_of, views_of
from tests.emulator.slack_side import Clock, Serve

Json = dict[str, Any]
MODAL = {
    "type": "modal",
    "callback_id": "start",
    "title": {"type": "plain_text", "text": "Start a call"},
    "submit": {"type": "plain_text", "text": "Start"},
    "blocks": [
        {
            "type": "input",
            "block_id": "title",
            "label": {"type": "plain_text", "text": "Title"},
            "element": {"type": "plain_text_input", "action_id": "typed"},
        }
    ],
}


@pytest.fixture(autouse=True)
def _clock_of_today(clock: Clock) -> None:
    """Bolt compares signatures with the real time."""
    clock.seconds = time.time()


class Door:
    """Where a Bolt app is reached; the address is known before there is an app behind it."""

    def __init__(self, serve: Serve) -> None:
        self.bolt: App | None = None
        flask_app = Flask("bolt")
        for path, method in (("events", "POST"), ("install", "GET"), ("oauth_redirect", "GET")):
            flask_app.add_url_rule(f"/slack/{path}", path, self.answer, methods=[method])
        self.address = serve(flask_app)

    def answer(self) -> Any:
        assert self.bolt is not None
        return SlackRequestHandler(self.bolt).handle(request)


@pytest.fixture
def door(serve: Serve) -> Door:
    return Door(serve)


class Installable:
    """A Bolt app that people install, with the stores that the SDK ships."""

    def __init__(self, emulator: Emulator, door: Door, folder: Path, **settings: Any) -> None:
        client_id = emulator.app.client_id
        self.store = SQLite3InstallationStore(database=str(folder / "slack.db"), client_id=client_id)
        self.store.create_tables()  # type: ignore[no-untyped-call]
        states = SQLite3OAuthStateStore(database=str(folder / "states.db"), expiration_seconds=600)
        states.create_tables()  # type: ignore[no-untyped-call]
        self.bolt = App(
            client=WebClient(base_url=emulator.api_url),
            signing_secret=emulator.signing_secret,
            process_before_response=True,
            installation_store=self.store,
            oauth_settings=OAuthSettings(
                client_id=client_id,
                client_secret=emulator.app.client_secret,
                scopes=["commands", "chat:write"],
                user_scopes=["users:read"],
                redirect_uri=door.address + "/slack/oauth_redirect",
                authorization_url=emulator.url + "/oauth/v2/authorize",
                installation_store=self.store,
                state_store=states,
                install_page_rendering_enabled=False,
                **settings,
            ),
        )
        self.tokens: list[str] = []
        self.bolt.command("/ring")(self.ring)
        door.bolt = self.bolt
        emulator.connect_app(door.address + "/slack/events")

    def ring(self, ack: Callable[[str], object], client: WebClient, context: Json) -> None:
        self.tokens.append(context["bot_token"])
        ack(f"This is {client.auth_test()['team_id']}")


def install(address: str, team: str = "T0ACME", **more: str) -> httpx.Response:
    """Go the way of somebody in a browser: the app's install link, Slack's page, and back to the app."""
    with httpx.Client(verify=False, trust_env=False) as browser:
        begun = browser.get(address + "/slack/install")
        asked = begun.headers["Location"]
        assert browser.get(asked).status_code == 200
        agreed = browser.post(asked, data={**dict(httpx.URL(asked).params), "who": f"{team}/U0ADA", **more})
        # Browsers keep secure cookies also of this machine's plain HTTP; this client does not.
        state = begun.headers["Set-Cookie"].partition(";")[0]
        return browser.get(agreed.headers["Location"], headers={"Cookie": state})


@pytest.fixture
def acme(emulator: Emulator) -> Emulator:
    emulator.add_team("T0ACME", "Acme", token=None)
    return emulator


def test_an_app_is_installed_by_a_person_and_then_serves_the_workspace(
    acme: Emulator, door: Door, tmp_path: Path
) -> None:
    app = Installable(acme, door, tmp_path)
    assert install(door.address, decision="allow").status_code == 200
    assert acme.slash("/ring", team="T0ACME").text == "This is T0ACME"
    stored = app.store.find_installation(enterprise_id=None, team_id="T0ACME")
    assert stored is not None
    assert (stored.user_id, stored.bot_user_id, stored.is_enterprise_install) == ("U0ADA", "U0BOT", False)
    assert str(stored.user_token).startswith("xoxp-")


def test_whoever_cancels_installs_nothing(acme: Emulator, door: Door, tmp_path: Path) -> None:
    app = Installable(acme, door, tmp_path)
    assert "access_denied" in install(door.address, decision="cancel").text
    assert app.store.find_installation(enterprise_id=None, team_id="T0ACME") is None


def test_tokens_are_rotated_by_the_sdk(acme: Emulator, door: Door, tmp_path: Path) -> None:
    acme.installs.rotates = True
    app = Installable(acme, door, tmp_path, token_rotation_expiration_minutes=24 * 60)
    install(door.address, decision="allow")
    first = app.store.find_bot(enterprise_id=None, team_id="T0ACME")
    assert acme.slash("/ring", team="T0ACME").text == "This is T0ACME"
    assert first is not None
    assert app.tokens[0] != first.bot_token
    assert app.tokens[0].startswith("xoxe.xoxb-1-")
    grants = [each.args.get("grant_type") for each in acme.requests("oauth.v2.access")]
    assert grants.count("refresh_token") == 2  # the bot's token and the person's


def test_an_organisation_installs_once_for_all(acme: Emulator, door: Door, tmp_path: Path) -> None:
    acme.add_team("T0BETA", "Beta", token=None)
    acme.add_enterprise("E0ORG", "The Org", ["T0ACME", "T0BETA"])
    Installable(acme, door, tmp_path)
    install(door.address, decision="allow", for_enterprise="yes")
    assert [acme.slash("/ring", team=team).text for team in ("T0ACME", "T0BETA")] == [
        "This is T0ACME",
        "This is T0BETA",
    ]


def test_an_uninstalled_workspace_is_forgotten_by_the_sdk(acme: Emulator, door: Door, tmp_path: Path) -> None:
    app = Installable(acme, door, tmp_path)
    app.bolt.enable_token_revocation_listeners()
    install(door.address, decision="allow")
    acme.uninstall("T0ACME")
    assert [sent.status for sent in acme.journal.sent("event")] == [200, 200]
    assert acme.wait_until(lambda: app.store.find_installation(enterprise_id=None, team_id="T0ACME") is None)


def add_listeners(bolt: App) -> None:
    """A small app that uses most of what Bolt offers."""
    bolt.command("/ring")(lambda ack, command: ack(f"Starting {command['text']}"))
    bolt.shortcut("start_call")(_open)
    bolt.view("start")(_submitted)
    bolt.action("end")(lambda ack, respond: (ack(), respond(text="Ended", replace_original=True)))
    bolt.event("app_home_opened")(
        lambda client, event: client.views_publish(user_id=event["user"], view={"type": "home", "blocks": []})
    )
    bolt.function("start_call")(lambda inputs, complete: complete({"title": inputs["title"]}))


def _open(ack: Callable[[], object], client: WebClient, shortcut: Json) -> None:
    ack()
    client.views_open(trigger_id=shortcut["trigger_id"], view=MODAL)


def _submitted(ack: Callable[..., object], view: Json) -> None:
    title = view["state"]["values"]["title"]["typed"]["value"]
    if title == "taken":
        ack(response_action="errors", errors={"title": "Choose another"})
    else:
        ack()


@pytest.fixture(params=["http", "socket"])
def connected(request: pytest.FixtureRequest, emulator: Emulator, door: Door) -> Iterator[Emulator]:
    """The small app, reached by HTTP and through a socket."""
    client = WebClient("xoxb-local", base_url=emulator.api_url)
    bolt = App(client=client, signing_secret=emulator.signing_secret)
    add_listeners(bolt)
    with ExitStack() as running:
        if request.param == "http":
            door.bolt = bolt
            emulator.connect_app(door.address + "/slack/events")
        else:
            handler = SocketModeHandler(bolt, app_token=emulator.app_token)
            running.callback(handler.close)
            # The SDK's client waits three seconds for a last message unless the line is dead.
            running.callback(emulator.stop)
            handler.connect()  # type: ignore[no-untyped-call]
            assert emulator.socket_mode.wait_until_connected()
        yield emulator


def test_a_command_is_answered(connected: Emulator) -> None:
    assert connected.slash("/ring", "Weekly").text == "Starting Weekly"


def test_a_shortcut_leads_to_a_modal_and_its_submission(connected: Emulator) -> None:
    shortcut(connected, "U0ADA", "start_call")
    assert connected.wait_until(lambda: views_of(connected.workspace(), "U0ADA"))
    (view,) = views_of(connected.workspace(), "U0ADA")
    answer = submit_view(connected, "U0ADA", view["id"], {"title": {"typed": {"value": "taken"}}})
    assert answer.errors == {"title": "Choose another"}
    assert submit_view(connected, "U0ADA", view["id"], {"title": {"typed": {"value": "Weekly"}}}).error == ""
    assert views_of(connected.workspace(), "U0ADA") == []


def test_a_button_is_answered_through_its_url(connected: Emulator, client: WebClient) -> None:
    button = {"type": "button", "action_id": "end", "text": {"type": "plain_text", "text": "End"}}
    blocks = [{"type": "actions", "elements": [button]}]
    ts = client.chat_postMessage(channel="C0GENERAL", text="A call", blocks=blocks)["ts"]
    block_action(connected, "U0ADA", {"channel": "C0GENERAL", "ts": ts}, {"action_id": "end"})
    assert connected.wait_until(lambda: connected.messages("C0GENERAL")[0]["text"] == "Ended")


def test_an_event_is_answered_with_a_home(connected: Emulator) -> None:
    assert connected.open_home("U0ADA").status == 200
    assert connected.wait_until(lambda: home_of(connected.workspace(), "U0ADA"))


def test_a_step_is_completed(connected: Emulator) -> None:
    step = connected.run_step("start_call", {"title": "Weekly"})
    assert connected.wait_until(lambda: step.state == "succeeded")
    assert step.outputs == {"title": "Weekly"}
