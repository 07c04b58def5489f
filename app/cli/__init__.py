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
from typing import TypeAlias

from app.errors import ConfigurationError, DatabaseUnusable, StoredUnreadable

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 2 when the settings or the database keep it from starting."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except (ConfigurationError, DatabaseUnusable, StoredUnreadable) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    # Imported here so that each process loads only what its command needs.
    from app.cli import calls, database, deliveries, demo, doctor, emulator, manifest, providers, serve, work

    parser = argparse.ArgumentParser(prog="python -m app", description="Any call provider, native in Slack.")
    commands = parser.add_subparsers(title="commands", required=True)
    for command in (serve, work, database, doctor, manifest, providers, calls, deliveries, demo, emulator):
        command.add_to(commands)
    return parser
