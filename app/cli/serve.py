"""``serve``: the web server and its reconciler in one process."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from app import config
from app.cli.checks import check_everything
from app.config import Settings

if TYPE_CHECKING:
    from app.cli import Commands

THREADS = 8
"""Requests answered at once. Each holds one connection to the database, for a few milliseconds."""


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("serve", help="run the web server and its reconciler")
    parser.set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    settings = check_everything(config.environment())
    # This process becomes the server: what was loaded for the checks does not stay in memory twice.
    os.execv(sys.executable, [sys.executable, "-m", "granian", *server_options(settings)])  # noqa: S606


def server_options(settings: Settings) -> list[str]:
    """Measured beside gunicorn with threads, granian accepts about twice the requests on the same cores (bench/)."""
    return [
        "app.web.wsgi:create",
        "--factory",
        "--interface=wsgi",
        f"--host={settings.host}",
        f"--port={settings.port}",
        "--workers=1",
        f"--blocking-threads={THREADS}",
        f"--backpressure={THREADS * 4}",
        "--http1-header-read-timeout=10000",
        "--workers-kill-timeout=20",
        "--log-level=error",
        "--no-ws",
    ]
