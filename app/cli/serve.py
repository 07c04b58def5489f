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

CONNECTIONS = 1024
"""Open connections, nearly all of them idle: load balancers keep many in store."""

LARGEST_HEAD_BYTES = 64 * 1024
"""Of one request: what is larger is answered with 431."""
HEAD_SECONDS = 10
"""For the head of a request; the front has a limit for the body."""


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
        "--interface=rsgi",
        # Its limits for the head are of this version of HTTP only, and no proxy needs another.
        "--http=1",
        f"--host={settings.host}",
        f"--port={settings.port}",
        "--workers=1",
        f"--backlog={CONNECTIONS}",
        f"--backpressure={CONNECTIONS}",
        f"--http1-buffer-size={LARGEST_HEAD_BYTES}",
        f"--http1-header-read-timeout={HEAD_SECONDS * 1000}",
        "--workers-kill-timeout=20",
        "--log-level=error",
        "--no-ws",
    ]
