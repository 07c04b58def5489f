"""What somebody types, as Slack passes it on: special characters escaped, mentions and links marked.

Format: https://docs.slack.dev/messaging/formatting-message-text
"""

from __future__ import annotations

import re

from app.emulator.workspace import Workspace

_WORD = re.compile(r"(https?://[^\s<>|]+)|(?<!\w)([@#])([\w.-]*\w)")


def as_mrkdwn(workspace: Workspace, text: str) -> str:
    """Typed text with `@ada`, `#general` and addresses as Slack writes them."""
    parts: list[str] = []
    position = 0
    for match in _WORD.finditer(text):
        parts += [escaped(text[position : match.start()]), _marked(workspace, match)]
        position = match.end()
    return "".join([*parts, escaped(text[position:])])


def escaped(text: str) -> str:
    """The three characters that mean something, as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _marked(workspace: Workspace, match: re.Match[str]) -> str:
    link, sign, name = match.groups()
    if link:
        return f"<{escaped(link)}>"
    if sign == "@":
        user = next((each for each in workspace.users.values() if each.name == name), None)
        return f"<@{user.id}>" if user else escaped(match[0])
    channel = workspace.channel_named(name)
    return f"<#{channel.id}|{channel.name}>" if channel else escaped(match[0])
