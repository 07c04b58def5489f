"""The inspector in a browser when things go wrong: answers that fail, a workspace that is started anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from tests.emulator.browser import Tabs, launched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from launched()


@pytest.fixture
def page(browser: Browser, emulator: Emulator) -> Iterator[Page]:
    opened = Tabs(browser, emulator.url)
    yield opened.open("/inspector")
    opened.close()


def test_one_failed_answer_is_not_the_end(page: Page, client: WebClient) -> None:
    page.route("**/inspector/entries*", lambda route: route.fulfill(status=500), times=1)
    with page.expect_response("**/inspector/entries*"):
        client.auth_test()
    client.users_info(user="U0ADA")
    page.locator(".entry[data-method='users.info']").wait_for()
    page.locator(".entry[data-method='auth.test']").wait_for()


def test_a_workspace_started_anew_is_shown_from_its_first_request(
    page: Page, emulator: Emulator, client: WebClient
) -> None:
    client.auth_test()
    client.auth_test()
    page.locator(".entry").nth(1).wait_for()
    port = urlsplit(emulator.url).port
    emulator.stop()
    page.get_by_text("does not answer").wait_for()
    with Emulator().start(port or 0) as anew:
        WebClient("xoxb-local", base_url=anew.api_url).users_info(user="U0ADA")
        page.locator(".entry[data-method='users.info']").wait_for()
        assert page.locator(".entry").count() == 1


def test_traffic_does_not_wipe_what_is_being_typed(page: Page, client: WebClient) -> None:
    field = page.locator("input[data-switch]").first
    field.press_sequentially("12")
    client.auth_test()
    page.locator(".entry[data-method='auth.test']").wait_for()
    page.wait_for_load_state("networkidle")
    assert field.input_value() == "12"


def test_an_event_is_made_to_happen(page: Page, heard: list[dict[str, Any]]) -> None:
    page.locator("textarea[name=event]").fill('{"type": "team_join"}')
    page.get_by_role("button", name="Send the event").click()
    page.locator(".entry[data-method='event']").wait_for()
    assert [each["event"]["type"] for each in heard] == ["team_join"]
