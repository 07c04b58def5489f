"""The slash commands and shortcuts that the page offers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from app.emulator.slack import Slack

_SUBCOMMAND = re.compile(r"[a-z][\w-]*(?= |$)")


@dataclass(frozen=True)
class Command:
    """A slash command with its manifest's words about it."""

    name: str
    description: str = ""
    usage_hint: str = ""

    @property
    def subcommands(self) -> list[tuple[str, str]]:
        """The words that may follow, each with what comes after it: `[title] | end | rename <title>` has two."""
        ways = [way.strip() for way in self.usage_hint.split("|")]
        found = [(way, match) for way in ways if (match := _SUBCOMMAND.match(way))]
        return [(match[0], way[match.end() :].strip()) for way, match in found]


@dataclass(frozen=True)
class Shortcut:
    """A shortcut of the app; `type` is `global` or `message`."""

    callback_id: str
    name: str
    description: str
    type: str


@dataclass(frozen=True)
class Offer:
    """All an app offers to type or to choose."""

    commands: list[Command] = field(default_factory=list)
    shortcuts: list[Shortcut] = field(default_factory=list)
    has_home: bool = True

    def of_kind(self, kind: str) -> list[Shortcut]:
        """The global shortcuts, or those of messages."""
        return [each for each in self.shortcuts if each.type == kind]


_UNSEEDED = Offer(
    [
        Command(
            "/ring",
            "Start a call here, or end, rename or list calls",
            "[title] | end | rename <title> | list | help",
        )
    ]
)
"""For a workspace that has not read the app's manifest."""


def offer(slack: Slack) -> Offer:
    """What the app's manifest names, else what the app is known to have."""
    manifest = slack.manifest
    if manifest is None:
        return _UNSEEDED
    commands = [Command(each.command, each.description, each.usage_hint) for each in manifest.commands.values()]
    shortcuts = [
        Shortcut(each.callback_id, each.name, each.description, each.kind) for each in manifest.shortcuts.values()
    ]
    return Offer(commands, shortcuts, manifest.home_tab)
