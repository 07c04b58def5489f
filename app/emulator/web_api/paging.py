"""Lists in pages: `limit`, `cursor` and `next_cursor`.

https://docs.slack.dev/apis/web-api/pagination
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TypeVar

from app.emulator.errors import JsonObject, SlackError
from app.emulator.web_api.context import Arguments

Item = TypeVar("Item")
_PREFIX = "next:"


def page_of(items: Sequence[Item], args: Arguments, usual: int = 100, most: int = 1000) -> tuple[list[Item], str]:
    """The items that were asked for, and the cursor of the next page, empty on the last."""
    limit = _limit(args, usual, most)
    start = _start(args.text("cursor"))
    if start > len(items):
        raise SlackError("invalid_cursor")
    end = start + limit
    return list(items[start:end]), _cursor(end) if end < len(items) else ""


def metadata(next_cursor: str) -> JsonObject:
    """Where an answer says how to go on."""
    return {"response_metadata": {"next_cursor": next_cursor}}


def _limit(args: Arguments, usual: int, most: int) -> int:
    text = args.text("limit")
    if text is None:
        return usual
    if not _is_number(text) or int(text) > most:
        raise SlackError("invalid_limit")
    return int(text) or usual


def _is_number(text: str) -> bool:
    """Whether this is a number, and not one so long that Python would not read it."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def _cursor(position: int) -> str:
    return base64.b64encode(f"{_PREFIX}{position}".encode()).decode()


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        text = base64.b64decode(cursor, validate=True).decode("ascii")
    except ValueError:
        raise SlackError("invalid_cursor") from None
    position = text.removeprefix(_PREFIX)
    if not text.startswith(_PREFIX) or not _is_number(position):
        raise SlackError("invalid_cursor")
    return int(position)
