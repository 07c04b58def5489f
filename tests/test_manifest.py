"""The manifest says what the code does, within Slack's limits. Its scopes are tested in ``tests/slack``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.cli.manifest import read_manifest
from app.config import Settings
from app.listeners.commands.wish import Verb
from app.web.sign_in import RETURN_PATH

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return read


def test_the_command_is_the_one_the_code_answers(manifest: dict[str, Any]) -> None:
    [command] = manifest["features"]["slash_commands"]
    assert command["command"] == Settings.model_fields["slash_command"].default
    # With it people come as ids, which say nothing on a card.
    assert command["should_escape"] is False
    assert command["url"].endswith("/slack/events")
    for verb in set(Verb) - {Verb.START}:
        assert verb in command["usage_hint"]


def test_people_come_back_from_signing_in_to_where_the_code_awaits_them(manifest: dict[str, Any]) -> None:
    """One address for the whole app: its host is the one of the other addresses."""
    [redirect_url] = manifest["oauth_config"]["redirect_urls"]
    [command] = manifest["features"]["slash_commands"]
    assert redirect_url == command["url"].replace("/slack/events", RETURN_PATH)


def test_every_address_in_it_is_the_apps_own(manifest: dict[str, Any]) -> None:
    ours = json.dumps(read_manifest("http://localhost:8000"))
    assert "example.com" not in ours
    assert ours.count("http://localhost:8000/") == json.dumps(manifest).count("https://example.com/") >= 2


def test_the_manifest_keeps_to_slacks_limits(manifest: dict[str, Any]) -> None:
    """https://docs.slack.dev/reference/app-manifest"""
    assert len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    [command] = manifest["features"]["slash_commands"]
    assert len(command["command"]) <= 32
    assert len(command["usage_hint"]) <= 1000
