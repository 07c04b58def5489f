"""``python -m app …``: one module for each command.

``serve`` the web server with its reconciler · ``work`` more reconcilers · ``db`` the tables · ``doctor`` whether
everything is as it must be · ``manifest`` what Slack's app settings need · ``providers`` what is set up and whether it
works · ``calls`` and ``deliveries`` what is stored, and what to do when one hangs · ``demo`` everything on this
machine, without accounts · ``emulator`` a local Slack workspace alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TypeAlias

from app.errors import ConfigurationError, DatabaseUnusable, StoredUnreadable

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 2 when the settings or the database keep it from starting."""
    given = sys.argv[1:] if arguments is None else arguments
    options = _parser(given[0] if given else "").parse_args(given)
    try:
        code: int = options.run(options)
    except (ConfigurationError, DatabaseUnusable, StoredUnreadable) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return code


# In the order of the list that `--help` prints; by the names of their modules.
COMMANDS = {
    "serve": "serve",
    "work": "work",
    "db": "database",
    "doctor": "doctor",
    "manifest": "manifest",
    "providers": "providers",
    "calls": "calls",
    "deliveries": "deliveries",
    "demo": "demo",
    "emulator": "emulator",
}


def _parser(command: str) -> argparse.ArgumentParser:
    """Knows ``command`` alone, so that each process loads only what its command needs; else all."""
    parser = argparse.ArgumentParser(prog="python -m app", description="Any call provider, native in Slack.")
    commands = parser.add_subparsers(title="commands", required=True)
    for name in [command] if command in COMMANDS else COMMANDS:
        import_module(f"app.cli.{COMMANDS[name]}").add_to(commands)
    return parser
