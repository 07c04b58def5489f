"""One unit of work of a thread that has to outlive whatever goes wrong in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from app import logs
from app.db.session import is_away

Result = TypeVar("Result")
log = logs.get(__name__)


def attempt(unit: Callable[[], Result], otherwise: Result, trouble: str) -> Result:
    """What ``unit`` returns; ``otherwise`` when it fails, and ``trouble`` is what the log then says."""
    try:
        return unit()
    except Exception as error:  # the database may be away, or our code trip: the thread must be there for the next one
        if is_away(error):
            log.warning(trouble, why=type(error).__name__)
        else:
            log.exception(trouble)
        return otherwise
