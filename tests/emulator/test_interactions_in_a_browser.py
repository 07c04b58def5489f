"""Buttons, menus, modals and the Home in a browser, before a small app that knows only HTTP."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, request
from slack_sdk import WebClient

from app.emulator import Emulator
from tests.emulator.browser import Tabs, launched
from tests.emulator.slack_side import Serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def option(value: str) -> dict[str, Any]:
    return {"text": plain(value.title()), "value": value}


TITLE = {
    "type": "input",
    "block_id": "title",
    "label": plain("Title"),
    "hint": plain("Stands on the card"),
    "element": {"type": "plain_text_input", "action_id": "text"},
}
PROVIDER = {
    "type": "input",
    "block_id": "provider",
    "label": plain("Provider"),
    "element": {"type": "static_select", "action_id": "choice", "options": [option("zoom"), option("jitsi")]},
}
MODAL = {
    "type": "modal",
    "title": plain("Start a call"),
    "submit": plain("Start"),
    "close": plain("Not now"),
    "notify_on_close": True,
    "blocks": [TITLE, PROVIDER],
}
START = {"type": "button", "action_id": "start", "text": plain("Start …"), "style": "primary"}
MORE = {"type": "overflow", "action_id": "more", "options": [option("mute"), option("leave")]}
OFFER: list[dict[str, Any]] = [
    {"type": "section", "block_id": "s", "text": {"type": "mrkdwn", "text": "A *call*?"}, "accessory": MORE},
    {"type": "actions", "block_id": "a", "elements": [START]},
]


class SmallApp:
    """Opens a modal when its button is pressed, refuses empty promises, and remembers what it was told."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self.told: list[dict[str, Any]] = []
        self.flask = Flask("small")
        self.flask.add_url_rule("/slack/events", view_func=self._answer, methods=["POST"])

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.told if each["type"] == kind]

    def _answer(self) -> Any:
        if request.is_json:
            self.told.append(request.get_json()["event"])
            return ""
        payload = json.loads(request.form["payload"])
        self.told.append(payload)
        if payload["type"] == "block_actions" and payload["actions"][0]["action_id"] == "start":
            self._client.views_open(trigger_id=payload["trigger_id"], view=MODAL)
        if payload["type"] == "view_submission" and _title(payload) == "no":
            return {"response_action": "errors", "errors": {"title": "Call it something else."}}
        return ""


def _title(payload: dict[str, Any]) -> str:
    return str(payload["view"]["state"]["values"]["title"]["text"]["value"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from launched()


@pytest.fixture
def app(emulator: Emulator, client: WebClient, serve: Serve) -> SmallApp:
    small = SmallApp(client)
    emulator.connect_app(serve(small.flask) + "/slack/events")
    return small


@pytest.fixture
def tabs(browser: Browser, emulator: Emulator, app: SmallApp) -> Iterator[Tabs]:  # noqa: ARG001 - it must listen
    opened = Tabs(browser, emulator.url)
    yield opened
    opened.close()
    assert opened.complaints == []


@pytest.fixture
def page(tabs: Tabs, client: WebClient) -> Page:
    client.chat_postMessage(channel="C0GENERAL", text="A call?", blocks=OFFER)
    return tabs.open(user="U0ADA")


def open_modal(page: Page) -> None:
    page.get_by_role("button", name="Start …").click()
    page.get_by_role("dialog", name="Start a call").wait_for()


def test_a_menu_tells_the_app_what_was_chosen(page: Page, app: SmallApp) -> None:
    page.get_by_label("More choices").click()
    with page.expect_response("**/emulator/act"):
        page.get_by_role("button", name="Leave").click()
    [told] = app.of_type("block_actions")
    assert told["actions"][0]["selected_option"] == option("leave")
    assert told["user"]["id"] == "U0ADA"


def test_a_modal_is_filled_in_and_submitted(page: Page, app: SmallApp) -> None:
    open_modal(page)
    page.keyboard.type("Weekly <sync>")
    page.get_by_label("Provider").select_option("jitsi")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("dialog").wait_for(state="detached")
    [told] = app.of_type("view_submission")
    assert _title(told) == "Weekly <sync>"
    assert told["view"]["state"]["values"]["provider"]["choice"]["selected_option"] == option("jitsi")


def test_what_is_missing_or_refused_is_said_under_its_field(page: Page, app: SmallApp) -> None:
    open_modal(page)
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("Please complete this required field.").first.wait_for()
    assert app.of_type("view_submission") == []
    page.get_by_label("Title").fill("no")
    page.get_by_label("Provider").select_option("zoom")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("Call it something else.").wait_for()
    assert page.get_by_label("Title").evaluate("field => field === document.activeElement")


@pytest.mark.parametrize("way", ["Escape", "Not now"])
def test_a_modal_can_be_closed(page: Page, app: SmallApp, way: str) -> None:
    open_modal(page)
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name=way).click()
    page.get_by_role("dialog").wait_for(state="detached")
    assert [each["view"]["title"]["text"] for each in app.of_type("view_closed")] == ["Start a call"]


def test_only_the_one_who_pressed_gets_the_modal(page: Page, tabs: Tabs) -> None:
    grace = tabs.open(user="U0GRACE")
    open_modal(page)
    assert grace.get_by_role("dialog").count() == 0


def test_the_home_is_asked_for_and_shown(page: Page, app: SmallApp, client: WebClient) -> None:
    client.views_publish(user_id="U0ADA", view={"type": "home", "blocks": OFFER})
    with page.expect_response("**/emulator/home"):
        page.get_by_role("link", name="Switchboard").click()
    page.get_by_role("heading", name="Switchboard").wait_for()
    assert [each["tab"] for each in app.of_type("app_home_opened")] == ["home"]
    open_modal(page)


def test_dates_are_written_as_their_reader_writes_them(page: Page, client: WebClient) -> None:
    ago = int(time.time()) - 150
    text = f"Since <!date^{ago}^{{date_short_pretty}}, {{ago}}|long ago>."
    block = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    client.chat_postMessage(channel="C0GENERAL", text="A call", blocks=[block])
    page.get_by_text(re.compile("Since (today|yesterday), 2 minutes ago.")).wait_for()


def test_a_call_in_a_direct_message_can_be_declined(tabs: Tabs, app: SmallApp, client: WebClient) -> None:
    client.conversations_open(users="U0ADA")
    call = client.calls_add(
        external_unique_id="1", join_url="https://example.com/j", title="A word", created_by="U0BOT"
    )
    block = {"type": "call", "call_id": call["call"]["id"]}
    sent = client.chat_postMessage(channel="U0ADA", text="A word?", blocks=[block])
    page = tabs.open(user="U0ADA", channel=str(sent["channel"]))
    page.get_by_role("button", name="Decline A word").click()
    page.get_by_text("Declined", exact=True).wait_for()
    assert [each["external_unique_id"] for each in app.of_type("call_rejected")] == ["1"]


def test_an_app_that_fails_is_named(page: Page, emulator: Emulator) -> None:
    emulator.connect_app("http://127.0.0.1:1/")
    page.get_by_role("button", name="Start …").click()
    page.get_by_role("status").filter(has_text=re.compile("did not take it: dispatch_failed")).wait_for()


def test_a_button_below_a_message_works_too(tabs: Tabs, client: WebClient, app: SmallApp) -> None:
    below = [{"blocks": [{"type": "actions", "elements": [START]}]}]
    client.chat_postMessage(channel="C0GENERAL", text="A call?", attachments=below)
    open_modal(tabs.open(user="U0ADA"))
    [told] = app.of_type("block_actions")
    assert told["actions"][0]["action_id"] == "start"
