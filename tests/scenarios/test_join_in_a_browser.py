"""From the card's Join button to one's own face on the card, in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from app.emulator import Emulator
from app.web.sign_in import RETURN_PATH
from tests.emulator.browser import Tabs, launched, picture
from tests.providers.livekit.server import KEY, SECRET, LiveKitServer
from tests.providers.livekit.signing import signed
from tests.providers.standin import Reply, StandIn
from tests.running import Running
from tests.scenarios.livekit_history import start_call
from tests.web.people import CLIENT, send_back_to

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    yield from launched()


@pytest.fixture
def meeting_page() -> Iterator[StandIn]:
    """The provider's web app, at which every link of one's own leads into the meeting."""
    page = b"<!doctype html><link rel=icon href=data:,><title>In the meeting</title><h1>In the meeting</h1>"
    with StandIn(lambda _: Reply(200, page, {"Content-Type": "text/html"})) as server:
        yield server


@pytest.fixture
def app(run_app: Callable[..., Running], livekit: LiveKitServer, meeting_page: StandIn, slack: Emulator) -> Running:
    started = run_app(**livekit.settings(), **CLIENT, LIVEKIT_MEET_URL=f"{meeting_page.url}/meet")
    send_back_to(slack, started, RETURN_PATH)
    return started


@pytest.fixture
def tabs(browser: Browser, slack: Emulator, app: Running) -> Iterator[Tabs]:  # noqa: ARG001 - the app must run
    opened = Tabs(browser, slack.url)
    yield opened
    opened.close()
    assert opened.complaints == []


def card(page: Page) -> Locator:
    return page.get_by_role("region", name=re.compile("^Call: "))


def press_join(page: Page) -> Page:
    """The tab that the card opens."""
    with page.expect_popup() as opened:
        card(page).get_by_role("link", name=re.compile("^Join")).click()
    return opened.value


def tell_of_join(app: Running, room: str, link: str) -> str:
    """What LiveKit tells when somebody comes in by this link; returns who it says that is."""
    [token] = parse_qs(urlsplit(link).query)["token"]
    told = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_nbf": False})
    assert told["video"]["room"] == room
    person = {"sid": f"PA_{told['sub'][-6:]}", "identity": told["sub"], "name": told["name"]}
    now = app.clock.now() + timedelta(seconds=1)
    event = {"event": "participant_joined", "id": f"EV_{told['sub'][-6:]}", "createdAt": str(int(now.timestamp()))}
    body = json.dumps(event | {"room": {"name": room, "sid": "RM_0"}, "participant": person}).encode()
    headers = signed(body, KEY, SECRET, app.clock.now())
    assert app.http.post("/webhooks/livekit", content=body, headers=headers).is_success
    app.settle(within_seconds=5)
    return str(told["name"])


def test_one_sign_in_puts_the_slack_user_on_the_card(
    app: Running, tabs: Tabs, livekit: LiveKitServer, slack: Emulator, tmp_path: Path
) -> None:
    room = start_call(app, livekit)
    page = tabs.open(user="U0GRACE")

    tab = press_join(page)
    tab.get_by_role("heading", name="Weekly sync").wait_for()
    picture(tab, "join", tmp_path)
    tab.get_by_role("link", name="Sign in with Slack").click()
    # They are known at Slack, and only have to agree.
    tab.get_by_role("heading", name="Switchboard wants to know who you are").wait_for()
    assert tab.get_by_label("Workspace and person").input_value() == "T0LOCAL/U0GRACE"
    tab.get_by_role("button", name="Allow").click()
    tab.get_by_role("heading", name="In the meeting").wait_for()

    assert tell_of_join(app, room, tab.url) == "Grace Hopper"
    card(page).filter(has_text="1 on the call").wait_for()
    assert slack.cards("C0GENERAL")[0]["active_participants"] == [{"slack_id": "U0GRACE"}]

    # The second time nothing is asked.
    again = press_join(page)
    again.get_by_role("heading", name="In the meeting").wait_for()
    assert len(slack.requests("openid.connect.token")) == 1


def test_a_guest_gives_a_name_and_is_a_guest_on_the_card(
    app: Running, tabs: Tabs, livekit: LiveKitServer, slack: Emulator
) -> None:
    room = start_call(app, livekit)
    page = tabs.open(user="U0ADA")
    tab = press_join(page)
    tab.get_by_label("Your name").fill("Grace Hopper")
    tab.get_by_role("button", name="Join the call").click()
    tab.get_by_role("heading", name="In the meeting").wait_for()

    tell_of_join(app, room, tab.url)
    card(page).filter(has_text="1 on the call").wait_for()
    [person] = slack.cards("C0GENERAL")[0]["active_participants"]
    assert "slack_id" not in person
    assert person["display_name"] == "Grace Hopper"


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_page_fits_a_phone_and_needs_no_javascript(
    app: Running, browser: Browser, livekit: LiveKitServer, slack: Emulator, colours: str
) -> None:
    start_call(app, livekit, title="A call with a rather long title, because people write such titles " * 2)
    context = browser.new_context(
        viewport={"width": 320, "height": 640},
        color_scheme=colours,  # type: ignore[arg-type]
        java_script_enabled=False,
    )
    tab = context.new_page()
    tab.goto(str(slack.cards("C0GENERAL")[0]["join_url"]))
    for target in (tab.get_by_role("link", name="Sign in with Slack"), tab.get_by_label("Your name")):
        box = target.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        assert box["height"] >= 44
    tab.get_by_role("link", name="Sign in with Slack").click()
    tab.get_by_role("button", name="Allow").click()
    tab.get_by_role("heading", name="In the meeting").wait_for()
    context.close()
