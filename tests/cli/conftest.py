"""Commands, run in the process of the test."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import main
from app.clock import SystemClock
from tests.cli.saying import Said, Say
from tests.clocks import MovedClock


@pytest.fixture
def clock() -> MovedClock:
    """An app beside the command goes by the same clock: one verifies what the other signs, and does what is due."""
    return MovedClock(SystemClock().now())


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database_url: str) -> Say:
    """``say("calls", "list", …)`` on the database of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run(*arguments: str, **env: str) -> Said:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        try:
            code = main(arguments)
        except SystemExit as stopped:  # argparse
            code = int(str(stopped.code))
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return run
