"""How long something was, as people say it."""

from __future__ import annotations


def lasted(seconds: int) -> str:
    """In whole minutes."""
    hours, minutes = divmod(seconds // 60, 60)
    words = [_counted(number, noun) for number, noun in ((hours, "hour"), (minutes, "minute")) if number]
    return " and ".join(words) or "less than a minute"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
