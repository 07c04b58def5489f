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

THREADS = 32
"""Requests answered at once. Most take a few milliseconds, but a thread also waits for a body that comes slowly, and
for Slack when somebody's rights are asked about."""
CONNECTIONS = 1024
"""Open connections, nearly all of them idle: load balancers keep many in store."""

LARGEST_HEAD_BYTES = 64 * 1024
"""Of one request: what is larger is answered with 431."""


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
        f"--backlog={CONNECTIONS}",
        f"--backpressure={CONNECTIONS}",
        f"--http1-buffer-size={LARGEST_HEAD_BYTES}",
        "--http1-header-read-timeout=10000",
        "--workers-kill-timeout=20",
        "--log-level=error",
        "--no-ws",
    ]
