"""The script that runs and checks everything: what it says, and what it makes of what others say."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType

import pytest

from tests.databases import ROOT


@pytest.fixture(scope="module")
def dev() -> ModuleType:
    spec = spec_from_loader("dev", SourceFileLoader("dev", str(ROOT / "dev")))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_help_names_every_command(dev: ModuleType) -> None:
    help_text = subprocess.check_output([sys.executable, ROOT / "dev", "--help"], text=True)
    assert [name for name in dev.COMMANDS if f"./dev {name} " not in help_text] == []


def test_an_unknown_command_is_answered_with_the_known_ones(
    dev: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dev.main(["launch"]) == 2
    assert "no command 'launch'" in capsys.readouterr().out


@pytest.mark.parametrize(
    "summary", ["=== 3 passed, 2 skipped in 1.13s ===", "3 passed, 2 skipped in 1.13s"], ids=["usual", "quiet"]
)
def test_pytest_in_short(dev: ModuleType, summary: str) -> None:
    lines = [
        "tests/test_databases.py ...ss   [100%]",
        "SKIPPED [1] tests/test_databases.py:80: only on PostgreSQL",
        "SKIPPED [1] tests/test_databases.py:93: only on PostgreSQL",
        summary,
    ]
    assert dev.pytest_in_short(lines) == "3 passed, 2 skipped in 1.13s; skipped: only on PostgreSQL"


@pytest.mark.parametrize(
    ("verdicts", "code"), [(["passed", "skipped"], 0), (["FAILED", "passed"], 1), (["passed", "stopped"], 130)]
)
def test_the_summary_tells_of_every_check(
    dev: ModuleType, capsys: pytest.CaptureFixture[str], verdicts: list[str], code: int
) -> None:
    def outcomes() -> Iterator[object]:
        for verdict in verdicts:
            if verdict == "stopped":
                raise KeyboardInterrupt
            yield dev.Outcome("mypy", verdict, "no wheel")

    assert dev.report(outcomes()) == code
    shown = capsys.readouterr().out
    assert [verdict for verdict in verdicts if verdict not in f"{shown} stopped"] == []


def test_an_old_python_can_read_the_script_as_far_as_its_advice() -> None:
    ast.parse((ROOT / "dev").read_text("utf-8"), feature_version=(3, 6))
