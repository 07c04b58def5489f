"""Titles of calls that were given none."""

from __future__ import annotations

from datetime import date

import pytest

from app.domain.calls import LONGEST_TITLE
from app.domain.titles import LONGEST_TEMPLATE, title_from, unknown_in

DAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("template", "title"),
    [
        ("Call in #{channel}", "Call in #general"),
        ("{channel} · {date}", "general · 2026-11-21"),
        ("Stand-up", "Stand-up"),
        ("{date}{date}", "2026-11-212026-11-21"),
    ],
)
def test_a_template_becomes_a_title(template: str, title: str) -> None:
    assert unknown_in(template) == []
    assert title_from(template, channel="general", on=DAY) == title


def test_a_conversation_without_a_name_has_no_title_with_its_name() -> None:
    assert title_from("Call in #{channel}", channel="", on=DAY) == ""
    assert title_from("Call of {date}", channel="", on=DAY) == "Call of 2026-11-21"


@pytest.mark.parametrize(
    ("template", "unknown"),
    [
        ("{team} {channel}", ["{team}"]),
        ("{channel.__class__}", ["{channel.__class__}"]),
        ("{}", ["{}"]),
        ("{channel", ["{"]),
        ("date}", ["}"]),
        ("{{date}}", ["{", "}"]),
    ],
)
def test_what_means_nothing_is_found(template: str, unknown: list[str]) -> None:
    assert unknown_in(template) == unknown


def test_a_channels_name_is_no_template() -> None:
    assert title_from("{channel}", channel="{date}", on=DAY) == "{date}"


def test_a_title_is_never_longer_than_a_card_can_show() -> None:
    template = ("{channel}" * 20)[:LONGEST_TEMPLATE]
    assert len(title_from(template, channel="c" * 80, on=DAY)) == LONGEST_TITLE
