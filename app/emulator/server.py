"""The emulator as a program of its own."""

from __future__ import annotations

import logging
import threading

from app.emulator.emulator import Emulator
from app.emulator.manifest import ManifestSource

_log = logging.getLogger(__name__)


def serve(port: int, request_url: str | None, manifest: ManifestSource | None = None) -> None:
    """Run the emulator until it is interrupted; an app may be connected at once, and held against its manifest."""
    emulator = Emulator(manifest=manifest)
    if request_url is not None:
        emulator.connect_app(request_url)
    with emulator.start(port):
        _log.info("emulator listening on %s, sending commands to %s", emulator.url, request_url)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            _log.info("emulator stopped")
