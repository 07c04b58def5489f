"""The app asks for the scopes that it needs, and for no others; docs/scopes.md says why."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from app.cli.manifest import read_manifest
from app.emulator.known_names import EVENT_SCOPES
from app.slack import openid
from app.slack.lanes import PACES
from app.slack.scopes import BOT_SCOPES, missing
from tests.slack.methods import SCOPES, dotted, methods_in, methods_used

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "scopes.md"
SIGNING_IN = "openid.connect.token"
OF_THE_APP_LEVEL_TOKEN = {"connections:write": {"apps.connections.open"}}


def asked_for(kind: str = "bot") -> set[str]:
    return set(read_manifest()["oauth_config"]["scopes"][kind])


def needed_by_features() -> set[str]:
    """What Slack asks of who has these features: https://docs.slack.dev/reference/scopes and …/reference/events"""
    manifest = read_manifest()
    features: dict[str, Any] = manifest["features"]
    events = (manifest["settings"].get("event_subscriptions") or {}).get("bot_events") or []
    of_events = {scope for event in events if (scope := EVENT_SCOPES.get(event))}
    return of_events | {"commands" for name in ("slash_commands", "shortcuts") if features.get(name)}


def test_the_methods_are_those_of_the_table() -> None:
    assert methods_used() == set(SCOPES)


@pytest.mark.parametrize(
    "source",
    ["client.views_open(trigger_id=t)", "send(self._clients.of(t).views_open)", 'client.api_call("views.open")'],
)
def test_a_method_is_found_however_it_is_called(source: str) -> None:
    assert methods_in(source) == {"views_open"}


def test_the_manifest_asks_for_exactly_what_is_needed() -> None:
    assert asked_for() == needed_by_features().union(*SCOPES.values())


def test_whoever_installs_it_is_told_of_each_scope_why() -> None:
    assert set(BOT_SCOPES) == asked_for()
    assert missing(["commands", "calls:write", "of.another:app"]) == [
        scope for scope in BOT_SCOPES if scope not in {"commands", "calls:write"}
    ]


def test_people_are_asked_for_no_more_than_signing_in_needs() -> None:
    assert asked_for("user") == set(openid.SCOPES)


def test_every_method_that_the_reconciler_sends_has_a_pace() -> None:
    unhurried = {
        "api.test",
        "apps.connections.open",
        "auth.test",
        "oauth.v2.access",
        "openid.connect.token",
        "users.info",
        # In answer to what somebody has just done, within three seconds.
        "views.open",
        "views.update",
    }
    assert {dotted(name) for name in SCOPES} - unhurried == set(PACES)


# --- docs/scopes.md: a row for each scope, with the methods that need it


def rows() -> dict[str, set[str]]:
    """The methods that the document names for each scope."""
    told = re.findall(r"^\| `(\S+)` \| (.+) \| .+ \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {scope: set(re.findall(r"`([\w.]+)`", why)) for scope, why in told}


def test_every_scope_has_its_row() -> None:
    assert set(rows()) == asked_for() | asked_for("user") | set(OF_THE_APP_LEVEL_TOKEN)


def test_each_row_names_the_methods_that_need_the_scope() -> None:
    needed = {scope: {dotted(name) for name, scopes in SCOPES.items() if scope in scopes} for scope in asked_for()}
    of_people = {scope: {SIGNING_IN} for scope in asked_for("user")}
    assert rows() == needed | of_people | OF_THE_APP_LEVEL_TOKEN
