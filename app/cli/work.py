"""``work``: reconcilers without a web server, for when one process is not enough."""

from __future__ import annotations

import argparse
import signal
import threading
from typing import TYPE_CHECKING

from app import config, logs
from app.cli.checks import check_everything
from app.clock import SystemClock
from app.errors import ConfigurationError
from app.reconciler.engine import build_engine

if TYPE_CHECKING:
    from app.cli import Commands

LOOK_SECONDS = 0.5


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("work", help="run reconcilers only, beside `serve`")
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    env = config.environment()
    settings = check_everything(env)
    if not settings.workers:
        raise ConfigurationError("\n  WORKERS: must be 1 or more for `work`; with 0 it would do nothing.")
    logs.set_up(settings.log_level)
    clock = SystemClock()
    engine = build_engine(env, clock)
    clock.agree_with(engine.database.now())
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    threads = engine.start()
    # The system may hand the signal to another thread, and then nothing wakes this one, which has to act on it.
    while not stopping.wait(LOOK_SECONDS):
        pass
    engine.stop(threads)
    return 0
