"""The deliveries captured from the real sender; ``fixtures/bbb-webhooks-3.5.0/README.md`` tells what happened."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "fixtures" / "bbb-webhooks-3.5.0"
MEETING = "random-9019868"
OCCURRENCE = "8043c8452ae9830aac14c517adff3839dbd9228f-1698771157700"


@dataclass(frozen=True, slots=True)
class Captured:
    """One delivery. ``body`` is what was sent, byte for byte."""

    event: str
    query: str
    headers: dict[str, str]
    body: bytes


def captured() -> list[Captured]:
    """All deliveries, in order."""
    return [_read(path) for path in sorted(FOLDER.glob("*.json"))]


def _read(path: Path) -> Captured:
    stored = json.loads(path.read_text(encoding="utf-8"))
    return Captured(stored["event"], stored["query"], stored["headers"], stored["body"].encode())
