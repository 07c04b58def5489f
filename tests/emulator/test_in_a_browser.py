"""The whole app as people use it: a browser before the workspace, a provider behind it, time in the test's hands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.emulator import Emulator
from tests.clocks import MovedClock
from tests.emulator.browser import PHONE, Tabs, launched, picture
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook
from tests.running import Running

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

ADA = {"id": "ada", "name": "Ada Lovelace", "slack_id": "U0ADA"}
GRACE = {"id": "grace", "name": "Grace Hopper", "slack_id": "U0GRACE"}
KIM = {"id": "kim", "name": "Kim Possible"}


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from launched()


@pytest.fixture
def provider() -> Iterator[ReferenceServer]:
    with ReferenceServer() as server:
        yield server


@pytest.fixture
def app(run_app: Callable[..., Running], provider: ReferenceServer) -> Running:
    return run_app(DEFAULT_PROVIDER="standard", **provider.settings())


@pytest.fixture
def tabs(browser: Browser, slack: Emulator, app: Running) -> Iterator[Tabs]:  # noqa: ARG001 - the app must run
    opened = Tabs(browser, slack.url)
    yield opened
    complaints = opened.complaints
    opened.close()
    assert complaints == []


class Meeting:
    """What happens at the provider's side of the one call there is."""

    def __init__(self, app: Running) -> None:
        self._app = app

    def joined(self, *people: dict[str, str]) -> None:
        for person in people:
            self._tell("participant.joined", participant=person)

    def left(self, person: dict[str, str]) -> None:
        self._tell("participant.left", participant={"id": person["id"]})

    def _tell(self, word: str, **data: Any) -> None:
        self._app.clock.move(1)
        body = webhook(word, self._app.clock.now(), **data)
        headers = delivered(body, self._app.clock.now())
        assert self._app.http.post("/webhooks/standard", content=body, headers=headers).is_success
        self._app.settle(within_seconds=5)


@pytest.fixture
def meeting(app: Running) -> Meeting:
    return Meeting(app)


def composer(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Message #general")


def card(page: Page) -> Locator:
    return page.get_by_role("region", name=re.compile("^Call: "))


def on_the_call(page: Page) -> Locator:
    return card(page).get_by_role("list", name="On the call").get_by_role("listitem")


def ring(page: Page, app: Running, text: str = "Weekly sync") -> None:
    composer(page).fill(f"/ring {text}")
    composer(page).press("Enter")
    page.get_by_text("Only visible to you").last.wait_for()
    app.settle(within_seconds=5)


def wait_for_text(locator: Locator, text: str) -> None:
    locator.filter(has_text=text).wait_for()


def test_a_call_is_followed_from_start_to_end(app: Running, tabs: Tabs, meeting: Meeting, clock: MovedClock) -> None:
    page = tabs.open(user="U0ADA")
    page.evaluate("window.notReloaded = true")

    ring(page, app)
    card(page).wait_for()
    join = card(page).get_by_role("link", name="Join Weekly sync")
    assert join.get_attribute("href") == "https://meet.example.com/1"
    assert join.get_attribute("target") == "_blank"
    wait_for_text(card(page), "Nobody is in yet")

    meeting.joined(ADA, GRACE)
    wait_for_text(card(page), "2 on the call")
    assert on_the_call(page).all_inner_texts() == ["AL\nAda Lovelace", "GH\nGrace Hopper"]

    meeting.left(GRACE)
    wait_for_text(card(page), "1 on the call")
    gone = card(page).get_by_role("list", name="Left the call")
    assert gone.get_by_role("listitem").all_inner_texts() == ["GH\nGrace Hopper left"]
    assert "grayscale" in str(gone.locator(".face").evaluate("face => getComputedStyle(face).filter"))

    clock.move(12 * 60)
    ring(page, app, "end")
    wait_for_text(card(page), "Ended · 12 minutes")
    assert join.count() == 0
    wait_for_text(card(page), "2 took part")
    assert page.evaluate("window.notReloaded")


def test_what_changes_is_said_to_who_cannot_see_it(app: Running, tabs: Tabs, meeting: Meeting) -> None:
    page = tabs.open(user="U0ADA")
    ring(page, app)
    status = page.get_by_role("status").last
    wait_for_text(status, "Weekly sync is live")
    meeting.joined(KIM)
    wait_for_text(status, "1 on the call: Kim Possible")


def test_only_the_one_who_asked_sees_the_answer(app: Running, tabs: Tabs) -> None:
    ada, grace = tabs.open(user="U0ADA"), tabs.open(user="U0GRACE")
    ring(ada, app)
    card(grace).wait_for()
    assert ada.get_by_text("Only visible to you").count() == 1
    assert grace.get_by_text("Only visible to you").count() == 0


def test_two_windows_are_two_people(app: Running, tabs: Tabs) -> None:  # noqa: ARG001 - the app must run
    ada, grace = tabs.open(user="U0ADA"), tabs.open(user="U0ADA")
    grace.get_by_text("You act as").locator("..").click()
    grace.get_by_role("link", name="Grace Hopper").first.click()
    grace.wait_for_url(re.compile("user=U0GRACE"))
    composer(grace).fill("Hello <b>Ada</b>")
    composer(grace).press("Enter")
    said = ada.get_by_role("article", name=re.compile("^Grace Hopper"))
    wait_for_text(said, "Hello <b>Ada</b>")


def test_commands_are_completed_by_keyboard(app: Running, tabs: Tabs) -> None:
    page = tabs.open(user="U0ADA")
    composer(page).press_sequentially("/r")
    option = page.get_by_role("option", name="/ring").first
    assert option.get_attribute("aria-selected") == "true"
    composer(page).press("Tab")
    assert composer(page).input_value() == "/ring "
    page.get_by_role("option", name="/ring list").wait_for()
    for key in ("ArrowUp", "ArrowUp", "ArrowUp"):
        composer(page).press(key)
    composer(page).press("Enter")
    assert composer(page).input_value() == "/ring list"
    composer(page).press("Escape")
    composer(page).press("Enter")
    wait_for_text(page.get_by_role("article").last, "No call is running in this channel")
    assert len(app.slack.journal.sent("slash")) == 1


def test_a_call_is_held_with_the_keyboard_alone(app: Running, tabs: Tabs) -> None:
    page = tabs.open(user="U0ADA")
    reach(page, composer(page))
    page.keyboard.type("/ring ")
    page.keyboard.type("Weekly sync")
    page.keyboard.press("Enter")
    page.get_by_text("Only visible to you").wait_for()
    app.settle(within_seconds=5)
    card(page).wait_for()
    reach(page, card(page).get_by_role("link"), "Shift+Tab")
    assert page.evaluate("document.activeElement.href") == "https://meet.example.com/1"


def reach(page: Page, wanted: Locator, key: str = "Tab") -> None:
    for _ in range(40):
        page.keyboard.press(key)
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("the keyboard does not lead there")


def test_a_fault_makes_the_card_wait_until_it_heals(app: Running, tabs: Tabs, slack: Emulator) -> None:
    page, inspector = tabs.open(user="U0ADA"), tabs.open("/inspector")
    inspector.get_by_role("complementary").get_by_label("Method").first.select_option("calls.add")
    inspector.get_by_role("button", name="500").click()
    inspector.get_by_text("calls.add answer with an HTTP status 500").wait_for()

    ring(page, app)
    entry = inspector.locator(".entry[data-method='calls.add']").first
    wait_for_text(entry, "500")
    assert card(page).count() == 0

    inspector.get_by_role("button", name="Remove all faults").click()
    inspector.get_by_text("Everything works as it should").wait_for()
    app.settle()
    card(page).wait_for()
    assert slack.faults.described() == []


def test_the_inspector_shows_filters_and_sends_again(app: Running, tabs: Tabs) -> None:
    inspector = tabs.open("/inspector")
    app.slack.slash("/ring", "list")
    app.slack.slash("/ring", "help")
    entries = inspector.get_by_role("list").locator(".entry")
    entries.nth(1).wait_for()
    inspector.get_by_label("Filter by any text").fill("help")
    wait_for_text(inspector.get_by_role("status").first, "1 of 2 requests")
    entries.first.locator("summary").click()
    wait_for_text(entries.first, "X-Slack-Signature")
    assert "v0=" not in entries.first.inner_text()
    inspector.get_by_role("button", name="Send again").first.click()
    inspector.get_by_text("The app answered 200").wait_for()
    wait_for_text(inspector.get_by_role("status").first, "2 of 3 requests")


def test_a_switch_is_moved(tabs: Tabs, slack: Emulator) -> None:
    inspector = tabs.open("/inspector")
    with inspector.expect_response("**/emulator/switches"):
        inspector.get_by_label("Removal matches").select_option(label="id")
    assert slack.switches.removal_matches == "id"


def test_a_thread_is_opened_answered_and_closed(tabs: Tabs, slack: Emulator) -> None:
    page = tabs.open(user="U0ADA")
    composer(page).fill("Shall we?")
    composer(page).press("Enter")
    message = page.get_by_role("article").first
    message.hover()
    message.get_by_role("link", name="Reply in thread").click()
    reply = page.get_by_role("textbox", name="Reply in thread")
    reply.fill("Yes")
    reply.press("Enter")
    page.get_by_role("link", name="1 reply").wait_for()
    reply.press("Escape")
    page.get_by_role("heading", name="Thread").wait_for(state="detached")
    assert [each["text"] for each in slack.messages("C0GENERAL")] == ["Shall we?", "Yes"]


def test_what_is_being_written_survives_news(tabs: Tabs, slack: Emulator) -> None:
    page = tabs.open(user="U0ADA")
    composer(page).fill("Half a sent")
    slack.slash("/ring", "list", user="U0ADA")
    wait_for_text(page.get_by_role("article"), "No call is running")
    assert composer(page).input_value() == "Half a sent"
    assert composer(page).evaluate("field => field === document.activeElement")


def test_nothing_typed_becomes_markup(app: Running, tabs: Tabs) -> None:
    page = tabs.open(user="U0ADA")
    ring(page, app, "<img src=x onerror=alert(1)>")
    wait_for_text(card(page), "<img src=x onerror=alert(1)>")
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("path", ["/", "/inspector", "/coverage"])
def test_a_phone_shows_it_without_scrolling_sideways(app: Running, tabs: Tabs, meeting: Meeting, path: str) -> None:
    desk = tabs.open(user="U0ADA")
    ring(desk, app, "A rather long title for a call that nobody will read to its very end")
    meeting.joined(ADA, GRACE, KIM)
    page = tabs.open(path, size=PHONE)
    page.locator("h1").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_phone_has_the_channels_in_a_drawer(tabs: Tabs) -> None:
    page = tabs.open(user="U0ADA", size=PHONE)
    random = page.get_by_role("link", name="random")
    assert not random.is_visible()
    page.get_by_role("button", name="Channels", exact=True).click()
    random.click()
    page.get_by_role("heading", name="random").wait_for()
    page.wait_for_function("!document.body.classList.contains('drawer-open')")


def test_it_follows_the_colours_of_the_system(tabs: Tabs) -> None:
    brightness = "parseInt(getComputedStyle(document.querySelector('main')).backgroundColor.match(/\\d+/)[0])"
    assert tabs.open().evaluate(brightness) > 200
    assert tabs.open(colours="dark").evaluate(brightness) < 60


def test_pictures_for_the_documentation(
    app: Running, tabs: Tabs, meeting: Meeting, clock: MovedClock, tmp_path: Path
) -> None:
    page = tabs.open(user="U0ADA")
    grace = tabs.open(user="U0GRACE")
    composer(grace).fill("Good morning! Shall we look at the release together?")
    composer(grace).press("Enter")
    wait_for_text(page.get_by_role("article").last, "Good morning!")
    clock.move(40)
    composer(page).fill("Yes, let us. I am starting a call.")
    composer(page).press("Enter")
    wait_for_text(grace.get_by_role("article").last, "starting a call")
    clock.move(20)
    ring(page, app, "Release 2.4")
    meeting.joined(ADA, GRACE, KIM, {"id": "alan", "name": "Alan Turing", "slack_id": "U0ALAN"})
    meeting.left({"id": "alan"})
    wait_for_text(card(page), "1 left")
    picture(page, "workspace", tmp_path)
    for name, query in (("workspace-dark", {"colours": "dark"}), ("workspace-phone", {"size": PHONE})):
        other = tabs.open(user="U0ADA", **query)
        wait_for_text(card(other), "1 left")
        picture(other, name, tmp_path)
    app.slack.faults.add("calls.update", "status", status=429, retry_after=2, times=3)
    inspector = tabs.open("/inspector")
    inspector.locator(".entry[data-method='slash'] summary").click()
    picture(inspector, "inspector", tmp_path)
