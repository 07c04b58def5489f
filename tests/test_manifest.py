"""The manifest says what the code does, within Slack's limits. Its scopes are tested in ``tests/slack``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from cryptography.fernet import Fernet
from slack_bolt import App
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from app.cli.manifest import read_manifest
from app.config import Settings
from app.emulator.manifest_rules import problems_of
from app.listeners.commands.wish import Verb
from app.web.factory import build
from app.web.sign_in import RETURN_PATH
from tests.clocks import MovedClock
from tests.slack.methods import methods_used

ROOT = Path(__file__).parent.parent
# Of an app that any workspace installs: it does all that an app with one token does, and more.
SETTINGS = {
    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "SLACK_SIGNING_SECRET": "local-secret",
    "SLACK_CLIENT_ID": "1.2",
    "SLACK_CLIENT_SECRET": "local-client-secret",
    "PUBLIC_URL": "https://example.com",
    "LINK_TEMPLATE": "https://meet.example.com/{slug}",
}

SHORTCUTS = {"shortcut", "global_shortcut", "message_shortcut"}
SUGGESTIONS = {"options", "block_suggestion", "dialog_suggestion"}
INTERACTIVE = SHORTCUTS | SUGGESTIONS | {
    "action", "attachment_action", "block_action", "dialog_cancellation", "dialog_submission",
    "view", "view_closed", "view_submission",
}  # fmt: skip
KINDS = INTERACTIVE | {"command", "event", "function", "message"}
"""What Bolt lets listeners be registered for."""


@dataclass(frozen=True)
class Registered:
    """The listeners of the whole app, by kind, with what each was registered for; and the paths that it serves."""

    listeners: Mapping[str, list[Any]]
    paths: Map

    def names(self, *kinds: str) -> set[str]:
        """What is no name (a pattern) has to become one before the manifest can hold it."""
        return {_name(constraint) for kind in kinds for constraint in self.listeners.get(kind, [])}

    def serves(self, url: str, method: str) -> bool:
        try:
            self.paths.bind("example.com").match(urlsplit(url).path, method=method)
        except HTTPException:
            return False
        return True


def _name(constraint: Any) -> str:
    if isinstance(constraint, Mapping):
        constraint = constraint.get("type") if "event" not in constraint else constraint["event"]
    assert isinstance(constraint, str), f"a manifest cannot hold {constraint!r}"
    return constraint


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registered]:
    heard: dict[str, list[Any]] = {}

    def hear(kind: str, register: Callable[..., Any]) -> Callable[..., Any]:
        def heard_registering(bolt_app: App, *given: Any, **named: Any) -> Any:
            heard.setdefault(kind, []).append([*given, *named.values(), None][0])
            return register(bolt_app, *given, **named)

        return heard_registering

    with pytest.MonkeyPatch.context() as patch:
        for kind in KINDS:
            patch.setattr(App, kind, hear(kind, getattr(App, kind)))
        database = tmp_path_factory.mktemp("manifest") / "none.db"
        switchboard = build({**SETTINGS, "DATABASE_URL": f"sqlite:///{database}"}, MovedClock())
    yield Registered(heard, switchboard.flask.url_map)
    switchboard.database.close()


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return read


def bot_events(manifest: dict[str, Any]) -> set[str]:
    return set((manifest["settings"].get("event_subscriptions") or {}).get("bot_events") or [])


def addresses(manifest: Any) -> Iterator[str]:
    """Every address in it that Slack sends something to."""
    if isinstance(manifest, dict):
        for name, value in manifest.items():
            if name in {"url", "request_url", "message_menu_options_url"}:
                yield value
            else:
                yield from addresses(value)
    elif isinstance(manifest, list):
        for value in manifest:
            yield from addresses(value)


# --- What the code does


def test_the_command_is_the_one_the_code_answers(manifest: dict[str, Any], registered: Registered) -> None:
    [command] = manifest["features"]["slash_commands"]
    assert {command["command"]} == registered.names("command") == {Settings.model_fields["slash_command"].default}
    # With it people come as ids, which say nothing on a card.
    assert command["should_escape"] is False
    for verb in set(Verb) - {Verb.START}:
        assert verb in command["usage_hint"]


def test_the_events_are_those_the_code_listens_to(manifest: dict[str, Any], registered: Registered) -> None:
    listened = registered.names("event") | ({"function_executed"} if registered.names("function") else set())
    assert bot_events(manifest) == listened
    assert registered.names("message") == set(), "say which of the message.* events it is"


def test_the_shortcuts_are_those_the_code_answers(manifest: dict[str, Any], registered: Registered) -> None:
    offered = manifest["features"].get("shortcuts") or []
    assert {shortcut["callback_id"] for shortcut in offered} == registered.names(*SHORTCUTS)


def test_the_steps_of_workflows_are_those_the_code_runs(manifest: dict[str, Any], registered: Registered) -> None:
    assert set(manifest.get("functions") or {}) == registered.names("function")


def test_interactions_come_where_something_listens_to_them(manifest: dict[str, Any], registered: Registered) -> None:
    interactivity = manifest["settings"].get("interactivity") or {}
    assert bool(interactivity.get("is_enabled")) == any(kind in registered.listeners for kind in INTERACTIVE)
    suggests = any(kind in registered.listeners for kind in SUGGESTIONS)
    assert ("message_menu_options_url" in interactivity) == suggests


def test_there_is_a_home_where_one_is_published(manifest: dict[str, Any]) -> None:
    home = manifest["features"].get("app_home") or {}
    assert bool(home.get("home_tab_enabled")) == ("views_publish" in methods_used())


def test_slack_sends_everything_to_where_the_code_awaits_it(manifest: dict[str, Any], registered: Registered) -> None:
    assert set(addresses(manifest)) == {"https://example.com/slack/events"}
    assert registered.serves("https://example.com/slack/events", "POST")


def test_people_come_back_to_where_the_code_awaits_them(manifest: dict[str, Any], registered: Registered) -> None:
    """From signing in, and from installing."""
    redirect_urls = manifest["oauth_config"]["redirect_urls"]
    assert f"https://example.com{RETURN_PATH}" in redirect_urls
    assert [url for url in redirect_urls if not registered.serves(url, "GET")] == []
    returns = "https://example.com/slack/oauth_redirect"
    assert (returns in redirect_urls) == registered.serves(returns, "GET")


# --- What Slack takes


@pytest.mark.parametrize("socket_mode", [False, True])
def test_slack_takes_it(socket_mode: bool) -> None:
    """https://docs.slack.dev/reference/app-manifest"""
    assert problems_of(read_manifest(socket_mode=socket_mode)) == []


def test_it_is_of_the_second_version(manifest: dict[str, Any]) -> None:
    assert manifest["_metadata"]["major_version"] == 2
    long = manifest["display_information"].get("long_description")
    assert long is None or 174 <= len(long) <= 4000


# --- As it is printed for a host


def test_every_address_in_it_is_the_apps_own(manifest: dict[str, Any]) -> None:
    ours = json.dumps(read_manifest("http://localhost:8000"))
    assert "example.com" not in ours
    assert ours.count("http://localhost:8000/") == json.dumps(manifest).count("https://example.com/") >= 2


def test_only_tokens_that_are_kept_by_the_app_wear_out() -> None:
    assert read_manifest()["settings"]["token_rotation_enabled"] is False
    ours = read_manifest(installable=True)
    assert ours["settings"]["token_rotation_enabled"] is True
    assert ours["settings"]["org_deploy_enabled"] is True
    assert problems_of(ours) == []


def test_with_socket_mode_slack_needs_no_address(manifest: dict[str, Any]) -> None:
    ours = read_manifest("https://calls.example.com", socket_mode=True)
    assert list(addresses(ours)) == []
    assert ours["settings"]["socket_mode_enabled"] is True
    assert ours["oauth_config"]["scopes"] == manifest["oauth_config"]["scopes"]
    assert f"https://calls.example.com{RETURN_PATH}" in ours["oauth_config"]["redirect_urls"]


def test_an_app_without_an_address_for_people_asks_for_none() -> None:
    ours = read_manifest("http://localhost:8000", socket_mode=True)
    assert "localhost" not in json.dumps(ours)
    assert problems_of(ours) == []
