"""An organisation installs the app once for all its workspaces; each has accounts of its own, in its own Home."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from app.db.installation_models import INSTALLATIONS
from app.db.workspace_models import ACCOUNTS
from app.emulator import Emulator
from tests.listeners.hands import Somebody
from tests.providers.standard.reference_server import API_KEY, SECRET, ReferenceServer
from tests.running import Running
from tests.services.installed import exchanges, refused
from tests.web.installers import INSTALLABLE, Installer, add_acme

TEAMS = ("T0ACME", "T0OTHER")


@pytest.fixture
def vendors() -> Iterator[Mapping[str, ReferenceServer]]:
    """The provider of each team."""
    with ReferenceServer() as one, ReferenceServer() as other:
        yield dict(zip(TEAMS, (one, other), strict=True))


@pytest.fixture
def organisation(run_app: Callable[..., Running], slack: Emulator) -> Running:
    """The app, where an organisation of two teams has not installed it yet."""
    app = run_app(**INSTALLABLE, ALLOW_PRIVATE_ADDRESSES="true")
    add_acme(slack, app)
    slack.add_team("T0OTHER", "Other", token=None)
    slack.add_enterprise("E0ORG", "The Org", list(TEAMS))
    slack.installs.rotates = True
    return app


def install_for_all(app: Running) -> None:
    with Installer(app) as admin:
        assert "is installed in The Org" in admin.install_for_all().text


def add_account_of(admin: Somebody, vendor: ReferenceServer) -> None:
    assert "No call provider is set up yet" in admin.look()
    admin.press("add_account")
    admin.enter(provider="standard")
    entered = {"url": f"{vendor.url}/api/", "api_key": API_KEY, "webhook_secret": SECRET}
    assert list(admin.enter(**{**entered, "url": "calls.example.com"})) == ["url"]
    assert admin.enter(**entered, account_name=f"Of {admin.team}") == {}


def start_at_once(app: Running, titles: list[str]) -> None:
    """In both teams, by many people."""

    def start(given: tuple[str, str]) -> str:
        team, title = given
        return app.slack.slash("/ring", title, team=team).text

    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(start, [(team, title) for title in titles for team in TEAMS]))
    assert [each for each in answers if "Starting" not in each] == []
    app.settle(within_seconds=60)


def test_an_organisation_installs_it_once_and_each_team_sets_it_up(
    organisation: Running, slack: Emulator, vendors: Mapping[str, ReferenceServer]
) -> None:
    app, admins = organisation, [Somebody(organisation, team=team) for team in TEAMS]
    install_for_all(app)
    for admin in admins:
        add_account_of(admin, vendors[str(admin.team)])
    for number in range(3):
        # Each token is near its end when so many want it.
        app.clock.move(10 * 3600)
        start_at_once(app, [f"Call {number}.{each}" for each in range(5)])
    assert exchanges(slack) == ["ok"] * 3
    assert refused(slack) == []
    assert [len(slack.cards("C0GENERAL", team=team)) for team in TEAMS] == [15, 15]
    assert [len(vendors[team].meetings) for team in TEAMS] == [15, 15]
    assert "Call 2.4" in admins[1].look()

    slack.uninstall("T0ACME")
    app.settle(within_seconds=60)
    assert {held.state for vendor in vendors.values() for held in vendor.meetings.values()} == {"ended"}
    app.clock.move(3600)
    app.switchboard.sweep.sweep_one()
    with app.switchboard.database.reading() as connection:
        kept = [func.count(column) for column in (INSTALLATIONS.c.bot_token, ACCOUNTS.c.settings)]
        assert [connection.execute(select(each)).scalar_one() for each in kept] == [0, 0]

    install_for_all(app)
    for admin in admins:
        add_account_of(admin, vendors[str(admin.team)])
    start_at_once(app, ["Again"])
    assert [slack.cards("C0GENERAL", team=team)[-1]["name"] for team in TEAMS] == ["Again", "Again"]
