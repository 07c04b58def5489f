"""Real browsers in the room, with cameras and microphones that the browser makes up."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.room import LocalRoom
from tests.room.scene import ADA, ALAN, GRACE, scene
from tests.room.tab import App
from tests.room.window import FLAGS, NO_DEVICES, Window

if TYPE_CHECKING:
    from playwright.sync_api import Browser

playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright (requirements-dev.txt)")
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)"),
]

NewWindow = Callable[..., Window]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def room(app: App) -> Iterator[LocalRoom]:
    """With the time of day, as a browser has no other."""
    with LocalRoom(app.webhook_url) as room:
        yield room


@pytest.fixture
def new_window(chromium: Browser, room: LocalRoom) -> Iterator[NewWindow]:
    """``new_window(script, **context)``: a person's own browser. In the end none may have complained."""
    assert room.url  # it outlives the windows, which would complain otherwise
    windows: list[Window] = []

    def open_window(script: str = "", **options: Any) -> Window:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        if script:
            context.add_init_script(script)
        windows.append(Window(context))
        return windows[-1]

    yield open_window
    complaints = [window.complaints for window in windows]
    for window in windows:
        window.context.close()
    assert complaints == [[] for _ in windows]


@pytest.fixture
def link(room: LocalRoom, meeting_id: str) -> str:
    return f"{room.url}/r/{meeting_id}"


def story(room: LocalRoom, app: App) -> list[str]:
    assert room.wait_until_told()
    return app.story()


def wait_for_story(window: Window, room: LocalRoom, app: App, last: str) -> None:
    for _ in range(80):
        if story(room, app)[-1] == last:
            return
        window.page.wait_for_timeout(250)
    raise AssertionError(f"{last} was never told: {app.story()}")


# Seeing and hearing


def test_two_people_see_and_hear_each_other(new_window: NewWindow, link: str, room: LocalRoom, app: App) -> None:
    ada, grace = new_window().join(link, "Ada"), new_window().join(link, "Grace")
    for window in (ada, grace):
        window.wait_for_moving_pictures(1)
    assert ada.names() == ["Ada (you)", "Grace"]
    assert grace.names() == ["Grace (you)", "Ada"]
    assert story(room, app) == ["meeting.started", "participant.joined Ada", "participant.joined Grace"]


def test_three_people_and_one_leaves(new_window: NewWindow, link: str, room: LocalRoom, app: App) -> None:
    ada, grace, alan = (new_window().join(link, name) for name in ("Ada", "Grace", "Alan"))
    for window in (ada, grace, alan):
        window.wait_for_moving_pictures(2)
    assert ada.page.inner_text("#show-people .count") == "3"
    grace.page.click("#leave")
    grace.page.wait_for_selector("text=You left the call")
    assert "Ada and Alan are still in it" in grace.page.inner_text("main")
    for window, names in ((ada, ("Ada (you)", "Alan")), (alan, ("Alan (you)", "Ada"))):
        window.wait_for_names(*names)
        assert "Grace left" in window.page.inner_text("#news")
        window.wait_for_connections(1)
    assert story(room, app)[-1] == "participant.left Grace"
    grace.page.click("text=Join again")
    grace.page.wait_for_selector("#preview-tile.has-video")
    assert grace.page.input_value("#name") == "Grace"
    grace.come_in("Grace").wait_for_moving_pictures(2)


def test_without_camera_and_microphone(new_window: NewWindow, link: str) -> None:
    ada, grace = new_window().join(link, "Ada Lovelace"), new_window(NO_DEVICES)
    grace.open(link)
    grace.page.wait_for_selector("text=No camera was found")
    grace.come_in("Grace <i>Hopper")
    tile = "#tiles .tile:not(.self)"
    ada.page.wait_for_selector(f"{tile}.is-muted:not(.has-video)")
    assert ada.page.inner_text(f"{tile} .avatar") == "GI"
    grace.wait_for_connections(1)
    grace.wait("document.querySelector('#tiles .tile:not(.self) video').currentTime > 0")
    assert grace.page.get_attribute("#call [data-device=audio]", "aria-pressed") == "false"


def test_muting_and_turning_the_camera_off_and_on(new_window: NewWindow, link: str) -> None:
    ada, grace = new_window().join(link, "Ada"), new_window().join(link, "Grace")
    ada.wait_for_moving_pictures(1)
    seen = "#tiles .tile:not(.self)"
    for device, mark in (("audio", ".is-muted"), ("video", ":not(.has-video)")):
        grace.page.click(f"#call [data-device={device}]")
        ada.page.wait_for_selector(seen + mark)
    for device, mark in (("audio", ":not(.is-muted)"), ("video", ".has-video")):
        grace.page.click(f"#call [data-device={device}]")
        ada.page.wait_for_selector(seen + mark)
    ada.wait_for_moving_pictures(1)


def test_what_was_switched_off_in_the_lobby_stays_off(new_window: NewWindow, link: str) -> None:
    ada, grace = new_window().join(link, "Ada"), new_window()
    grace.open(link)
    grace.page.wait_for_selector("#preview-tile.has-video")
    for device in ("audio", "video"):
        grace.page.click(f"#lobby [data-device={device}]")
    grace.come_in("Grace")
    ada.page.wait_for_selector("#tiles .tile.is-muted:not(.has-video)")
    grace.page.click("#call [data-device=video]")
    ada.page.wait_for_selector("#tiles .tile.is-muted.has-video:not(.self)")
    ada.wait("document.querySelector('#tiles .tile:not(.self) video').videoWidth > 0")


# Coming and going


def test_a_closed_tab_is_noticed(new_window: NewWindow, link: str, room: LocalRoom, app: App) -> None:
    ada, grace = new_window().join(link, "Ada"), new_window().join(link, "Grace")
    ada.wait_for_names("Ada (you)", "Grace")
    grace.page.close()
    ada.wait_for_names("Ada (you)")
    assert story(room, app)[-1] == "participant.left Grace"


def test_a_crashed_tab_is_noticed(new_window: NewWindow, link: str, room: LocalRoom, app: App) -> None:
    ada, grace = new_window().join(link, "Ada"), new_window().join(link, "Grace")
    ada.wait_for_names("Ada (you)", "Grace")
    with pytest.raises(playwright.Error):
        grace.page.goto("chrome://crash")
    ada.page.wait_for_selector("#tiles .tile.is-away >> text=Reconnecting…")
    ada.wait_for_names("Ada (you)")
    assert story(room, app)[-1] == "participant.left Grace"


def test_a_dead_network_is_said_and_mended(
    new_window: NewWindow, link: str, room: LocalRoom, app: App, tmp_path: Path
) -> None:
    ada, grace = new_window().join(link, "Ada"), new_window().join(link, "Grace")
    ada.wait_for_moving_pictures(1)
    grace.context.set_offline(True)
    grace.page.wait_for_selector("#connection >> text=Reconnecting…")
    grace.page.screenshot(path=tmp_path / "dead-network.png")
    wait_for_story(ada, room, app, "participant.left Grace")
    ada.wait_for_names("Ada (you)")
    grace.context.set_offline(False)
    ada.wait_for_names("Ada (you)", "Grace")
    for window in (ada, grace):
        window.wait_for_moving_pictures(1)
    assert not grace.page.is_visible("#connection")
    assert story(room, app)[-2:] == ["participant.left Grace", "participant.joined Grace"]
    grace.complaints = [one for one in grace.complaints if "Failed to load resource" not in one]


def test_a_restart_of_the_room_is_the_end(new_window: NewWindow, link: str, room: LocalRoom) -> None:
    ada = new_window().join(link, "Ada")
    room.stop()
    ada.page.wait_for_selector("#connection >> text=Reconnecting…")
    room.start(httpx.URL(link).port or 0)
    ada.page.wait_for_selector("text=There is no such call")
    ada.complaints = [one for one in ada.complaints if "Failed to load resource" not in one]


# Hosts


def test_the_host_ends_it_for_everyone(new_window: NewWindow, link: str, room: LocalRoom, app: App) -> None:
    ada, grace = new_window().join(link, "Ada"), new_window().join(link, "Grace")
    assert not grace.page.is_visible("#end")
    ada.page.click("#end")
    ada.page.click("#end-dialog >> text=Cancel")
    ada.wait_for_names("Ada (you)", "Grace")
    ada.page.click("#end")
    ada.page.click("#end-dialog button[value=yes]")
    for window in (ada, grace):
        window.page.wait_for_selector("text=The call has ended")
    assert story(room, app)[-1] == "meeting.ended"


def test_after_the_host_left_somebody_else_is(new_window: NewWindow, link: str) -> None:
    ada, grace = new_window().join(link, "Ada"), new_window().join(link, "Grace")
    ada.page.click("#leave")
    grace.page.wait_for_selector("#end")
    grace.page.wait_for_selector("text=You are the only one here")


def test_what_people_type_is_only_text(new_window: NewWindow, link: str, room: LocalRoom, app: App) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    ada, grace = new_window().join(link, nasty), new_window().join(link, "Grace")
    ada.page.click("#rename")
    ada.page.fill("#new-title", f"{nasty} title")
    ada.page.click("#rename-dialog button[value=yes]")
    grace.wait(f"document.title === {nasty + ' title'!r}")
    grace.page.click("#show-people")
    grace.wait_for_names("Grace (you)", nasty)
    assert grace.page.locator("#call img").count() == 0
    assert nasty in grace.page.inner_text("#people")
    assert story(room, app)[-1] == f"meeting.title_changed {nasty} title"


# For everybody


def test_with_the_keyboard_alone(new_window: NewWindow, link: str) -> None:
    ada = new_window()
    ada.open(link)
    ada.page.wait_for_selector("#preview-tile.has-video")
    keys = ada.page.keyboard
    keys.type("Ada")
    keys.press("Enter")
    ada.page.wait_for_selector("#tiles .tile.self")
    tab_to(ada, "Microphone")
    keys.press("Space")
    ada.page.wait_for_selector("#tiles .tile.self.is-muted")
    tab_to(ada, "People: only you")
    keys.press("Enter")
    assert focused(ada) == "Close the list"
    keys.press("Escape")
    assert focused(ada) == "People: only you"
    tab_to(ada, "Rename the call", backwards=True)
    keys.press("Enter")
    keys.press("Control+A")
    keys.type("By hand")
    keys.press("Enter")
    ada.wait("document.title === 'By hand'")
    tab_to(ada, "End for everyone")
    keys.press("Enter")
    ada.page.wait_for_selector("dialog[open]")
    keys.press("Escape")
    ada.page.wait_for_selector("dialog[open]", state="detached")
    assert focused(ada) == "End for everyone"
    keys.press("Enter")
    # The button on the page has the same name as the one in the dialog.
    ada.page.wait_for_selector("dialog[open]")
    tab_to(ada, "End for everyone", skipping=1)
    keys.press("Enter")
    ada.page.wait_for_selector("text=The call has ended")


def focused(window: Window) -> str:
    name = "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"
    return str(window.page.evaluate(name))


def tab_to(window: Window, name: str, *, backwards: bool = False, skipping: int = 0) -> None:
    for _ in range(skipping):
        window.page.keyboard.press("Tab")
    for _ in range(20):
        if focused(window) == name:
            return
        window.page.keyboard.press("Shift+Tab" if backwards else "Tab")
    raise AssertionError(f"{name} cannot be reached")


def test_everything_has_a_name(new_window: NewWindow, link: str) -> None:
    ada = new_window().join(link, "Ada")
    ada.page.click("#show-people")
    tree = ada.page.locator("body").aria_snapshot()
    assert not re.search(r"^\s*- (button|textbox|link|list|img)( \[|:|$)(?!.*list)", tree.replace("- list:", ""), re.M)
    assert 'button "Leave"' in tree
    assert 'button "Microphone" [pressed]' in tree
    assert ada.page.locator("#news").get_attribute("aria-live") == "polite"


def test_on_a_telephone(new_window: NewWindow, link: str, tmp_path: Path) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
    ada, grace, alan = new_window(scene(ADA), **phone), new_window(scene(GRACE)), new_window(NO_DEVICES)
    ada.open(link)
    ada.page.wait_for_selector("#preview-tile.has-video")
    ada.page.fill("#name", "Ada")
    ada.page.screenshot(path=tmp_path / "phone-lobby.png")
    assert not ada.is_wider_than_the_window()
    ada.come_in("Ada " + "Long" * 14)
    grace.join(link, "Grace Hopper")
    alan.open(link)
    alan.come_in("Alan Turing")
    ada.wait_for_connections(2)
    ada.wait("!document.querySelector('#news p')")
    ada.page.screenshot(path=tmp_path / "phone-call.png")
    assert not ada.is_wider_than_the_window()
    for button in ada.page.locator(".controls button:visible").all():
        box = button.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    ada.page.click("#show-people")
    ada.page.screenshot(path=tmp_path / "phone-people.png")
    assert not ada.is_wider_than_the_window()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_looked_at(new_window: NewWindow, link: str, tmp_path: Path, scheme: str) -> None:
    ada, grace, alan = (new_window(scene(looks), color_scheme=scheme) for looks in (ADA, GRACE, ALAN))
    ada.join(link, "Ada Lovelace")
    ada.page.wait_for_timeout(300)
    ada.page.screenshot(path=tmp_path / f"{scheme}-alone.png")
    grace.open(link)
    grace.page.wait_for_selector("#preview-tile.has-video")
    grace.page.wait_for_timeout(300)
    grace.page.screenshot(path=tmp_path / f"{scheme}-lobby.png")
    grace.come_in("Grace Hopper")
    alan.join(link, "Alan Turing")
    ada.wait_for_moving_pictures(2)
    ada.page.screenshot(path=tmp_path / f"{scheme}-call.png")
    alan.page.click("#call [data-device=video]")
    alan.page.click("#call [data-device=audio]")
    ada.page.click("#show-people")
    ada.page.wait_for_selector("#tiles .tile.is-muted")
    ada.page.screenshot(path=tmp_path / f"{scheme}-people.png")
    ada.page.click("#end")
    ada.page.screenshot(path=tmp_path / f"{scheme}-end.png")
    ada.page.click("#end-dialog button[value=yes]")
    grace.page.wait_for_selector("text=The call has ended")
    grace.page.screenshot(path=tmp_path / f"{scheme}-ended.png")


def test_one_name_in_two_tabs_is_one_person(new_window: NewWindow, link: str, room: LocalRoom, app: App) -> None:
    ada = new_window().join(link, "Ada")
    second = ada.context.new_page()
    second.goto(link)
    assert second.input_value("#name") == ""
    second.fill("#name", "ada")
    second.click("text=Join the call")
    ada.wait_for_names("Ada (you)", "ada")
    ada.page.click("#show-people")
    assert "you · host · 2 tabs" in ada.page.inner_text("#people")
    assert story(room, app) == ["meeting.started", "participant.joined Ada", "participant.joined ada"]
    assert len({told["data"]["participant"]["id"] for told in app.told()[1:]}) == 1


def test_two_names_in_two_tabs_are_two_people(new_window: NewWindow, link: str, room: LocalRoom, app: App) -> None:
    ada = new_window().join(link, "Ada")
    grace = ada.context.new_page()
    grace.goto(link)
    grace.fill("#name", "Grace")
    grace.click("text=Join the call")
    ada.wait_for_names("Ada (you)", "Grace")
    ada.page.click("#show-people")
    assert ada.page.locator("#people li").count() == 2
    assert story(room, app) == ["meeting.started", "participant.joined Ada", "participant.joined Grace"]
    assert len({told["data"]["participant"]["id"] for told in app.told()[1:]}) == 2


def test_a_window_that_is_loaded_again_knows_the_name(new_window: NewWindow, link: str) -> None:
    ada = new_window().join(link, "Ada")
    ada.open(link)
    assert ada.page.input_value("#name") == "Ada"
