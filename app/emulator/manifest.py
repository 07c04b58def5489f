"""The app's manifest: what it asked Slack for. Whatever it did not ask for is refused.

Reference: https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from app.emulator.errors import JsonObject, Misused
from app.emulator.manifest_rules import problems_of

ManifestSource: TypeAlias = "Mapping[str, Any] | str | Path"
"""A manifest as a mapping, or the path of one in JSON."""


@dataclass(frozen=True)
class Command:
    """A slash command as people see it offered."""

    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True)
class Shortcut:
    """A shortcut; `kind` is `global` or `message`."""

    callback_id: str
    name: str
    kind: str
    description: str = ""


@dataclass(frozen=True)
class Manifest:
    """What an app asked for."""

    name: str
    bot_scopes: frozenset[str] = frozenset()
    user_scopes: frozenset[str] = frozenset()
    commands: Mapping[str, Command] = field(default_factory=dict)
    shortcuts: Mapping[str, Shortcut] = field(default_factory=dict)
    bot_events: frozenset[str] = frozenset()
    unfurl_domains: tuple[str, ...] = ()
    redirect_urls: tuple[str, ...] = ()
    functions: Mapping[str, JsonObject] = field(default_factory=dict)
    home_tab: bool = False
    interactivity: bool = False
    socket_mode: bool = False
    token_rotation: bool = False
    org_deploy: bool = False


def read_manifest(source: ManifestSource) -> Manifest:
    """The manifest, or Misused with everything that Slack would not take in it."""
    raw = _load(source)
    problems = problems_of(raw)
    if problems:
        raise Misused("the manifest is wrong: " + "; ".join(f"{where}: {what}" for where, what in problems))
    settings, features = raw.get("settings") or {}, raw.get("features") or {}
    oauth = raw.get("oauth_config") or {}
    scopes = oauth.get("scopes") or {}
    return Manifest(
        name=raw["display_information"]["name"],
        bot_scopes=frozenset(scopes.get("bot") or []) | frozenset(scopes.get("bot_optional") or []),
        user_scopes=frozenset(scopes.get("user") or []) | frozenset(scopes.get("user_optional") or []),
        commands=_commands(features),
        shortcuts=_shortcuts(features),
        bot_events=frozenset((settings.get("event_subscriptions") or {}).get("bot_events") or []),
        unfurl_domains=tuple(features.get("unfurl_domains") or []),
        redirect_urls=tuple(oauth.get("redirect_urls") or []),
        functions=raw.get("functions") or {},
        home_tab=bool((features.get("app_home") or {}).get("home_tab_enabled")),
        interactivity=bool((settings.get("interactivity") or {}).get("is_enabled")),
        socket_mode=bool(settings.get("socket_mode_enabled")),
        token_rotation=bool(settings.get("token_rotation_enabled")),
        org_deploy=bool(settings.get("org_deploy_enabled")),
    )


def _load(source: ManifestSource) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    try:
        value = json.loads(Path(source).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Misused(f"the manifest cannot be read as JSON: {error}") from None
    if not isinstance(value, dict):
        raise Misused("the manifest must be a JSON object")
    return value


def _commands(features: Mapping[str, Any]) -> dict[str, Command]:
    return {
        each["command"]: Command(
            each["command"],
            each.get("description", ""),
            each.get("usage_hint", ""),
            bool(each.get("should_escape")),
        )
        for each in features.get("slash_commands") or []
    }


def _shortcuts(features: Mapping[str, Any]) -> dict[str, Shortcut]:
    return {
        each["callback_id"]: Shortcut(each["callback_id"], each["name"], each["type"], each.get("description", ""))
        for each in features.get("shortcuts") or []
    }
