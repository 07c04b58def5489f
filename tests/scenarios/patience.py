"""Waiting for what other processes do, in real time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PATIENCE_SECONDS = 30
PAUSE_SECONDS = 0.02


def until(is_true: Callable[[], object]) -> None:
    """Wait until it is; a machine may be slow, but not for ever."""
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen"
        pause.wait(PAUSE_SECONDS)
