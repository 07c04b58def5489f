"""What Zoom told, from the files."""

from __future__ import annotations

from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"

JOINED, LEFT, UPDATED = "meeting.participant_joined", "meeting.participant_left", "meeting.updated"
BREAKOUT = "meeting.participant_joined_breakout_room"


def told(name: str) -> bytes:
    """The first body of this event."""
    return sorted(FIXTURES.glob(f"*{name}.json"))[0].read_bytes()


def history() -> list[bytes]:
    """All that was told of one meeting and that we follow, in order."""
    return [path.read_bytes() for path in sorted(FIXTURES.glob("0*.json")) if BREAKOUT not in path.name]
