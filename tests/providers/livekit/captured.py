"""The deliveries captured from a real server; ``fixtures/livekit-1.6.0/README.md`` tells what happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "fixtures" / "livekit-1.6.0"
MAIN_ROOM = "slack-C0HELD-7f3a"
SHORT_ROOM = "empty-soon"


@dataclass(frozen=True, slots=True)
class Captured:
    """One delivery. ``body`` is what the server sent, byte for byte."""

    event: str
    headers: dict[str, str]
    body: bytes


def captured(room: str | None = None) -> list[Captured]:
    """All deliveries in order, or those of ``room`` only."""
    found = [_read(path) for path in sorted(FOLDER.glob("*.json"))]
    return [one for one in found if room is None or json.loads(one.body)["room"]["name"] == room]


def _read(path: Path) -> Captured:
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Captured(stored["event"], stored["headers"], stored["body"].encode())
