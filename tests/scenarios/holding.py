"""Providers that keep a request waiting, before or after its effect, until they let it go."""

from __future__ import annotations

import re
import threading

from app.emulator.faults import FaultKind
from tests.providers.standard.reference_server import ReferenceServer
from tests.providers.standin import HANG_UP, Asked, Reply, StandIn
from tests.providers.zoom.server import ZoomServer
from tests.scenarios.patience import PATIENCE_SECONDS


class Holding(StandIn):
    """``held`` counts the requests that were kept waiting, ``answered`` those that were let go since."""

    def __init__(self) -> None:
        super().__init__()
        self._holds: dict[tuple[str, str], FaultKind] = {}
        self._let_go = threading.Event()
        self.held = 0
        self.answered = 0

    def hold(self, method: str, path: str, kind: FaultKind) -> None:
        """The next request of this method to a path that this pattern is found in."""
        self._holds[method, path] = kind

    def let_go(self) -> None:
        self._let_go.set()

    def reply_to(self, asked: Asked) -> Reply:
        wanted = [
            (method, path) for method, path in self._holds if method == asked.method and re.search(path, asked.path)
        ]
        if not wanted:
            return super().reply_to(asked)
        kind = self._holds.pop(wanted[0])
        reply = HANG_UP if kind == "timeout_before" else super().reply_to(asked)
        self.held += 1
        self._let_go.wait(PATIENCE_SECONDS)
        self.answered += 1
        return reply if kind == "slow" else HANG_UP


class HoldingServer(Holding, ReferenceServer):
    """The standard provider's."""


class HoldingZoom(Holding, ZoomServer):
    """Zoom, where a meeting can be given another title."""
