"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime

NOTHING = "–"


def positive(text: str) -> int:
    """A number of rows. Raises ValueError, which argparse turns into words."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as what is in them; of a text only what a terminal can show."""
    told = [list(columns), *([_told(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*told, strict=True)]
    for row in told:
        print("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())


def print_facts(facts: Mapping[str, object]) -> None:
    """One line for each, its name in front."""
    width = max(map(len, facts))
    for name, value in facts.items():
        print(f"{name.ljust(width)}  {_told(value)}")


def print_json(value: object) -> None:
    """Values of ours as they are; nothing in it is more than ASCII, so that any terminal can show it."""
    print(json.dumps(value, indent=2, default=_plain))


def printable(text: str) -> str:
    """``text`` with what would move the cursor, turn the line around or hide in it written out."""
    return re.sub(r"[^\n]", lambda found: found[0] if found[0].isprintable() else _written_out(found[0]), text)


def _written_out(character: str) -> str:
    return json.dumps(character)[1:-1] if ord(character) != 0x7F else "\\u007f"


def _told(value: object) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    return printable(str(value)).replace("\n", " ")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, frozenset):
        return sorted(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"not meant to be printed: {type(value).__name__}")
