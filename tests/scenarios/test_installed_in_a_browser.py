"""An app without a token and without a provider: somebody installs it from its page, adds an account in the Home and
holds a call, while its tokens rotate; then it is removed, and installed again. The app is a process of its own, and the
browser a real one."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Table, func, select

from app.cli.manifest import read_manifest
from app.db.installation_models import INSTALLATIONS
from app.db.models import CALLS
from app.db.session import Database
from app.db.workspace_models import ACCOUNTS
from app.emulator import Emulator
from app.room import LocalRoom
from app.services.installations import INSTALL_PATH
from tests.emulator.browser import DESK, launched, picture
from tests.processes import free_port, serving
from tests.room.scene import ADA, scene
from tests.room.tab import Browser as Guest
from tests.room.window import FLAGS, Window
from tests.scenarios.patience import until
from tests.scenarios.test_in_a_browser import card, enter, wait_for_card
from tests.services.installed import exchanges, refused
from tests.web.installers import INSTALLABLE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

TOKEN_SECONDS = 2 * 60 * 60 + 2
"""A token is exchanged two hours before its end, so these are good for two seconds."""
EXCHANGES_UNDER_LOAD = 3
MOST_CALLS = 15
HOME = "/?user=U0ADA&view=home"


@dataclass(frozen=True, slots=True)
class Service:
    """The app, where nobody has installed it yet, with the workspace and the provider of those who will."""

    url: str
    slack: Emulator
    room: LocalRoom
    database: Database

    def statuses(self) -> list[str]:
        """Of all calls."""
        with self.database.reading() as connection:
            return list(connection.execute(select(CALLS.c.status)).scalars())

    def stored(self, table: Table, name: str) -> int:
        """In how many rows something is stored here; only the app can read what."""
        with self.database.reading() as connection:
            return connection.execute(select(func.count(table.c[name]))).scalar_one()


@pytest.fixture
def service(database_url: str, database: Database) -> Iterator[Service]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with Emulator(manifest=read_manifest(url, installable=True)) as slack, LocalRoom() as room:
        slack.installs.uninstall(slack.workspace())
        slack.installs.token_seconds = TOKEN_SECONDS
        slack.connect_app(f"{url}/slack/events")
        env = {
            **INSTALLABLE,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "SLACK_API_URL": slack.api_url,
            "PUBLIC_URL": url,
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "DATABASE_URL": database_url,
            "ALLOW_PRIVATE_ADDRESSES": "true",
        }
        with serving(env):
            yield Service(url, slack, room, database)


@dataclass(frozen=True, slots=True)
class Admin:
    """What an admin of the workspace does and sees."""

    service: Service
    window: Window

    @property
    def page(self) -> Page:
        return self.window.page

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).last.click()

    def install(self) -> None:
        """From the page of the app past Slack to the Home."""
        self.window.open(self.service.url + INSTALL_PATH)
        self.page.get_by_text("Post the card of a call").wait_for()
        self.press("Continue to Slack")
        self.page.get_by_label("Workspace and person").select_option("T0LOCAL/U0ADA")
        self.press("Allow")
        self.page.get_by_role("heading", name="Switchboard is installed in Local").wait_for()
        self.page.get_by_role("link", name="Open it in Slack").click()
        self.wait_for_home("No call provider is set up yet")

    def open_home(self) -> None:
        self.window.open(self.service.slack.url + HOME)

    def wait_for_home(self, words: str) -> None:
        self.page.locator(".home", has_text=words).wait_for()

    def enter(self, field: str, text: str) -> None:
        self.form.get_by_label(field, exact=True).fill(text)

    @property
    def form(self) -> Locator:
        return self.page.get_by_role("dialog")

    def wait_for_form(self, words: str) -> None:
        self.form.filter(has_text=words).wait_for()

    def uninstall(self) -> None:
        """In the inspector, which has Slack's part of it."""
        inspector = self.window.context.new_page()
        inspector.on("dialog", lambda asked: asked.accept())
        inspector.goto(f"{self.service.slack.url}/inspector")
        inspector.get_by_role("button", name="Uninstall the app").click()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from launched(FLAGS)


@pytest.fixture
def ada(browser: Browser, service: Service) -> Iterator[Admin]:
    context = browser.new_context(
        viewport=DESK,  # type: ignore[arg-type]
        locale="en-GB",
        timezone_id="UTC",
        reduced_motion="reduce",
    )
    context.add_init_script(scene(ADA))
    window = Window(context)
    yield Admin(service, window)
    context.close()
    assert window.complaints == []


def test_from_the_page_to_a_call_and_back(ada: Admin, service: Service, tmp_path: Path) -> None:
    ada.install()
    add_account(ada, service)
    see_that_it_works(ada)
    call = hold_a_call(ada)
    see_it_on_the_home(ada, tmp_path)
    hold_many_while_tokens_rotate(service, call)
    ada.uninstall()
    see_that_nothing_is_left(service, call)
    ada.install()
    assert "No call provider is set up here yet" in service.slack.slash("/ring", "Another").text
    assert call.complaints == []


def add_account(ada: Admin, service: Service) -> None:
    """Wrongly at first; then with the address of its webhooks given to the provider, as it is shown."""
    ada.press("Add an account")
    ada.page.get_by_label("Where do you hold calls?").select_option("standard")
    ada.press("Next")
    ada.enter("Name of this account", "Local room")
    ada.enter("Address", "calls.example.com")
    ada.enter("API key", service.room.api_key)
    ada.enter("Webhook secret", service.room.webhook_secret)
    ada.form.get_by_label("Personal links").select_option("Yes")
    ada.press("Save")
    ada.form.get_by_role("alert").filter(has_text="This must be an address such as https://").wait_for()
    assert service.stored(ACCOUNTS, "settings") == 0
    ada.enter("Address", service.room.url)
    ada.press("Save")
    ada.wait_for_form("Local room is saved")
    [address] = re.findall(r"http\S+/webhooks/standard/acc-\w+", ada.form.inner_text())
    service.room.connect_app(address)
    ada.press("Close")
    ada.wait_for_home("None has come yet")


def see_that_it_works(ada: Admin) -> None:
    ada.page.get_by_label("More choices").click()
    ada.press("Test")
    ada.wait_for_form("It answers, and accepts “API key”.")
    ada.press("Close")


def hold_a_call(ada: Admin) -> Window:
    """Start one by the command, and come in as oneself by its card."""
    page = ada.page
    page.get_by_role("link", name="general").click()
    composer = page.get_by_role("combobox", name="Message #general")
    composer.fill("/ring Weekly sync")
    composer.press("Enter")
    wait_for_card(page, "Nobody is in yet")
    call = Window(ada.window.context)
    call.open(str(card(page).get_by_role("link", name="Join Weekly sync").get_attribute("href")))
    call.page.get_by_role("link", name="Sign in with Slack").click()
    call.page.get_by_role("button", name="Allow").click()
    enter(call)
    wait_for_card(page, "1 on the call")
    return call


def see_it_on_the_home(ada: Admin, tmp_path: Path) -> None:
    assert ada.service.stored(ACCOUNTS, "settings") == ada.service.stored(INSTALLATIONS, "bot_token") == 1
    ada.open_home()
    ada.wait_for_home("In: @Ada Lovelace")
    ada.wait_for_home("Weekly sync")
    ada.wait_for_home("Last delivery received")
    picture(ada.page, "home", tmp_path)


def hold_many_while_tokens_rotate(service: Service, call: Window) -> None:
    """People start calls, look at what runs, and come and go, for as long as it takes to exchange some tokens."""
    [meeting_id] = re.findall(r"/r/([^/?#]+)", call.page.url)
    before, done = len(exchanges(service.slack)), threading.Event()
    with ThreadPoolExecutor() as crowd:
        tasks: list[Callable[[Service, threading.Event], int]] = [start_calls, list_calls]
        busy = [crowd.submit(task, service, done) for task in tasks]
        busy.append(crowd.submit(come_and_go, service, meeting_id, done))
        try:
            until(lambda: len(exchanges(service.slack)) >= before + EXCHANGES_UNDER_LOAD)
        finally:
            done.set()
        started, listed, came = [task.result() for task in busy]
    until(lambda: service.statuses() == ["live"] * (started + 1))
    until(lambda: people(service) == ["U0ADA"])
    assert len(service.slack.cards("C0RANDOM")) == started
    assert min(started, listed, came) > 1
    assert refused(service.slack) == []


def start_calls(service: Service, done: threading.Event) -> int:
    """One after the other, as many as Slack takes in a short time; returns how many."""
    for number in range(MOST_CALLS):
        if done.wait(0.2):
            return number
        assert "Starting" in service.slack.slash("/ring", f"Call {number}", channel="C0RANDOM").text
    return MOST_CALLS


def list_calls(service: Service, done: threading.Event) -> int:
    listed = 0
    while not done.wait(0.02):
        assert "Weekly sync" in service.slack.slash("/ring", "list").text
        listed += 1
    return listed


def come_and_go(service: Service, meeting_id: str, done: threading.Event) -> int:
    """Guests at the provider, who tells of each by a webhook."""
    came = 0
    while not done.wait(0.05):
        with Guest(service.room) as guest:
            guest.join(meeting_id, f"Guest {came}").say("leave")
        came += 1
    return came


def people(service: Service) -> list[str]:
    """Who is on the card of the call that all this happens beside."""
    [weekly_sync] = service.slack.cards("C0GENERAL")
    return [each.get("slack_id", each.get("display_name")) for each in weekly_sync["active_participants"]]


def see_that_nothing_is_left(service: Service, call: Window) -> None:
    until(lambda: service.stored(INSTALLATIONS, "bot_token") == 0)
    assert service.stored(INSTALLATIONS, "bot_refresh_token") == 0
    call.page.wait_for_selector("text=ended")
    until(lambda: set(service.statuses()) == {"ended"})
    # The secrets follow within minutes, when the provider has been told of the end.
    assert service.stored(ACCOUNTS, "removed_at") == 1
