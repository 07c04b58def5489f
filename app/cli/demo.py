"""``demo``: the app with an embedded database, beside a local Slack workspace. No account is needed."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from app import config

if TYPE_CHECKING:
    from app.cli import Commands

DATABASE = Path("local") / "switchboard.db"
APP_PORT = 8000
WORKSPACE_PORT = 4010
START_SECONDS = 30


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("demo", help="run everything on this machine, without any account")
    parser.add_argument("--port", type=int, default=APP_PORT, help=f"the app's port ({APP_PORT})")
    parser.add_argument(
        "--workspace-port", type=int, default=WORKSPACE_PORT, help=f"the local workspace's port ({WORKSPACE_PORT})"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    given = config.environment()
    if given.get("SLACK_BOT_TOKEN") or given.get("SLACK_BOT_TOKEN_FILE"):
        print("SLACK_BOT_TOKEN is set: starting the app only, for your own workspace.")
        return subprocess.call([sys.executable, "-m", "app", "serve"])
    return _run_locally(options.port, options.workspace_port)


def _run_locally(port: int, workspace_port: int) -> int:
    from app.emulator import Emulator

    workspace = Emulator().start(port=workspace_port)
    workspace.connect_app(f"http://127.0.0.1:{port}/slack/events")
    env = {**os.environ, **_local_settings(port, workspace.api_url)}
    app = subprocess.Popen([sys.executable, "-m", "app", "serve"], env=env)
    signal.signal(signal.SIGTERM, lambda _number, _frame: app.terminate())
    try:
        if _is_up(app, port):
            print(_welcome(port, workspace.url), flush=True)
        return app.wait()
    except KeyboardInterrupt:
        # The terminal has told the app as well; it finishes what it has begun.
        app.wait()
        return 0
    finally:
        workspace.stop()


def _local_settings(port: int, api_url: str) -> Mapping[str, str]:
    # The workspace begins empty, and so must what the app remembers of it.
    DATABASE.parent.mkdir(exist_ok=True)
    for file in DATABASE.parent.glob(f"{DATABASE.name}*"):
        file.unlink()
    return {
        "SLACK_BOT_TOKEN": "xoxb-local",
        "SLACK_SIGNING_SECRET": "local-secret",
        "SLACK_API_URL": api_url,
        "PUBLIC_URL": f"http://localhost:{port}",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{DATABASE.as_posix()}",
        "LINK_TEMPLATE": os.environ.get("LINK_TEMPLATE", "https://meet.jit.si/{slug}"),
        "DEFAULT_PROVIDER": os.environ.get("DEFAULT_PROVIDER", "link"),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }


def _is_up(app: subprocess.Popen[bytes], port: int) -> bool:
    """Whether the app answers; False as soon as it has ended instead."""
    for _ in range(START_SECONDS * 10):
        if _answers(f"http://127.0.0.1:{port}/readyz"):
            return True
        with suppress(subprocess.TimeoutExpired):
            app.wait(timeout=0.1)
            return False
    print("The app did not answer in time; its log is above.", file=sys.stderr)
    return False


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _welcome(port: int, workspace_url: str) -> str:
    return "\n".join(
        [
            "",
            f"  Your Slack workspace   {workspace_url}/",
            f"  Switchboard itself     http://localhost:{port}/healthz",
            "",
            "  Open the workspace and type:  /ring Weekly sync",
            "  A card with a Join button appears in the channel; `/ring end` ends it, `/ring help` tells the rest.",
            "",
            "  Ctrl-C stops everything.",
            "",
        ]
    )
