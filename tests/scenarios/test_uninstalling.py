"""The app is taken out of a workspace, with a call running there, and comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import Row, select

from app.db import accounts, work
from app.db.accounts import StoredAccount
from app.db.installation_models import INSTALLATIONS
from app.db.models import CALLS
from app.emulator import Emulator
from tests.db.given import given_account
from tests.providers.livekit.server import LiveKitServer
from tests.running import Running
from tests.web.installers import INSTALLABLE, Installer, add_acme

RunApp = Callable[..., Running]
Json = dict[str, Any]
HOUR = 3600


@pytest.fixture
def app(run_app: RunApp, slack: Emulator, livekit: LiveKitServer) -> Running:
    """Installed in ``T0ACME``."""
    started = run_app(**INSTALLABLE, **livekit.settings())
    add_acme(slack, started)
    install(started)
    return started


def install(app: Running, *, for_all: bool = False) -> None:
    with Installer(app) as somebody:
        page = somebody.install_for_all() if for_all else somebody.install()
        assert "is installed in" in page.text, page.text


def start_call(app: Running, team: str = "T0ACME") -> None:
    app.slack.slash("/ring", "Weekly sync", team=team)
    app.settle(within_seconds=5)
    assert len(app.slack.cards("C0GENERAL", team=team)) == 1


def rows(app: Running) -> Mapping[str, Row[tuple[Any, ...]]]:
    with app.switchboard.database.reading() as connection:
        return {row.team_id: row for row in connection.execute(select(INSTALLATIONS))}


def tokens(app: Running) -> dict[str, str]:
    return {team_id: row.bot_token for team_id, row in rows(app).items() if row.bot_token}


def calls(app: Running) -> dict[str, Row[tuple[Any, ...]]]:
    with app.switchboard.database.reading() as connection:
        return {row.team_id: row for row in connection.execute(select(CALLS).order_by(CALLS.c.started_at))}


def event(kind: str, at: float, *, org: bool = False, **more: object) -> Json:
    """https://docs.slack.dev/apis/events-api#event-structure"""
    return {
        "token": "t",
        "team_id": "T0ACME",
        "api_app_id": "A0LOCAL",
        "event": {"type": kind, "event_ts": str(at), **more},
        "type": "event_callback",
        "event_id": "Ev1",
        "event_time": int(at),
        "authorizations": [
            {
                "enterprise_id": "E0ORG" if org else None,
                "team_id": None if org else "T0ACME",
                "user_id": "U0BOT",
                "is_bot": True,
                "is_enterprise_install": org,
            }
        ],
    }


def tell(app: Running, told: Json) -> int:
    """Slack sends an event; returns the status of the answer."""
    body = json.dumps(told).encode()
    headers = {"Content-Type": "application/json", **app.slack.signed_headers(body)}
    return app.http.post("/slack/events", content=body, headers=headers).status_code


REVOKED: Json = {"tokens": {"oauth": [], "bot": ["U0BOT"]}}


def test_tokens_go_at_once_and_the_call_ends_without_a_word_to_slack(
    app: Running, slack: Emulator, livekit: LiveKitServer
) -> None:
    start_call(app)
    [token] = tokens(app).values()
    assert len(livekit.rooms) == 1
    slack.uninstall("T0ACME")
    [row] = rows(app).values()
    assert (row.bot_token, row.bot_refresh_token, row.removed_why is None) == (None, None, False)
    with app.switchboard.database.reading() as connection:
        for table in ("installations", "calls", "shown", "participants"):
            assert token not in str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
    asked = len(slack.requests())
    app.settle()
    assert livekit.rooms == {}
    assert [each.method for each in slack.requests()[asked:]] == []
    [call] = calls(app).values()
    assert (call.status, call.is_cut_off, call.response_url) == ("ended", True, None)
    with app.switchboard.database.reading() as connection:
        assert work.next_due(connection, app.clock.now()) is None


def test_whoever_installs_it_again_begins_anew(app: Running, slack: Emulator, livekit: LiveKitServer) -> None:
    start_call(app)
    [old] = tokens(app).values()
    slack.uninstall("T0ACME")
    app.settle()
    app.clock.move(HOUR)
    install(app)
    [new] = tokens(app).values()
    assert new != old
    slack.slash("/ring", "The next one", team="T0ACME")
    app.settle()
    assert [card["name"] for card in slack.cards("C0GENERAL", team="T0ACME")] == ["Weekly sync", "The next one"]
    assert len(livekit.rooms) == 1


ORDERS = [
    ["app_uninstalled"],
    ["tokens_revoked"],
    ["tokens_revoked", "app_uninstalled"],
    ["app_uninstalled", "tokens_revoked"],
    ["app_uninstalled", "app_uninstalled", "tokens_revoked", "tokens_revoked"],
]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_the_events_may_come_in_any_order(app: Running, slack: Emulator, order: list[str]) -> None:
    start_call(app)
    told = {kind: event(kind, app.clock.unix()) for kind in ("app_uninstalled", "tokens_revoked")}
    told["tokens_revoked"]["event"] |= REVOKED
    slack.installs.uninstall(slack.workspace("T0ACME"))
    assert [tell(app, told[kind]) for kind in order] == [200] * len(order)
    assert tokens(app) == {}
    [call] = calls(app).values()
    assert call.is_cut_off


@pytest.mark.parametrize("hours", [0, 5])
def test_what_comes_after_the_app_was_installed_again_is_old(app: Running, slack: Emulator, hours: int) -> None:
    start_call(app)
    told = [event("app_uninstalled", app.clock.unix()), event("tokens_revoked", app.clock.unix(), **REVOKED)]
    slack.installs.uninstall(slack.workspace("T0ACME"))
    app.clock.move(1 + hours * HOUR)
    install(app)
    before = tokens(app)
    assert [tell(app, each) for each in told] == [200, 200]
    assert tokens(app) == before
    start_again = slack.slash("/ring", "Again", team="T0ACME")
    assert "Starting" in start_again.text


def test_clocks_may_differ(app: Running, slack: Emulator) -> None:
    """Ours is ahead: the app seems to have been removed before it was installed."""
    slack.installs.uninstall(slack.workspace("T0ACME"))
    assert tell(app, event("app_uninstalled", app.clock.unix() - 30)) == 200
    assert tokens(app) == {}


def test_one_token_of_two_may_be_revoked(app: Running) -> None:
    start_call(app)
    assert tell(app, event("tokens_revoked", app.clock.unix(), **REVOKED)) == 200
    assert tell(app, event("tokens_revoked", app.clock.unix(), tokens={"oauth": ["U0ADA"], "bot": []})) == 200
    assert len(tokens(app)) == 1
    [call] = calls(app).values()
    assert not call.is_cut_off


def test_while_slack_does_not_say_the_event_is_not_done_with(app: Running, slack: Emulator) -> None:
    slack.faults.add("auth.test", "status", status=503, times=1)
    told = event("tokens_revoked", app.clock.unix(), **REVOKED)
    assert tell(app, told) == 500
    assert tell(app, told) == 200
    assert len(tokens(app)) == 1


def test_an_event_that_nobody_has_heard_is_learned_from_the_token(
    app: Running, slack: Emulator, livekit: LiveKitServer
) -> None:
    start_call(app)
    slack.installs.uninstall(slack.workspace("T0ACME"))
    # Somebody has ended it at the provider, so Slack is to be told.
    with app.switchboard.database.transaction() as connection:
        connection.execute(CALLS.update().values(ended_at=app.clock.now(), generation=CALLS.c.generation + 1))
    app.settle()
    assert tokens(app) == {}
    [row] = rows(app).values()
    assert row.removed_why == "account_inactive"
    assert livekit.rooms == {}
    # A second time to be sure, and then never again.
    assert [each.method for each in slack.requests()[-2:]] == ["calls.end", "auth.test"]
    app.clock.move(HOUR)
    asked = len(slack.requests())
    app.settle()
    assert len(slack.requests()) == asked


def test_the_workspaces_secrets_go_and_others_keep_theirs(app: Running, slack: Emulator) -> None:
    _, theirs = [add_account(app, team_id) for team_id in ("T0ACME", "T0OTHER")]
    slack.uninstall("T0ACME")
    with app.switchboard.database.reading() as connection:
        assert accounts.list_of_team(connection, "T0ACME") == []
        assert accounts.list_of_team(connection, "T0OTHER") == [theirs]


def add_account(app: Running, team_id: str) -> StoredAccount:
    return given_account(app.switchboard.database, accounts.new_id(), team_id, created_at=app.clock.now())


# --- Organisations


@pytest.fixture
def organisation(run_app: RunApp, slack: Emulator, livekit: LiveKitServer) -> Running:
    """Installed once for ``T0ACME`` and ``T0OTHER``; a call runs in each."""
    started = run_app(**INSTALLABLE, **livekit.settings())
    add_acme(slack, started)
    slack.add_team("T0OTHER", "Other", token=None)
    slack.add_enterprise("E0ORG", "The Org", ["T0ACME", "T0OTHER"])
    install(started, for_all=True)
    for team in ("T0ACME", "T0OTHER"):
        start_call(started, team)
    return started


def test_an_organisation_installs_it_once_for_all(organisation: Running) -> None:
    app = organisation
    [(team_id, row)] = rows(app).items()
    assert (team_id, row.enterprise_id) == ("", "E0ORG")
    # The token is the same, and Slack is told each time which workspace is meant.
    assert {each.team_id for each in app.slack.requests("calls.add")} == {"T0ACME", "T0OTHER"}
    assert {each.args["team_id"] for each in app.slack.requests("calls.add")} == {"T0ACME", "T0OTHER"}


def test_an_organisation_takes_it_out_of_one_workspace(organisation: Running, livekit: LiveKitServer) -> None:
    app = organisation
    add_account(app, "T0ACME")
    told = event("team_access_revoked", app.clock.unix(), org=True, team_ids=["T0ACME"])
    assert tell(app, told) == 200
    app.settle()
    with app.switchboard.database.reading() as connection:
        assert accounts.list_of_team(connection, "T0ACME") == []
    assert {team_id: row.is_cut_off for team_id, row in calls(app).items()} == {"T0ACME": True, "T0OTHER": False}
    assert len(livekit.rooms) == 1
    assert len(tokens(app)) == 1
    # It is allowed there again; what is told once more is of before.
    app.clock.move(HOUR)
    app.slack.slash("/ring", "Again", team="T0ACME")
    add_account(app, "T0ACME")
    assert tell(app, told) == 200
    app.settle()
    assert not calls(app)["T0ACME"].is_cut_off
    with app.switchboard.database.reading() as connection:
        assert len(accounts.list_of_team(connection, "T0ACME")) == 1


def test_an_organisation_takes_it_out_of_all(organisation: Running, livekit: LiveKitServer) -> None:
    app = organisation
    app.slack.uninstall("T0ACME")
    app.settle()
    assert tokens(app) == {}
    assert all(row.is_cut_off for row in calls(app).values())
    assert livekit.rooms == {}
    install(app, for_all=True)
    assert len(tokens(app)) == 1


# --- With the one token of the settings


def test_an_app_with_one_token_ends_its_calls_as_well(run_app: RunApp, slack: Emulator, livekit: LiveKitServer) -> None:
    app = run_app(**livekit.settings())
    start_call(app, "T0LOCAL")
    slack.uninstall("T0LOCAL")
    app.settle()
    [call] = calls(app).values()
    assert (call.is_cut_off, call.status) == (True, "ended")
    assert livekit.rooms == {}
    assert slack.requests("calls.end") == []
