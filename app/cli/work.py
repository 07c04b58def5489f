"""``work``: reconcilers without a web server, for when one process is not enough."""

from __future__ import annotations

import argparse
import signal
from typing import TYPE_CHECKING

from app import config, logs
from app.cli.checks import check_everything
from app.clock import SystemClock
from app.reconciler.engine import build_engine

if TYPE_CHECKING:
    from app.cli import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("work", help="run reconcilers only, beside `serve`")
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    env = config.environment()
    settings = check_everything(env)
    logs.set_up(settings.log_level)
    clock = SystemClock()
    engine = build_engine(env, clock)
    clock.agree_with(engine.database.now())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: engine.reconciler.stop())
    for thread in engine.start_workers():
        thread.join()
    return 0
