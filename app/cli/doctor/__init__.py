"""``doctor``: whether everything that the app needs is as it must be; what is not, and how to mend it.

``slack``, ``address``, ``stored`` and ``vendors`` each ask about one thing and judge the answer, apart from each other;
``examination`` puts them in order; ``findings`` is what comes of it.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app import config
from app.cli.doctor.examination import examine
from app.cli.doctor.findings import Finding, State
from app.cli.tables import print_json, printable

if TYPE_CHECKING:
    from app.cli import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("doctor", help="check everything, and say how to mend what is wrong")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """1 when anything is wrong."""
    found = []
    for finding in examine(config.environment()):
        found.append(finding)
        if not options.json:
            _print(finding)  # at once: some checks take a while
    is_well = not any(finding.state is State.WRONG for finding in found)
    if options.json:
        print_json({"ok": is_well, "checks": found})
    return 0 if is_well else 1


def _print(finding: Finding) -> None:
    print(printable(f"{finding.state:<8} {finding.id}: {finding.says}"), flush=True)
    if finding.fix:
        print(printable(f"{'':<8} → {finding.fix}"), flush=True)
