"""The bodies in ``fixtures``; its README tells what they are."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "fixtures"
ROOM = "call-7c1e0f2a9b3d4e5f6a7b"
HISTORY = (FOLDER / "meeting.jsonl").read_bytes().splitlines()
WAITING = (FOLDER / "waiting.json").read_bytes().strip()
