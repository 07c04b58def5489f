"""What the web server loads, in each of its processes: the app, with its reconciler beside it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from app import config, logs
from app.clock import SystemClock
from app.web.factory import Switchboard, build
from app.web.front import Front


def create() -> Front:
    """The app behind its front. Its settings were checked by ``serve`` before the server was started."""
    clock = SystemClock()
    switchboard = build(config.environment(), clock)
    logs.set_up(switchboard.settings.log_level)
    clock.agree_with(switchboard.database.now())
    threads = switchboard.start()
    threading.Thread(target=_stop_with_the_server, args=(switchboard, threads), name="reconciler-stop").start()
    return Front(switchboard.flask, switchboard.webhooks, switchboard.floods)


def _stop_with_the_server(switchboard: Switchboard, threads: Sequence[threading.Thread]) -> None:
    """The server tells nobody that it stops, and then waits for all threads; so this one waits for the server."""
    threading.main_thread().join()
    switchboard.stop(threads)
