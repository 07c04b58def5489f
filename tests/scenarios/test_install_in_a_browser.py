"""Somebody installs the app from its page, starts a call, removes it and installs it again, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.emulator import Emulator
from app.services.installations import INSTALL_PATH
from tests.emulator.browser import Tabs, launched, picture
from tests.running import Running
from tests.web.installers import INSTALLABLE, add_acme

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from launched()


@pytest.fixture
def app(run_app: Callable[..., Running], slack: Emulator) -> Running:
    started = run_app(**INSTALLABLE, LINK_TEMPLATE="https://meet.example.com/{slug}")
    add_acme(slack, started)
    slack.add_enterprise("E0ORG", "The Org", ["T0LOCAL", "T0ACME"])
    return started


@pytest.fixture
def page(browser: Browser, app: Running) -> Iterator[Page]:
    tabs = Tabs(browser, app.url)
    yield tabs.open(INSTALL_PATH)
    tabs.close()
    # Chromium complains of every page that is an error.
    assert [each for each in tabs.complaints if "403 (FORBIDDEN)" not in each] == []


def go_to_slack(page: Page, app: Running) -> None:
    page.goto(app.url + INSTALL_PATH)
    page.get_by_role("button", name="Continue to Slack").click()
    page.get_by_label("Workspace and person").select_option("T0ACME/U0ADA")


def test_from_the_page_to_the_first_call_and_back(page: Page, app: Running, slack: Emulator, tmp_path: Path) -> None:
    picture(page, "install", tmp_path)
    go_to_slack(page, app)
    page.get_by_role("button", name="Allow").click()
    heading = page.get_by_role("heading", name="Switchboard is installed in Acme Ltd")
    heading.wait_for()
    page.get_by_role("link", name="Open it in Slack").click()
    page.wait_for_url(re.compile("view=home"))
    slack.slash("/ring", "Weekly sync", team="T0ACME")
    app.settle(within_seconds=5)
    [card] = slack.cards("C0GENERAL", team="T0ACME")
    assert not card["has_ended"]

    slack.uninstall("T0ACME")
    app.settle()
    app.clock.move(3600)
    go_to_slack(page, app)
    page.get_by_role("checkbox", name=re.compile("For the whole organisation")).check()
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", name="Switchboard is installed in The Org").wait_for()
    for team in ("T0ACME", "T0LOCAL"):
        slack.slash("/ring", "For all", team=team)
        app.settle(within_seconds=5)
        assert slack.cards("C0GENERAL", team=team)[-1]["name"] == "For all"


def test_whoever_cancels_can_begin_again(page: Page, app: Running) -> None:
    go_to_slack(page, app)
    page.get_by_role("button", name="Cancel").click()
    assert "nothing has changed" in (page.get_by_role("alert").text_content() or "")
    page.get_by_role("link", name="Begin again").click()
    page.get_by_role("button", name="Continue to Slack").wait_for()
