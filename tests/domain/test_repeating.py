"""Every operation has its rule, and the documents show it."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from app.domain.operations import Operation
from app.domain.repeating import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "how-it-works.md").read_text(encoding="utf-8")


def table() -> str:
    rows = [f"| `{kind.__name__}` | {rule.repeating} | {rule.why} |" for kind, rule in RULES.items()]
    return "\n".join(["| operation | after a lost answer | why, or where to look |", "|---|---|---|", *rows])


def test_every_operation_has_a_rule() -> None:
    assert set(RULES) == set(get_args(Operation))


def test_the_rules_are_the_ones_that_are_documented() -> None:
    assert table() in PAGE, table()
