"""Typed text, as Slack passes it on."""

from __future__ import annotations

import pytest

from app.emulator import Emulator
from app.emulator.typed import as_mrkdwn


@pytest.mark.parametrize(
    ("typed", "passed_on"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("@ada, see #general", "<@U0ADA>, see <#C0GENERAL|general>"),
        ("@nobody #nowhere", "@nobody #nowhere"),
        ("ada@example.com", "ada@example.com"),
        ("at https://example.com/?a=1&b=2 now", "at <https://example.com/?a=1&amp;b=2> now"),
    ],
)
def test_typed_text_is_marked_up(emulator: Emulator, typed: str, passed_on: str) -> None:
    assert as_mrkdwn(emulator.workspace(), typed) == passed_on
