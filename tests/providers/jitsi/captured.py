"""The deliveries captured from a real Prosody; ``fixtures/README.md`` tells what happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures"
ROOM = "slack-standup-7f3a"
TOKEN = "TOKEN-237958623045"


@dataclass(frozen=True, slots=True)
class Captured:
    """One delivery. ``body`` is what the server sent, byte for byte; ``path`` stands behind ``api_prefix``."""

    path: str
    headers: dict[str, str]
    body: bytes


def captured() -> list[Captured]:
    """All deliveries, in order."""
    return [_read(path) for path in sorted((FIXTURES / "event-sync").glob("*.json"))]


def observed(situation: str) -> list[bytes]:
    """The bodies of another situation, in order."""
    stored: list[Any] = json.loads((FIXTURES / "observed" / f"{situation}.json").read_text(encoding="utf-8"))
    return [json.dumps(one["body"]).encode() for one in stored]


def _read(path: Path) -> Captured:
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Captured(stored["path"], stored["headers"], stored["body"].encode())
