"""The join page, as somebody who pressed Join sees it."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from sqlalchemy import create_engine

from app.domain.durations import lasted
from app.emulator import Emulator
from tests.clocks import MovedClock
from tests.providers.livekit.server import SECRET, LiveKitServer
from tests.running import Running
from tests.scenarios.livekit_history import Told, start_call


@pytest.fixture
def app(run_app: Callable[..., Running], livekit: LiveKitServer) -> Running:
    return run_app(**livekit.settings(), LIVEKIT_MEET_URL="https://meet.example.com/room?theme=dark")


@pytest.fixture
def join_path(app: Running, livekit: LiveKitServer, slack: Emulator) -> str:
    """The path behind the card's Join button."""
    start_call(app, livekit, title="R&amp;D &lt;b&gt;sync&lt;/b&gt;")
    join_url = str(slack.cards("C0GENERAL")[0]["join_url"])
    assert join_url.startswith(app.url)
    return urlsplit(join_url).path


def claims(location: str) -> dict[str, object]:
    token = parse_qs(urlsplit(location).query)["token"][0]
    told: dict[str, object] = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_nbf": False})
    return told


def test_the_page_asks_for_a_name(app: Running, join_path: str) -> None:
    page = app.http.get(join_path)
    assert page.status_code == 200
    assert '<label for="name">Your name</label>' in page.text
    assert "R&amp;D &lt;b&gt;sync&lt;/b&gt;" in page.text


def test_a_name_leads_to_a_link_of_ones_own(app: Running, join_path: str, livekit: LiveKitServer) -> None:
    answer = app.http.post(join_path, data={"name": "  Grace   Hopper "})

    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert location.startswith("https://meet.example.com/room?theme=dark&")
    told = claims(location)
    assert told["name"] == "Grace Hopper"
    assert re.fullmatch(r"guest-[0-9a-f]{30}", str(told["sub"]))
    video = told["video"]
    assert isinstance(video, dict)
    assert video["room"] in livekit.rooms


def test_whoever_comes_back_is_the_same_person(app: Running, join_path: str) -> None:
    first, second = (app.http.post(join_path, data={"name": "Grace"}) for _ in range(2))
    assert claims(first.headers["Location"])["sub"] == claims(second.headers["Location"])["sub"]

    app.http.cookies.clear()
    other = app.http.post(join_path, data={"name": "Grace"})
    assert claims(other.headers["Location"])["sub"] != claims(first.headers["Location"])["sub"]


def test_what_others_see_of_a_visitor_does_not_let_them_be_that_visitor(
    app: Running, join_path: str, livekit: LiveKitServer, slack: Emulator
) -> None:
    shown = str(claims(app.http.post(join_path, data={"name": "Grace"}).headers["Location"])["sub"])
    assert shown.removeprefix("guest-") not in str(app.http.cookies.get("switchboard_visitor"))

    start_call(app, livekit)
    other_path = urlsplit(str(slack.cards("C0GENERAL")[1]["join_url"])).path
    assert claims(app.http.post(other_path, data={"name": "Grace"}).headers["Location"])["sub"] != shown


def test_the_cookie_cannot_be_read_by_scripts_or_made_up(app: Running, join_path: str) -> None:
    app.http.cookies.set("switchboard_visitor", "../slack-T1-U1")
    answer = app.http.post(join_path, data={"name": "Grace"})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert re.fullmatch(r"guest-[0-9a-f]{30}", str(claims(answer.headers["Location"])["sub"]))


def test_behind_https_the_cookie_is_never_sent_in_the_clear(
    run_app: Callable[..., Running], livekit: LiveKitServer, slack: Emulator
) -> None:
    app = run_app(**livekit.settings(), PUBLIC_URL="https://calls.example.com/")
    start_call(app, livekit)
    join_url = str(slack.cards("C0GENERAL")[0]["join_url"])
    assert join_url.startswith("https://calls.example.com/join/")
    answer = app.http.post(urlsplit(join_url).path, data={"name": "Grace"})
    assert "Secure" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "\u0000", "\u202e"])
def test_a_name_that_cannot_be_shown_is_asked_for_again(app: Running, join_path: str, name: str) -> None:
    answer = app.http.post(join_path, data={"name": name})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert '<form method="post">' in answer.text


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("Grace\u0000\nHopper", "Grace Hopper"), ("\u202eecarG", "ecarG"), ("Ada 👩\u200d💻", "Ada 👩\u200d💻")],
)
def test_a_name_is_shown_on_one_line_and_in_its_own_direction(
    app: Running, join_path: str, typed: str, shown: str
) -> None:
    answer = app.http.post(join_path, data={"name": typed})
    assert claims(answer.headers["Location"])["name"] == shown


def test_a_call_that_is_over_says_so_and_how_it_went(
    app: Running, livekit: LiveKitServer, slack: Emulator, clock: MovedClock
) -> None:
    told = Told(app, start_call(app, livekit), clock.now())
    path = urlsplit(str(slack.cards("C0GENERAL")[0]["join_url"])).path
    clock.move(65 * 60)
    told.deliver_all([1])
    slack.slash("/ring", "end")
    for answer in (app.http.get(path), app.http.post(path, data={"name": "Grace"})):
        assert answer.status_code == 410
        assert "This call is over." in answer.text
        assert "20 November 2026 at 10:05 UTC</time> after 1 hour and 5 minutes." in answer.text
        assert "1 person took part." in answer.text
        # Not who: the page is everybody's who has the link.
        assert "Lovelace" not in answer.text


def test_a_call_to_which_nobody_came_says_so(app: Running, join_path: str, slack: Emulator) -> None:
    slack.slash("/ring", "end")
    page = app.http.get(join_path).text
    assert "after less than a minute." in page
    assert "Nobody joined." in page


def test_a_call_that_could_not_be_started_says_so(app: Running, slack: Emulator) -> None:
    slack.faults.add("calls.add", "error", error="not_authorized")
    slack.slash("/ring", "Weekly sync")
    app.settle()
    answer = app.http.get(f"/join/{token_of_the_call(app)}")
    assert answer.status_code == 410
    assert "could not be started" in answer.text


def test_a_provider_without_personal_links_is_where_everybody_goes(
    run_app: Callable[..., Running], slack: Emulator
) -> None:
    app = run_app(LINK_TEMPLATE="https://meet.example.com/{slug}")
    slack.slash("/ring", "Weekly sync")
    app.settle(within_seconds=5)
    on_card = slack.cards("C0GENERAL")[0]["join_url"]
    assert on_card.startswith("https://meet.example.com/")
    answer = app.http.get(f"/join/{token_of_the_call(app)}")
    assert (answer.status_code, answer.headers["Location"]) == (303, on_card)


def token_of_the_call(app: Running) -> str:
    with app.switchboard.database.reading() as connection:
        return str(connection.exec_driver_sql("SELECT join_token FROM calls").scalar_one())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "less than a minute"), (60, "1 minute"), (7199, "1 hour and 59 minutes"), (7200, "2 hours")],
)
def test_how_long_a_call_took_is_said_as_people_say_it(seconds: int, words: str) -> None:
    assert lasted(seconds) == words


def test_a_call_that_is_being_made_asks_for_patience(app: Running, slack: Emulator) -> None:
    slack.slash("/ring", "Weekly sync")
    token = token_of_the_call(app)
    for answer in (app.http.get(f"/join/{token}"), app.http.post(f"/join/{token}", data={"name": "Grace"})):
        assert answer.status_code == 200
        assert "The call is starting." in answer.text
        assert 'http-equiv="refresh"' in answer.text


@pytest.mark.parametrize("token", ["unknown", "..", "%00", "' OR 1=1", "x" * 3000])
def test_an_unknown_token_leads_nowhere_and_troubles_no_database(app: Running, token: str) -> None:
    app.switchboard.database.close()
    app.switchboard.database.engine = create_engine("sqlite:////no/where")
    for answer in (app.http.get(f"/join/{token}"), app.http.post(f"/join/{token}", data={"name": "Grace"})):
        assert answer.status_code == 404


def test_the_page_is_private(app: Running, join_path: str) -> None:
    for answer in (app.http.get(join_path), app.http.post(join_path, data={"name": "Grace"})):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_tokens_differ_and_cannot_be_guessed(app: Running, livekit: LiveKitServer, slack: Emulator) -> None:
    for _ in range(3):
        start_call(app, livekit)
    tokens = {urlsplit(str(card["join_url"])).path.rpartition("/")[2] for card in slack.cards("C0GENERAL")}
    assert len(tokens) == 3
    assert all(len(token) >= 32 for token in tokens)
