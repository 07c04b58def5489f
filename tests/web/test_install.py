"""Adding the app to a workspace: like people do it, in a browser, and all that can go wrong on the way."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from sqlalchemy import select

from app.db.installation_models import INSTALLATIONS, OAUTH_STATES
from app.emulator import Emulator
from app.emulator.faults import FaultKind
from app.services.installations import INSTALL_PATH, REDIRECT_PATH
from app.slack.scopes import BOT_SCOPES
from tests.clocks import MovedClock
from tests.running import Running
from tests.web.installers import INSTALLABLE, Installer, add_acme

RunApp = Callable[..., Running]
LINK = {"LINK_TEMPLATE": "https://meet.example.com/{slug}"}


@pytest.fixture
def app(run_app: RunApp, slack: Emulator) -> Running:
    started = run_app(**INSTALLABLE, **LINK)
    add_acme(slack, started)
    return started


@pytest.fixture
def ada(app: Running) -> Iterator[Installer]:
    with Installer(app) as somebody:
        yield somebody


def words(page: httpx.Response, status: int) -> str:
    """What a page says; it never leads anywhere by itself, and no secret is on it."""
    assert page.status_code == status, page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "xox" not in page.text
    return re.sub(r"\s+", " ", html.unescape(re.sub("<style>.*</style>|<[^>]+>", " ", page.text, flags=re.DOTALL)))


def tokens(app: Running) -> dict[str, str | None]:
    with app.switchboard.database.reading() as connection:
        return {row.team_id: row.bot_token for row in connection.execute(select(INSTALLATIONS))}


def test_the_page_says_what_is_asked_for_and_why(app: Running) -> None:
    said = words(app.http.get(INSTALL_PATH), 200)
    for scope, reason in BOT_SCOPES.items():
        assert f"{scope} {reason}" in said
    assert "/ring" in said
    # A look leaves nothing behind: programs look at every address.
    with app.switchboard.database.reading() as connection:
        assert connection.execute(select(OAUTH_STATES)).all() == []


def test_somebody_installs_the_app_and_starts_a_call(app: Running, ada: Installer, slack: Emulator) -> None:
    asked = ada.begin()
    assert asked.headers["Location"].startswith(f"{slack.url}/oauth/v2/authorize?")
    said = words(ada.http.get(ada.agree(asked)), 200)
    assert "Switchboard is installed in Acme Ltd" in said
    assert "/ring" in said
    assert "some of it will not work" not in said
    assert list(tokens(app)) == ["T0ACME"]
    slack.slash("/ring", "Weekly sync", team="T0ACME")
    app.settle()
    [card] = slack.cards("C0GENERAL", team="T0ACME")
    assert card["name"] == "Weekly sync"


def test_it_is_of_no_use_where_it_is_not_installed(app: Running, ada: Installer, slack: Emulator) -> None:
    slack.slash("/ring", team="T0LOCAL")
    [told] = slack.requests("response_url")
    assert f"An admin can install it again at {app.url}{INSTALL_PATH}" in str(told.args["text"])
    ada.install()
    assert tokens(app).keys() == {"T0ACME"}


def test_what_was_refused_is_said(app: Running, ada: Installer) -> None:
    said = words(ada.http.get(ada.refuse(ada.begin())), 403)
    assert "You did not allow it in Slack, so nothing has changed." in said
    assert tokens(app) == {}


def test_what_comes_back_works_once(app: Running, ada: Installer) -> None:
    back = ada.agree(ada.begin())
    ada.http.get(back)
    said = words(ada.http.get(back), 400)
    assert "This page has been opened before, and it works once." in said
    assert tokens(app).keys() == {"T0ACME"}


def test_a_refusal_uses_it_up_as_well(ada: Installer, slack: Emulator) -> None:
    begun = ada.begin()
    ada.http.get(ada.refuse(begun))
    assert "opened before" in words(ada.http.get(ada.agree(begun)), 400)
    assert slack.requests("oauth.v2.access") == []


def test_what_takes_too_long_is_begun_again(app: Running, ada: Installer, clock: MovedClock) -> None:
    back = ada.agree(ada.begin())
    clock.move(600)
    assert "It took longer than 10 minutes." in words(ada.http.get(back), 400)
    assert tokens(app) == {}


def test_it_goes_on_only_in_the_browser_that_began(app: Running, ada: Installer) -> None:
    back = ada.agree(ada.begin())
    with Installer(app) as somebody:
        assert "begun in another browser" in words(somebody.http.get(back), 400)
        somebody.begin()
        assert "begun in another browser" in words(somebody.http.get(back), 400)
    assert tokens(app) == {}
    # Nobody has spoilt it for the one who began.
    assert "is installed in Acme Ltd" in words(ada.http.get(back), 200)


def test_two_tabs_of_one_browser_do_not_disturb_each_other(ada: Installer) -> None:
    first, second = ada.begin(), ada.begin()
    assert "is installed" in words(ada.http.get(ada.agree(first)), 200)
    assert "is installed" in words(ada.http.get(ada.agree(second)), 200)


@pytest.mark.parametrize("query", ["", "?code=1.2.3", "?state=made-up&code=1.2.3", "?error=access_denied"])
def test_what_was_not_begun_here_is_not_finished_here(app: Running, slack: Emulator, query: str) -> None:
    assert "It was not begun on this page" in words(app.http.get(REDIRECT_PATH + query), 400)
    assert slack.requests("oauth.v2.access") == []


def test_a_code_that_was_used_elsewhere_is_said(ada: Installer) -> None:
    back = httpx.URL(ada.agree(ada.begin()))
    ada.http.get(back)
    again = httpx.URL(ada.begin().headers["Location"])
    replayed = back.copy_merge_params({"state": again.params["state"]})
    said = words(ada.http.get(replayed), 400)
    assert "has been used already or is too old" in said
    assert re.search("Reference: [0-9a-f]+", said)


def test_neither_code_nor_refusal_is_slacks_fault(app: Running, ada: Installer) -> None:
    state = httpx.URL(ada.begin().headers["Location"]).params["state"]
    said = words(ada.http.get(f"{app.url}{REDIRECT_PATH}?state={state}&error=<script>"), 502)
    assert "Slack refused to install it." in said
    assert "script" not in said


REFUSALS = [
    ("cannot_install_an_org_installed_app", 400, "Your organisation has installed it already."),
    ("org_login_required", 503, "just being moved into an organisation"),
    ("enterprise_is_restricted", 400, "Your organisation does not let this app in."),
    ("bad_client_secret", 502, "Tell the people who run this Switchboard the reference."),
    ("something_new", 502, "Slack refused to install it."),
    ("internal_error", 503, "Slack does not answer as it should at the moment."),
]


def test_every_refusal_is_said_in_words(app: Running, ada: Installer, slack: Emulator) -> None:
    for code, status, sentence in REFUSALS:
        slack.faults.add("oauth.v2.access", "error", error=code, times=1)
        assert sentence in words(ada.install(), status), code
    assert tokens(app) == {}


def test_a_slack_that_is_down_is_said(ada: Installer, slack: Emulator) -> None:
    page = httpx.Response(200)
    faults: list[tuple[FaultKind, int]] = [("drop_before", 0), ("malformed", 0), ("status", 503), ("status", 429)]
    for kind, status in faults:
        slack.faults.add("oauth.v2.access", kind, status=status, times=1)
        page = ada.install()
        assert "Please begin again in a minute." in words(page, 503)
    assert "Retry-After" in page.headers
    assert "is installed" in words(ada.install(), 200)


def test_scopes_that_were_not_granted_are_named(app: Running, ada: Installer) -> None:
    begun = httpx.URL(ada.begin().headers["Location"])
    fewer = begun.copy_merge_params({"scope": "commands,calls:write,chat:write"})
    to_slack = httpx.Response(303, headers={"Location": str(fewer)})
    said = words(ada.http.get(ada.agree(to_slack)), 200)
    assert "Slack did not grant everything that it asked for" in said
    assert f"users:read {BOT_SCOPES['users:read']}" in said
    assert BOT_SCOPES["calls:write"] not in said
    assert tokens(app).keys() == {"T0ACME"}


def test_other_sites_cannot_press_the_button(app: Running) -> None:
    answer = app.http.post(INSTALL_PATH, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_no_secret_is_logged(app: Running, ada: Installer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        back = ada.agree(ada.begin())
        ada.http.get(back)
    stored = tokens(app)["T0ACME"]
    assert stored
    # What others log, they log to nobody (``logs.set_up``), and the emulator is Slack.
    ours = [each for each in caplog.records if each.name.startswith("app.") and "emulator" not in each.name]
    told = "".join(each.getMessage() for each in ours)
    assert "installed team_id=T0ACME" in told
    for secret in (stored, httpx.URL(back).params["code"], httpx.URL(back).params["state"]):
        assert secret not in told


def test_an_app_with_one_token_cannot_be_installed(run_app: RunApp) -> None:
    app = run_app(**LINK)
    assert [app.http.get(path).status_code for path in (INSTALL_PATH, REDIRECT_PATH)] == [404, 404]
