"""``emulator``: a Slack workspace on this machine."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from app import logs
from app.cli.manifest import EXAMPLE, read_manifest
from app.cli.ports import is_taken, taken

if TYPE_CHECKING:
    from app.cli import Commands

PORT = 4010


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("emulator", help="run a local Slack workspace")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument(
        "--app", metavar="URL", help="where slash commands are sent, such as http://127.0.0.1:8000/slack/events"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from app.emulator.server import serve

    if is_taken(options.port):
        print(taken(options.port, "--port"), file=sys.stderr)
        return 1
    logs.set_up()
    print(
        f"A Slack workspace is at http://127.0.0.1:{options.port}/ (bot token xoxb-local, signing secret local-secret)"
    )
    # People who sign in are sent back to where the commands go.
    public_url = options.app.removesuffix("/slack/events") if options.app else EXAMPLE
    serve(options.port, options.app, read_manifest(public_url))
    return 0
