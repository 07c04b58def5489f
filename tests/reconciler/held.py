"""A provider that keeps us waiting for as long as a test likes."""

from __future__ import annotations

import threading

from tests.providers.standard.reference_server import ReferenceServer
from tests.providers.standin import Asked, Reply

HOLD_SECONDS = 20
"""Nothing waits for so long unless a test fails."""


class HeldServer(ReferenceServer):
    """Does what it is first asked for at once, and answers that only when it is let go. Let go before, it is like any
    other."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_once = threading.Event()
        self.let_go = threading.Event()

    def reply_to(self, asked: Asked) -> Reply:
        reply = super().reply_to(asked)
        if not self.asked_once.is_set():
            self.asked_once.set()
            self.let_go.wait(HOLD_SECONDS)
        return reply
