"""Titles of calls that were given none."""

from __future__ import annotations

import re
from datetime import date

from app.domain.calls import LONGEST_TITLE

PLACEHOLDERS = ("channel", "date")
LONGEST_TEMPLATE = 100
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def unknown_in(template: str) -> list[str]:
    """What stands in braces, or is a brace alone, and means nothing."""
    alone = re.findall(r"[{}]", _PLACEHOLDER.sub("", template))
    return [f"{{{name}}}" for name in _PLACEHOLDER.findall(template) if name not in PLACEHOLDERS] + alone


def title_from(template: str, *, channel: str, on: date) -> str:
    """``Call in #{channel}`` with the channel's name in it; ``""`` where the conversation has none to put there."""
    if not channel and "{channel}" in template:
        return ""
    words = {"channel": channel, "date": on.isoformat()}
    return _PLACEHOLDER.sub(lambda found: words.get(found[1], ""), template)[:LONGEST_TITLE].strip()
