"""What the doctor finds: one finding for each check, in words, with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    UNSURE = "unsure"
    """Nothing is known to be wrong, but there is something to know, or to try."""
    WRONG = "wrong"
    SKIPPED = "skipped"
    """It could not be looked at, because something else is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``id`` names the check for programs and never changes. ``says`` is what was found, and ``fix`` what to do about
    it: a command, a setting, or a place in Slack's or the provider's settings."""

    id: str
    state: State
    says: str
    fix: str = ""


def ok(check: str, says: str) -> Finding:
    return Finding(check, State.OK, says)


def unsure(check: str, says: str, fix: str = "") -> Finding:
    return Finding(check, State.UNSURE, says, fix)


def wrong(check: str, says: str, fix: str) -> Finding:
    return Finding(check, State.WRONG, says, fix)


def skipped(check: str, because: str) -> Finding:
    return Finding(check, State.SKIPPED, f"Not looked at, because {because}.")


def ago(now: datetime, moment: datetime) -> str:
    """How long before ``now`` that was, as far as it matters."""
    minutes = int((now - moment).total_seconds() // 60)
    for unit, length in (("days", 24 * 60), ("hours", 60)):
        if minutes >= 2 * length:
            return f"{minutes // length} {unit}"
    return f"{minutes} minutes" if minutes > 1 else "a minute"
