"""Signing in with Slack on the way into a call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.db import workspaces
from app.domain.workspaces import WorkspaceSettings
from app.emulator import Emulator
from app.slack.openid import Member
from app.web.cookies import MEMBER, MOST_SIGN_INS, SIGN_IN, Cookies
from app.web.seals import Seal
from app.web.sign_in import RETURN_PATH
from tests.clocks import MovedClock
from tests.providers.livekit.server import LiveKitServer
from tests.running import Running
from tests.scenarios.livekit_history import start_call
from tests.web.people import CLIENT, MEET, Somebody, send_back_to, told_to_livekit

SECRET_KEY = "a secret of this app alone, that is long enough"
RunApp = Callable[..., Running]


@pytest.fixture
def app(run_app: RunApp, livekit: LiveKitServer, slack: Emulator) -> Running:
    started = run_app(**livekit.settings(), **CLIENT, LIVEKIT_MEET_URL=MEET, SECRET_KEY=SECRET_KEY)
    send_back_to(slack, started, RETURN_PATH)
    return started


@pytest.fixture
def join_url(app: Running, livekit: LiveKitServer, slack: Emulator) -> str:
    """Of a call that Ada has started."""
    start_call(app, livekit)
    return str(slack.cards("C0GENERAL")[-1]["join_url"])


@pytest.fixture
def grace() -> Iterator[Somebody]:
    with Somebody("T0LOCAL/U0GRACE") as somebody:
        yield somebody


@pytest.fixture
def ada() -> Iterator[Somebody]:
    with Somebody("T0LOCAL/U0ADA") as somebody:
        yield somebody


def problem(answer: httpx.Response, status: int) -> str:
    """What the page says is wrong; it never leads anywhere by itself."""
    assert answer.status_code == status, answer.text
    assert "http-equiv" not in answer.text
    assert "Location" not in answer.headers
    [words] = re.findall(r'role="alert"[^>]*>([^<]+)<', answer.text)
    return str(words)


def cookie_names(answer: httpx.Response) -> set[str]:
    """What the answer keeps in the browser; a cookie that it deletes does not count."""
    kept = [line for line in answer.headers.get_list("Set-Cookie") if "Max-Age=0" not in line]
    return {line.partition("=")[0] for line in kept}


# The way in


def test_after_one_sign_in_they_land_on_a_link_of_their_own(grace: Somebody, join_url: str) -> None:
    page = grace.sign_in(join_url)
    assert "Welcome, Grace Hopper" in page.text
    told = told_to_livekit(grace.go_on(page))
    assert told["name"] == "Grace Hopper"
    assert re.fullmatch(r"slack-[0-9a-f]{30}", str(told["sub"]))


def test_from_then_on_one_press_is_enough(
    grace: Somebody, join_url: str, app: Running, livekit: LiveKitServer, slack: Emulator
) -> None:
    grace.sign_in(join_url)
    assert told_to_livekit(grace.open(join_url))["name"] == "Grace Hopper"
    start_call(app, livekit)
    other_call = str(slack.cards("C0GENERAL")[-1]["join_url"])
    assert told_to_livekit(grace.open(other_call))["name"] == "Grace Hopper"
    assert len(slack.requests("openid.connect.token")) == 1


def test_they_are_the_same_person_each_time_and_in_each_of_their_browsers(grace: Somebody, join_url: str) -> None:
    grace.sign_in(join_url)
    with Somebody("T0LOCAL/U0GRACE") as on_the_phone:
        on_the_phone.sign_in(join_url)
        seen = [told_to_livekit(each.open(join_url))["sub"] for each in (grace, grace, on_the_phone)]
    assert len(set(seen)) == 1


def test_slack_is_asked_in_the_workspace_of_the_call(grace: Somebody, join_url: str) -> None:
    to_slack = grace.press(grace.open(join_url), "Sign in with Slack")
    asked = parse_qs(urlsplit(to_slack.headers["Location"]).query)
    assert asked["team"] == ["T0LOCAL"]
    assert urlsplit(join_url).path.rpartition("/")[2] not in to_slack.headers["Location"]


def test_who_has_not_signed_in_may_still_give_a_name(grace: Somebody, join_url: str) -> None:
    page = grace.open(join_url)
    assert "or as a guest" in page.text
    assert str(told_to_livekit(grace.http.post(join_url, data={"name": "Grace"}))["sub"]).startswith("guest-")


def test_looking_makes_no_link(grace: Somebody, join_url: str, app: Running) -> None:
    grace.sign_in(join_url)
    before = _participants(app)
    answer = grace.http.head(join_url)
    assert (answer.status_code, answer.text, "Location" in answer.headers) == (200, "", False)
    assert _participants(app) == before


def _participants(app: Running) -> list[object]:
    with app.switchboard.database.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("SELECT key, known FROM participants")]


# Members of other workspaces, and guests


@pytest.fixture
def stranger(slack: Emulator) -> Iterator[Somebody]:
    """Somebody who is signed in to another workspace."""
    slack.add_team("T0OTHER", "Other", None)
    with Somebody("T0OTHER/U0ADA") as somebody:
        yield somebody


def test_a_member_of_another_workspace_is_a_guest_here(stranger: Somebody, join_url: str) -> None:
    """Also one with the id of the person who started the call: ids are of one workspace."""
    page = stranger.go_on(stranger.sign_in(join_url))
    assert page.status_code == 200
    assert "another Slack workspace" in page.text
    assert "You are signed in as Ada Lovelace." in page.text
    assert str(told_to_livekit(stranger.http.post(join_url, data={"name": "Ada"}))["sub"]).startswith("guest-")


@pytest.fixture
def members_only(run_app: RunApp, livekit: LiveKitServer, slack: Emulator) -> str:
    """The address of a call that guests may not join."""
    settings = {**livekit.settings(), **CLIENT, "LIVEKIT_MEET_URL": MEET, "ALLOW_GUESTS": "false"}
    app = run_app(**settings)
    send_back_to(slack, app, RETURN_PATH)
    start_call(app, livekit)
    return str(slack.cards("C0GENERAL")[-1]["join_url"])


def test_where_guests_are_not_allowed_nobody_is_asked_for_a_name(grace: Somebody, members_only: str) -> None:
    page = grace.open(members_only)
    assert "members of its Slack workspace" in page.text
    assert "<form" not in page.text
    assert "Only members" in problem(grace.http.post(members_only, data={"name": "Grace"}), 403)
    assert told_to_livekit(grace.go_on(grace.sign_in(members_only)))["name"] == "Grace Hopper"


def test_nor_is_a_member_of_another_workspace_let_in_there(stranger: Somebody, members_only: str) -> None:
    page = stranger.go_on(stranger.sign_in(members_only))
    assert "Only its members may join" in page.text
    assert "<form" not in page.text
    assert "Only members" in problem(stranger.http.post(members_only, data={"name": "Ada"}), 403)


@pytest.mark.parametrize(("in_general", "here", "allowed"), [("true", False, False), ("false", True, True)])
def test_a_workspace_decides_about_guests_for_itself(
    run_app: RunApp, livekit: LiveKitServer, slack: Emulator, in_general: str, here: bool, allowed: bool
) -> None:
    app = run_app(**livekit.settings(), **CLIENT, LIVEKIT_MEET_URL=MEET, ALLOW_GUESTS=in_general)
    start_call(app, livekit)
    join_url = str(slack.cards("C0GENERAL")[-1]["join_url"])
    for team_id, allows_guests in (("T0LOCAL", here), ("T0OTHER", not here)):
        with app.switchboard.database.transaction() as connection:
            workspaces.save_settings(connection, team_id, WorkspaceSettings(allows_guests=allows_guests))
    page = httpx.get(join_url)
    assert ("<form" in page.text) is allowed
    answer = httpx.post(join_url, data={"name": "Guest"})
    assert answer.status_code == (303 if allowed else 403)


def test_where_nobody_can_sign_in_everybody_is_a_guest(
    run_app: RunApp, livekit: LiveKitServer, slack: Emulator
) -> None:
    app = run_app(**livekit.settings(), LIVEKIT_MEET_URL=MEET)
    start_call(app, livekit)
    with app.switchboard.database.transaction() as connection:
        workspaces.save_settings(connection, "T0LOCAL", WorkspaceSettings(allows_guests=False))
    assert httpx.post(str(slack.cards("C0GENERAL")[-1]["join_url"]), data={"name": "Guest"}).status_code == 303


# The state: once, soon, and in the browser that began


def test_what_slack_sent_works_once(grace: Somebody, join_url: str) -> None:
    back = grace.agree(grace.press(grace.open(join_url), "Sign in with Slack"))
    assert grace.open(back).status_code == 200
    assert "press Join on the card" in problem(grace.open(back), 400)


def test_it_works_only_in_the_browser_that_began(grace: Somebody, ada: Somebody, join_url: str) -> None:
    """Else somebody could make others join under their own name."""
    back = ada.agree(ada.press(ada.open(join_url), "Sign in with Slack"))
    answer = grace.open(back)
    assert "another browser" in problem(answer, 400)
    assert cookie_names(answer) == set()
    # Also when that browser is about to sign in itself.
    grace.press(grace.open(join_url), "Sign in with Slack")
    assert "another browser" in problem(grace.open(back), 400)


def test_two_tabs_at_once_both_finish(grace: Somebody, join_url: str) -> None:
    tabs = [grace.press(grace.open(join_url), "Sign in with Slack") for _ in range(2)]
    backs = [grace.agree(to_slack) for to_slack in tabs]
    assert ["Welcome, Grace Hopper" in grace.open(back).text for back in backs] == [True, True]
    assert ["used already" in problem(grace.open(back), 400) for back in backs] == [True, True]
    assert SIGN_IN not in grace.http.cookies


def test_of_many_tabs_the_newest_finish(grace: Somebody, join_url: str) -> None:
    page = grace.open(join_url)
    tabs = [grace.press(page, "Sign in with Slack") for _ in range(MOST_SIGN_INS + 1)]
    assert len(grace.http.cookies[SIGN_IN]) < 200
    assert [grace.open(grace.agree(to_slack)).status_code for to_slack in tabs] == [400] + [200] * MOST_SIGN_INS


def test_it_works_for_ten_minutes(grace: Somebody, join_url: str, clock: MovedClock) -> None:
    to_slack = grace.press(grace.open(join_url), "Sign in with Slack")
    clock.move(601)
    assert "longer than 10 minutes" in problem(grace.open(grace.agree(to_slack)), 400)


def test_a_state_that_we_have_not_made_leads_nowhere(grace: Somebody, join_url: str, app: Running) -> None:
    back = grace.agree(grace.press(grace.open(join_url), "Sign in with Slack"))
    given = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    forged = ["", "x", "https://evil.example.com", given["state"][:-4] + "AAA=", "\u2028", "x" * 5000]
    for state in forged:
        answer = grace.http.get(f"{app.url}/join/signed-in", params={**given, "state": state})
        assert "press Join on the card" in problem(answer, 400)
    assert "press Join on the card" in problem(grace.open(f"{app.url}/join/signed-in"), 400)
    assert "Welcome" in grace.open(back).text


def test_nothing_in_an_address_says_where_to_go(grace: Somebody, join_url: str) -> None:
    evil = "https://evil.example.com/"
    more = dict.fromkeys(("next", "url", "redirect", "redirect_uri", "return_to", "target_link_uri"), evil)
    page = grace.http.get(join_url, params=more)
    to_slack = grace.http.get(f"{join_url}/sign-in", params=more)
    back = grace.http.get(f"{grace.agree(to_slack)}&next={evil}")
    onward = grace.http.get(join_url, params=more)
    answers = [page, to_slack, back, onward]
    assert all("evil" not in answer.text + answer.headers.get("Location", "") for answer in answers)
    assert onward.headers["Location"].startswith(MEET)


@pytest.mark.parametrize(
    "path", ["//evil.example.com", "/join//evil.example.com/", "/join/https:%2F%2Fevil.example.com"]
)
def test_an_odd_path_leads_nowhere(app: Running, path: str) -> None:
    for address in (path, f"{path}/sign-in"):
        answer = app.http.get(address)
        assert answer.status_code == 404 or answer.headers["Location"].startswith(app.url + "/")


# What can go wrong at Slack


def test_who_refuses_is_not_signed_in_and_may_come_as_a_guest(grace: Somebody, join_url: str) -> None:
    answer = grace.open(grace.refuse(grace.press(grace.open(join_url), "Sign in with Slack")))
    assert "did not allow it" in problem(answer, 403)
    assert cookie_names(answer) == set()
    assert "Your name" in grace.press(answer, "Back to the call").text


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ({"kind": "status", "status": 500}, 503, "Please try again in a minute."),
        ({"kind": "status", "status": 429, "retry_after": 7}, 503, "Please try again in a minute."),
        ({"kind": "drop_before"}, 503, "Please try again in a minute."),
        ({"kind": "error", "error": "invalid_code"}, 400, "Please sign in again."),
        ({"kind": "error", "error": "bad_client_secret"}, 502, "tell the people who run Switchboard"),
    ],
)
def test_when_slack_fails_the_page_says_what_to_do(
    grace: Somebody,
    join_url: str,
    slack: Emulator,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, object],
    status: int,
    words: str,
) -> None:
    slack.faults.add("openid.connect.token", times=1, **fault)  # type: ignore[arg-type]
    answer = grace.sign_in(join_url)
    assert words in problem(answer, status)
    assert answer.headers.get("Retry-After") == ("7" if fault.get("status") == 429 else None)
    [reference] = re.findall(r"Reference: ([0-9a-f]{8})", answer.text)
    assert reference in caplog.text
    # The way of a guest stays open, and so does another try.
    back = grace.press(answer, "Back to the call")
    assert "Your name" in back.text
    assert told_to_livekit(grace.go_on(grace.sign_in(join_url)))["name"] == "Grace Hopper"


def test_an_error_that_slack_sends_people_back_with_has_a_reference(
    grace: Somebody, join_url: str, app: Running, caplog: pytest.LogCaptureFixture
) -> None:
    to_slack = grace.press(grace.open(join_url), "Sign in with Slack")
    [state] = parse_qs(urlsplit(to_slack.headers["Location"]).query)["state"]
    answer = grace.http.get(f"{app.url}/join/signed-in", params={"state": state, "error": "invalid_team_for_app"})
    assert "Slack refused" in problem(answer, 502)
    [reference] = re.findall(r"Reference: ([0-9a-f]{8})", answer.text)
    assert f"reference={reference} why=invalid_team_for_app" in caplog.text


def test_what_is_no_error_of_slacks_is_not_written_into_the_log(
    grace: Somebody, join_url: str, app: Running, caplog: pytest.LogCaptureFixture
) -> None:
    to_slack = grace.press(grace.open(join_url), "Sign in with Slack")
    [state] = parse_qs(urlsplit(to_slack.headers["Location"]).query)["state"]
    grace.http.get(f"{app.url}/join/signed-in", params={"state": state, "error": "<b>forged</b>"})
    assert "why=no_code" in caplog.text
    assert "forged" not in caplog.text


def test_when_the_provider_fails_the_page_says_so(
    grace: Somebody, join_url: str, app: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """The provider of the call is not set up any more."""
    grace.sign_in(join_url)
    providers = app.switchboard.providers
    assert isinstance(providers, dict)
    providers.clear()
    answer = grace.open(join_url)
    assert "cannot be joined right now" in problem(answer, 502)
    [reference] = re.findall(r"Reference: ([0-9a-f]{8})", answer.text)
    [line] = [line for line in caplog.text.splitlines() if reference in line]
    assert "call_id=call-" in line


# The cookie


def test_the_cookies_are_for_this_page_alone(grace: Somebody, join_url: str) -> None:
    to_slack = grace.press(grace.open(join_url), "Sign in with Slack")
    page = grace.open(grace.agree(to_slack))
    cookies = [*to_slack.headers.get_list("Set-Cookie"), *page.headers.get_list("Set-Cookie")]
    assert {line.partition("=")[0] for line in cookies} == {SIGN_IN, MEMBER}
    for line in cookies:
        assert {"HttpOnly", "SameSite=Lax", "Path=/join"} <= set(line.split("; "))
        assert "Secure" not in line
        assert len(line) < 2000
    assert SIGN_IN not in grace.http.cookies


def test_behind_https_no_neighbour_in_the_domain_can_plant_one(
    run_app: RunApp, livekit: LiveKitServer, slack: Emulator, clock: MovedClock
) -> None:
    """It could sign people in as somebody else. Browsers keep a cookie of this name only from the very host."""
    app = run_app(**livekit.settings(), **CLIENT, PUBLIC_URL="https://calls.example.com", SECRET_KEY=SECRET_KEY)
    start_call(app, livekit)
    path = urlsplit(str(slack.cards("C0GENERAL")[0]["join_url"])).path
    [line] = app.http.get(f"{path}/sign-in").headers.get_list("Set-Cookie")
    name, *rest = line.split("; ")
    assert name.startswith(f"__Host-{SIGN_IN}=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(rest)
    assert not any(part.startswith("Domain") for part in rest)

    sealed = sealed_member(clock)
    assert "Your name" in app.http.get(path, headers={"Cookie": f"{MEMBER}={sealed}"}).text
    assert app.http.get(path, headers={"Cookie": f"__Host-{MEMBER}={sealed}"}).status_code == 303


def sealed_member(clock: MovedClock) -> str:
    """What stands in the cookie of somebody who has signed in."""
    grace = Member(team_id="T0LOCAL", user_id="U0GRACE", name="Grace Hopper")
    return Seal(SECRET_KEY, "cookie: member", Member, good_for=timedelta(days=30), clock=clock).close(grace)


def test_behind_https_they_are_never_sent_in_the_clear(
    run_app: RunApp, livekit: LiveKitServer, slack: Emulator
) -> None:
    app = run_app(**livekit.settings(), **CLIENT, PUBLIC_URL="https://example.com/calls/")
    start_call(app, livekit)
    path = urlsplit(str(slack.cards("C0GENERAL")[0]["join_url"])).path.removeprefix("/calls")
    to_slack = app.http.get(f"{path}/sign-in")
    [line] = to_slack.headers.get_list("Set-Cookie")
    assert {"HttpOnly", "Secure", "SameSite=Lax", "Path=/calls/join"} <= set(line.split("; "))
    asked = parse_qs(urlsplit(to_slack.headers["Location"]).query)
    assert asked["redirect_uri"] == ["https://example.com/calls/join/signed-in"]


def test_what_stands_in_the_cookie_cannot_be_read(grace: Somebody, join_url: str) -> None:
    grace.sign_in(join_url)
    assert re.fullmatch(r"gAAAA[\w-]+=*", grace.http.cookies[MEMBER])


def test_after_thirty_days_they_sign_in_again(grace: Somebody, join_url: str, clock: MovedClock) -> None:
    grace.sign_in(join_url)
    clock.move(30 * 24 * 3600)
    told_to_livekit(grace.open(join_url))
    clock.move(1)
    assert "Sign in with Slack" in grace.open(join_url).text


ADA = Member(team_id="T0LOCAL", user_id="U0ADA", name="Ada Lovelace")


@pytest.mark.parametrize("secret", [SECRET_KEY, "another secret than this app's, of good length"])
def test_a_cookie_that_another_app_has_made_is_worth_nothing(
    grace: Somebody, join_url: str, app: Running, clock: MovedClock, secret: str
) -> None:
    with app.switchboard.flask.test_request_context():
        answer = app.switchboard.flask.response_class()
        Cookies(app.url, secret, clock).keep_member(answer, ADA)
    value = answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    seen = grace.http.get(join_url, headers={"Cookie": f"{MEMBER}={value}"})
    if secret == SECRET_KEY:
        assert told_to_livekit(seen)["name"] == "Ada Lovelace"
    else:
        assert "Sign in with Slack" in seen.text


def test_a_cookie_that_was_changed_is_worth_nothing(grace: Somebody, join_url: str) -> None:
    grace.sign_in(join_url)
    value = grace.http.cookies[MEMBER]
    middle = len(value) // 2
    changed = value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1 :]
    for cookie in (changed, value[:-8], value[: middle // 4 * 4], "", "x", "=", "\u00e9", "A" * 3000):
        with Somebody() as other:
            seen = other.http.get(join_url, headers={b"Cookie": f"{MEMBER}={cookie}".encode()})
        assert "Sign in with Slack" in seen.text


def test_a_cookie_of_one_kind_does_not_pass_for_another(grace: Somebody, join_url: str, app: Running) -> None:
    to_slack = grace.press(grace.open(join_url), "Sign in with Slack")
    [state] = parse_qs(urlsplit(to_slack.headers["Location"]).query)["state"]
    with Somebody() as other:
        seen = other.http.get(join_url, headers={"Cookie": f"{MEMBER}={state}"})
    assert "Sign in with Slack" in seen.text
    page = grace.open(grace.agree(to_slack))
    assert page.status_code == 200
    answer = grace.http.get(
        f"{app.url}/join/signed-in",
        params={"state": grace.http.cookies[MEMBER], "code": "c"},
    )
    assert "press Join on the card" in problem(answer, 400)


def test_without_a_key_of_its_own_the_cookie_is_sealed_with_the_signing_secret(
    run_app: RunApp, livekit: LiveKitServer, slack: Emulator, grace: Somebody
) -> None:
    app = run_app(**livekit.settings(), **CLIENT, LIVEKIT_MEET_URL=MEET)
    send_back_to(slack, app, RETURN_PATH)
    start_call(app, livekit)
    join_url = str(slack.cards("C0GENERAL")[-1]["join_url"])
    assert told_to_livekit(grace.go_on(grace.sign_in(join_url)))["name"] == "Grace Hopper"


# Signing out


def test_who_is_somebody_else_signs_out(grace: Somebody, join_url: str, app: Running) -> None:
    grace.sign_in(join_url)
    page = grace.open(f"{app.url}/join/sign-out")
    assert "Not Grace Hopper?" in page.text
    out = grace.http.post(f"{app.url}/join/sign-out")
    assert "Nobody is signed in" in out.text
    assert "Sign in with Slack" in grace.open(join_url).text
    assert "Nobody is signed in" in grace.open(f"{app.url}/join/sign-out").text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_signs_nobody_out_and_names_nobody(
    grace: Somebody, join_url: str, app: Running, site: str
) -> None:
    headers = {"Sec-Fetch-Site": site}
    assert "another site" in problem(grace.http.post(join_url, data={"name": "Forged"}, headers=headers), 403)
    grace.sign_in(join_url)
    grace.http.post(f"{app.url}/join/sign-out", headers=headers)
    assert told_to_livekit(grace.open(join_url))["name"] == "Grace Hopper"


# Where it is not set up, and what is over


def test_without_a_client_nobody_is_asked_to_sign_in(
    run_app: RunApp, livekit: LiveKitServer, slack: Emulator, grace: Somebody
) -> None:
    app = run_app(**livekit.settings())
    start_call(app, livekit)
    join_url = str(slack.cards("C0GENERAL")[-1]["join_url"])
    assert "Sign in" not in grace.open(join_url).text
    for address in (f"{join_url}/sign-in", f"{app.url}/join/signed-in", f"{app.url}/join/sign-out"):
        assert grace.open(address).status_code == 404


def test_nobody_signs_in_to_a_call_that_is_over_or_none(
    grace: Somebody, join_url: str, slack: Emulator, app: Running
) -> None:
    assert grace.open(f"{app.url}/join/{'x' * 32}/sign-in").status_code == 404
    slack.slash("/ring", "end")
    answer = grace.open(f"{join_url}/sign-in")
    assert (answer.status_code, answer.headers["Location"]) == (303, join_url)
    assert grace.open(join_url).status_code == 410


def test_a_call_that_ended_meanwhile_says_so_to_who_comes_back_from_slack(
    grace: Somebody, join_url: str, slack: Emulator
) -> None:
    back = grace.agree(grace.press(grace.open(join_url), "Sign in with Slack"))
    slack.slash("/ring", "end")
    answer = grace.go_on(grace.open(back))
    assert answer.status_code == 410
    assert "This call is over." in answer.text


def test_every_answer_is_private(grace: Somebody, join_url: str, app: Running) -> None:
    to_slack = grace.press(grace.open(join_url), "Sign in with Slack")
    back = grace.open(grace.agree(to_slack))
    answers = [
        to_slack,
        back,
        grace.open(f"{app.url}/join/signed-in"),
        grace.open(f"{app.url}/join/sign-out"),
        grace.open(join_url),
        grace.http.head(join_url),
        grace.open(f"{app.url}/join/{'x' * 32}"),
    ]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "<script" not in answer.text
