"""Who may what, as people meet it when they type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.db import workspaces
from app.domain.workspaces import Enders, Preferences, Starters, WorkspaceSettings
from app.emulator import Emulator
from tests.running import Running
from tests.web.installers import INSTALLABLE, Installer, add_acme

ADMIN, GRACE, ALAN = "U0ADA", "U0GRACE", "U0ALAN"
LINK = {"LINK_TEMPLATE": "https://meet.example.com/{slug}"}


@pytest.fixture
def app(run_app: Callable[..., Running]) -> Running:
    return run_app(**LINK)


@pytest.fixture
def ring(app: Running, slack: Emulator) -> Callable[..., str]:
    """``ring("end", ALAN)`` types the command, lets the app do all there is to do, and returns the answer."""

    def type_it(text: str, user: str) -> str:
        answer = slack.slash("/ring", text, user=user)
        app.settle(within_seconds=5)
        return answer.text

    return type_it


def choose(app: Running, **changes: Any) -> None:
    with app.switchboard.database.transaction() as connection:
        workspaces.save_settings(connection, "T0LOCAL", WorkspaceSettings(**changes))


def test_where_only_admins_may_start_others_are_told_so(
    app: Running, ring: Callable[..., str], slack: Emulator
) -> None:
    choose(app, who_may_start=Starters.ADMINS)
    assert "Only some people may start calls" in ring("Weekly sync", GRACE)
    assert slack.requests("calls.add") == []
    assert "Starting *Weekly sync*" in ring("Weekly sync", ADMIN)


def test_members_are_no_guests(app: Running, ring: Callable[..., str]) -> None:
    choose(app, who_may_start=Starters.MEMBERS)
    assert "Starting *Weekly sync*" in ring("Weekly sync", GRACE)


def test_where_everybody_may_end_nobody_is_asked_about(app: Running, ring: Callable[..., str], slack: Emulator) -> None:
    choose(app, who_may_end=Enders.EVERYBODY)
    ring("Weekly sync", GRACE)
    assert "now called *Retro*" in ring("rename Retro", ALAN)
    assert "*Retro* is over" in ring("end", ALAN)
    assert slack.requests("users.info") == []


def test_a_call_without_a_title_has_that_of_a_template(app: Running, ring: Callable[..., str]) -> None:
    choose(app, title_template="{channel} of {date}")
    with app.switchboard.database.transaction() as connection:
        workspaces.save_preferences(connection, "T0LOCAL", ALAN, Preferences(title_template="Alan in {channel}"))
    assert "Starting *general of 2026-11-20*" in ring("", GRACE)
    assert "Starting *Alan in general*" in ring("", ALAN)


def test_a_workspace_without_an_account_is_told_what_to_do(run_app: Callable[..., Running], slack: Emulator) -> None:
    app = run_app(**INSTALLABLE)
    add_acme(slack, app)
    with Installer(app) as somebody:
        somebody.install()
    answer = slack.slash("/ring", "Weekly sync", team="T0ACME")
    assert "An admin of the workspace can add one" in answer.text
