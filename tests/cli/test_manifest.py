"""``python -m app manifest``: what is pasted into Slack's app settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.cli import main
from app.cli.manifest import read_manifest
from app.emulator.manifest_rules import problems_of

Print = Callable[..., tuple[int, str, str]]


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Print:
    """``manifest("--url", …, PUBLIC_URL=…)``: the exit code, what was printed, and what was complained of."""

    def say(*arguments: str, **settings: str) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        code = main(["manifest", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return say


def command_of(printed: dict[str, Any]) -> str:
    name: str = printed["features"]["slash_commands"][0]["command"]
    return name


def test_it_is_printed_for_ones_own_host(manifest: Print) -> None:
    code, told, _ = manifest("--url", "https://calls.example.com/")
    printed = yaml.safe_load(told)
    assert (code, printed) == (0, read_manifest("https://calls.example.com"))
    assert problems_of(printed) == []
    assert printed["features"]["slash_commands"][0]["url"] == "https://calls.example.com/slack/events"


def test_what_is_not_said_comes_from_the_settings(manifest: Print) -> None:
    _, told, _ = manifest(PUBLIC_URL="https://calls.example.com", SLASH_COMMAND="/call")
    printed = yaml.safe_load(told)
    assert printed == read_manifest("https://calls.example.com", command="/call")
    assert command_of(printed) == "/call"


def test_what_is_said_comes_before_the_settings(manifest: Print) -> None:
    given = ("--url", "https://other.example.com", "--command", "/meet", "--json")
    _, told, _ = manifest(*given, PUBLIC_URL="https://calls.example.com", SLASH_COMMAND="/call")
    printed = json.loads(told)
    assert command_of(printed) == "/meet"
    assert "calls.example.com" not in told


def test_for_an_app_that_slack_cannot_reach_it_has_no_addresses_of_requests(manifest: Print) -> None:
    _, told, _ = manifest("--url", "https://calls.example.com", "--socket-mode")
    printed = yaml.safe_load(told)
    assert printed["settings"]["socket_mode_enabled"] is True
    assert "/slack/events" not in told


def test_an_address_that_slack_refuses_is_not_printed(manifest: Print) -> None:
    code, told, complaint = manifest("--url", "http://localhost:8000")
    assert (code, told) == (2, "")
    assert "no other addresses than https" in complaint
    assert manifest("--url", "http://localhost:8000", "--socket-mode")[0] == 0
    assert manifest()[2] == complaint  # without an address it is that of this machine


@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        (("--url", "calls.example.com"), "URL"),
        (("--url", "https://calls.example.com", "--command", "call"), "COMMAND"),
    ],
)
def test_what_cannot_stand_in_a_manifest_is_said(manifest: Print, arguments: tuple[str, ...], setting: str) -> None:
    code, told, complaint = manifest(*arguments)
    assert (code, told) == (2, "")
    assert f"\n  {setting}: " in complaint
