"""Processes of the app beside each other, on one database; some are killed, some hang, some are replaced."""

from __future__ import annotations

import subprocess
import sys

from tests.processes import ROOT


def test_a_process_that_only_works_loads_no_web_server() -> None:
    loaded = "import sys, app.cli.work; print(*{'flask', 'slack_bolt'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
