"""What the composer offers to complete."""

from __future__ import annotations

import pytest

from app.emulator.page.commands import Command


@pytest.mark.parametrize(
    ("hint", "found"),
    [
        ("[title] | end | rename <title> | list", [("end", ""), ("rename", "<title>"), ("list", "")]),
        ("[title]", []),
        ("", []),
    ],
)
def test_a_usage_hint_names_what_may_follow(hint: str, found: list[tuple[str, str]]) -> None:
    assert Command("/ring", usage_hint=hint).subcommands == found
