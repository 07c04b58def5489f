"""The bodies in ``fixtures``; its README tells what they are."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "fixtures"
HISTORY = (FOLDER / "meeting.jsonl").read_bytes().splitlines()
KNOCKED = (FOLDER / "knocked.json").read_bytes().strip()
DOCUMENTED = (FOLDER / "documented.json").read_bytes().strip()
