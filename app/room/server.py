"""The room for a command line: runs until it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType

from app.room.local_room import DEFAULT_PORT, LocalRoom


def serve(
    port: int = DEFAULT_PORT,
    webhook_url: str | None = None,
    ice_servers: Sequence[str] = (),
    when_ready: Callable[[LocalRoom], None] = lambda _: None,
) -> None:
    """Run a room on this port until SIGTERM or Ctrl-C; ``when_ready`` is called once it listens.

    Raises ``OSError`` when the port is taken, and ``ValueError`` when ``webhook_url`` is no address. Must be called
    from the main thread, the only one signals come to.
    """
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with LocalRoom(webhook_url, ice_servers=ice_servers).start(port) as room:
            when_ready(room)
            stopped.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
