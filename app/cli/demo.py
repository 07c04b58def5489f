"""``demo``: the app with an embedded database, beside a Slack workspace and a call provider on this machine.

The workspace and the room begin empty each time. What the app remembers stays in a file, so that it can be restarted
alone and seen to pick up where it was.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import httpx

from app import config
from app.cli.manifest import read_manifest
from app.cli.ports import is_taken, taken
from app.emulator import Emulator
from app.room import LocalRoom

if TYPE_CHECKING:
    from app.cli import Commands

LOCAL_KEY = "c3dpdGNoYm9hcmQtb24tdGhpcy1tYWNoaW5lLW9ubHk="
"""What is added as an account is kept encrypted here too, with a key that is as little a secret as the local token."""
DATABASE = Path("local") / "switchboard.db"
APP_PORT = 8000
WORKSPACE_PORT = 4010
ROOM_PORT = 4020
START_SECONDS = 30


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("demo", help="run everything on this machine, without any account")
    parser.add_argument("--port", type=int, default=APP_PORT, help=f"the app's port ({APP_PORT})")
    parser.add_argument("--workspace-port", type=int, default=WORKSPACE_PORT, help=f"({WORKSPACE_PORT})")
    parser.add_argument("--room-port", type=int, default=ROOM_PORT, help=f"({ROOM_PORT})")
    parser.add_argument("--reset", action="store_true", help="forget what the app remembers of earlier runs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    given = config.environment()
    if given.get("SLACK_BOT_TOKEN") or given.get("SLACK_BOT_TOKEN_FILE"):
        print("SLACK_BOT_TOKEN is set: starting the app only, for your own workspace.", flush=True)
        return subprocess.call([sys.executable, "-m", "app", "serve"])
    if (in_the_way := _taken_port(options)) is not None:
        print(taken(*in_the_way), file=sys.stderr)
        return 1
    if options.reset:
        _forget()
    DATABASE.parent.mkdir(exist_ok=True)
    with _neighbours(options) as (workspace, room):
        return _App(options.port, _local_settings(options.port, workspace, room)).run_until_stopped(
            _welcome(options.port, workspace, room)
        )


def _taken_port(options: argparse.Namespace) -> tuple[int, str] | None:
    """A port that cannot be had, and its option; None when all can."""
    wanted = {
        "--port": options.port,
        "--workspace-port": options.workspace_port,
        "--room-port": options.room_port,
    }
    return next(((port, option) for option, port in wanted.items() if is_taken(port)), None)


def _forget() -> None:
    for file in DATABASE.parent.glob(f"{DATABASE.name}*"):
        file.unlink()


@contextmanager
def _neighbours(options: argparse.Namespace) -> Iterator[tuple[Emulator, LocalRoom]]:
    """The workspace and the room, sending what happens in them to the app."""
    app = f"http://127.0.0.1:{options.port}"
    workspace = Emulator(manifest=read_manifest(_public_url(options.port)))
    room = LocalRoom(f"{app}/webhooks/standard")
    try:
        workspace.start(options.workspace_port)
        room.start(options.room_port)
        workspace.connect_app(f"{app}/slack/events")
        yield workspace, room
    finally:
        room.stop()
        workspace.stop()


def _public_url(port: int) -> str:
    return f"http://localhost:{port}"


def _local_settings(port: int, workspace: Emulator, room: LocalRoom) -> Mapping[str, str]:
    return {
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_SIGNING_SECRET": workspace.signing_secret,
        "SLACK_CLIENT_ID": workspace.app.client_id,
        "SLACK_CLIENT_SECRET": workspace.app.client_secret,
        "SLACK_API_URL": workspace.api_url,
        "ENCRYPTION_KEYS": LOCAL_KEY,
        "PUBLIC_URL": _public_url(port),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{DATABASE.as_posix()}",
        "DEFAULT_PROVIDER": "standard",
        # What runs on this machine can be added as an account as well.
        "ALLOW_PRIVATE_ADDRESSES": "true",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
        **room.settings(),
        "STANDARD_PERSONAL_LINKS": "true",
    }


@dataclass
class _App:
    """The app as a process of its own, started anew when it ends by itself or when somebody presses Enter."""

    port: int
    settings: Mapping[str, str]
    stopping: bool = False
    process: subprocess.Popen[bytes] | None = None

    def run_until_stopped(self, welcome: str) -> int:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        while not self.stopping:
            self.process = subprocess.Popen([sys.executable, "-m", "app", "serve"], env={**os.environ, **self.settings})
            if not self._is_up():
                return self.process.wait() or 1
            print(welcome, flush=True)
            if welcome != _RESTARTED and sys.stdin.isatty():
                threading.Thread(target=self._restart_on_enter, daemon=True).start()
            self.process.wait()
            welcome = _RESTARTED
        print("Stopped.", flush=True)
        return 0

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True
        if self.process is not None:
            self.process.terminate()

    def _restart_on_enter(self) -> None:
        for _ in sys.stdin:
            if self.process is not None:
                self.process.terminate()

    def _is_up(self) -> bool:
        """Whether the app comes to answer; False as soon as it has ended instead."""
        assert self.process is not None
        for _ in range(START_SECONDS * 10):
            if _answers(f"http://127.0.0.1:{self.port}/readyz"):
                return True
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0.1)
                return False
        print("The app did not answer in time; its log is above.", file=sys.stderr)
        self.process.terminate()
        return False


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


_RESTARTED = "  The app has started again, and goes on where it was."


def _welcome(port: int, workspace: Emulator, room: LocalRoom) -> str:
    return "\n".join(
        [
            "",
            f"  Your Slack workspace   {workspace.url}/",
            f"  A room for calls       {room.url}/",
            f"  Switchboard itself     {_public_url(port)}/healthz",
            "",
            "  1. Open the workspace and type   /ring Weekly sync",
            "  2. Press Join on the card, and watch the card follow who comes and goes.",
            "     Sign in as anybody; a private window, or a guest, is a second person.",
            "  3. Open the app's Home, below Apps: it shows what runs, and has the settings.",
            "  4. `/ring end` ends the call, `/ring help` tells the rest.",
            "",
            "  Ctrl-C stops everything; Enter restarts the app alone.",
            "",
        ]
    )
