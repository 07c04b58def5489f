"""What `./dev run` starts, used as a newcomer would: three processes' worth of real things, and real browsers."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from tests.emulator.browser import Tabs, picture
from tests.processes import clean, free_port
from tests.room.scene import ADA, GRACE, Looks, scene
from tests.room.window import FLAGS, Window

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser
START_SECONDS = 60
# A card waits for at most one refusal of Slack and one retry of ours.
HEAL_MS = 30_000


@dataclass(frozen=True, slots=True)
class Demo:
    process: subprocess.Popen[str]
    workspace: str
    app: str

    def kill_the_app(self) -> None:
        """As a crash would: at once, and without a word."""
        [app] = psutil.Process(self.process.pid).children()
        for part in [*app.children(recursive=True), app]:
            part.kill()

    def wait_for(self, words: str) -> None:
        """Until the demo has printed this."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if words in line:
                return
        raise AssertionError(f"the demo ended without saying {words!r}")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    ports = {name: free_port() for name in ("--port", "--workspace-port", "--room-port")}
    options = [str(part) for option in ports.items() for part in option]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "app", "demo", *options],
        env=clean({}),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    started = Demo(process, f"http://127.0.0.1:{ports['--workspace-port']}", f"http://127.0.0.1:{ports['--port']}")
    try:
        started.wait_for("Ctrl-C stops everything")
        yield started
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.fixture
def chromium() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright (requirements-dev.txt)")
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("needs Chromium (apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


def person(chromium: Browser, looks: Looks) -> Window:
    """A window of a browser of its own, with this picture for a camera."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(scene(looks))
    return Window(context)


def sign_in(window: Window, link: str, who: str) -> Window:
    """From the card's link past Slack into the call, as this person of the workspace."""
    window.open(link)
    window.page.get_by_role("link", name="Sign in with Slack").click()
    window.page.get_by_label("Workspace and person").select_option(f"T0LOCAL/{who}")
    window.page.get_by_role("button", name="Allow").click()
    return enter(window)


def come_as_guest(window: Window, link: str, name: str) -> Window:
    window.open(link)
    window.page.get_by_label("Your name").fill(name)
    window.page.get_by_role("button", name="Join the call").click()
    return enter(window)


def enter(window: Window) -> Window:
    """Through the room's lobby, where nobody is asked for a name."""
    window.page.wait_for_selector("#preview-tile.has-video")
    assert window.page.get_attribute("#name", "readonly") is not None
    window.page.click("text=Join the call")
    window.page.wait_for_selector("#tiles .tile.self")
    return window


def card(page: Page) -> Locator:
    return page.get_by_role("region", name=re.compile("^Call: "))


def wait_for_card(page: Page, words: str) -> None:
    card(page).filter(has_text=words).wait_for(timeout=HEAL_MS)


def names_on(page: Page) -> list[str]:
    people = card(page).get_by_role("list", name="On the call").get_by_role("listitem")
    return sorted(text.splitlines()[-1] for text in people.all_inner_texts())


def ring(page: Page) -> str:
    """Start a call, and return where its card says to join."""
    composer = page.get_by_role("combobox", name="Message #general")
    composer.fill("/ring Weekly sync")
    composer.press("Enter")
    wait_for_card(page, "Nobody is in yet")
    return str(card(page).get_by_role("link", name="Join Weekly sync").get_attribute("href"))


def test_a_call_is_held_and_its_card_follows(demo: Demo, chromium: Browser, tmp_path: Path) -> None:
    tabs = Tabs(chromium, demo.workspace)
    page = tabs.open(user="U0ADA")
    link = ring(page)
    ada, grace = (person(chromium, looks) for looks in (ADA, GRACE))
    sign_in(ada, link, "U0ADA")
    come_as_guest(grace, link, "Grace from next door")
    for window in (ada, grace):
        window.wait_for_moving_pictures(1)
    wait_for_card(page, "2 on the call")
    assert names_on(page) == ["Ada Lovelace", "Grace from next door"]
    picture(page, "a-call", tmp_path)
    picture(ada.page, "in-the-room", tmp_path)

    grace.page.click("#leave")
    wait_for_card(page, "1 on the call")

    # Slack refuses for a while, and the card comes right by itself.
    fault = {"method": "calls.participants.add", "kind": "status", "status": 429, "retry_after": 1}
    httpx.post(f"{demo.workspace}/emulator/faults", json=fault).raise_for_status()
    grace.page.click("text=Join again")
    enter(grace).wait_for_moving_pictures(1)
    assert names_on(page) == ["Ada Lovelace"]
    httpx.delete(f"{demo.workspace}/emulator/faults").raise_for_status()
    wait_for_card(page, "2 on the call")

    # The app dies, starts again, and goes on where it was.
    demo.kill_the_app()
    demo.wait_for("goes on where it was")
    ada.page.click("text=End for everyone")
    ada.page.locator("dialog[open] button", has_text=re.compile("End")).last.click()
    wait_for_card(page, "Ended")
    assert names_on(page) == []
    grace.page.wait_for_selector("text=ended")

    assert [ada.complaints, grace.complaints, tabs.complaints] == [[], [], []]
    for window in (ada, grace):
        window.context.close()
    tabs.close()


def test_who_is_signed_in_is_one_person_in_all_windows(demo: Demo, chromium: Browser) -> None:
    tabs = Tabs(chromium, demo.workspace)
    page = tabs.open(user="U0GRACE")
    link = ring(page)
    desk = Window(chromium.new_context())
    second_window = Window(desk.context)
    sign_in(desk, link, "U0ADA")
    wait_for_card(page, "1 on the call")
    second_window.open(link)
    enter(second_window)
    desk.wait_for_names("Ada Lovelace (you)", "Ada Lovelace")
    desk.page.click("#leave")
    second_window.wait_for_names("Ada Lovelace (you)")
    assert names_on(page) == ["Ada Lovelace"]
    second_window.page.click("#leave")
    wait_for_card(page, "Nobody is in")
    assert [desk.complaints, second_window.complaints, tabs.complaints] == [[], [], []]
    desk.context.close()
    tabs.close()
