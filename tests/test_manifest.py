"""The manifest asks Slack for what the code uses, and for no more."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.config import Settings
from app.listeners.commands.wish import Verb

ROOT = Path(__file__).parent.parent

# https://docs.slack.dev/reference/methods: the scopes of a bot token that each method needs.
SCOPES = {
    "calls_add": {"calls:write"},
    "calls_update": {"calls:write"},
    "calls_end": {"calls:write"},
    "calls_info": {"calls:read"},
    "calls_participants_add": {"calls:write"},
    "calls_participants_remove": {"calls:write"},
    # In public channels that the bot has not joined, where most calls are started.
    "chat_postMessage": {"chat:write", "chat:write.public"},
    "chat_postEphemeral": {"chat:write"},
    "users_info": {"users:read"},
}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return read


def methods_used() -> set[str]:
    """The methods of Slack's client that the code names."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "app" / "slack").glob("*.py"))
    return set(re.findall(r"client\.((?!send_)[a-z]+_[a-zA-Z_]+)", code))


def test_every_method_the_code_uses_has_its_scope_here() -> None:
    assert methods_used() == set(SCOPES)


def test_the_scopes_are_those_the_code_needs(manifest: dict[str, Any]) -> None:
    needed = set().union(*SCOPES.values()) | {"commands"}
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed


def test_the_command_is_the_one_the_code_answers(manifest: dict[str, Any]) -> None:
    [command] = manifest["features"]["slash_commands"]
    assert command["command"] == Settings.model_fields["slash_command"].default
    # With it people come as ids, which say nothing on a card.
    assert command["should_escape"] is False
    assert command["url"].endswith("/slack/events")
    for verb in set(Verb) - {Verb.START}:
        assert verb in command["usage_hint"]


def test_the_manifest_keeps_to_slacks_limits(manifest: dict[str, Any]) -> None:
    """https://docs.slack.dev/reference/app-manifest"""
    assert len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    [command] = manifest["features"]["slash_commands"]
    assert len(command["command"]) <= 32
    assert len(command["usage_hint"]) <= 1000
