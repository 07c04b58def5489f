"""The coverage table says what is true."""

from __future__ import annotations

import re
from collections import Counter

import httpx
import pytest

from app.emulator import Emulator, coverage
from app.emulator.block_kit.blocks import BLOCKS
from app.emulator.block_kit.elements import ELEMENTS
from app.emulator.page.block_views import BlockReader
from app.emulator.page.elements import element_view
from app.emulator.web_api import METHODS, OPEN_METHODS

MISSING = [entry.name for entry in coverage.METHODS if entry.state == "missing"]


def test_every_method_that_answers_is_listed_and_no_other() -> None:
    listed = {entry.name for entry in coverage.METHODS if entry.state != "missing"}
    assert listed == METHODS.keys() | OPEN_METHODS.keys()


def test_nothing_is_listed_twice() -> None:
    assert [name for name, times in Counter(entry.name for entry in coverage.COVERAGE).items() if times > 1] == []


def test_whatever_is_partial_says_what_is_missing() -> None:
    assert [entry.name for entry in coverage.COVERAGE if entry.state == "partial" and not entry.note] == []


@pytest.mark.parametrize("method", MISSING)
def test_a_missing_method_is_unknown(http: httpx.Client, method: str) -> None:
    assert http.post(f"/api/{method}").json() == {"ok": False, "error": "unknown_method"}


def test_every_element_and_block_is_drawn_or_named_in_a_note(emulator: Emulator) -> None:
    workspace = emulator.workspace()
    elements = {kind for kind in ELEMENTS if element_view(workspace, {"type": kind}).kind == "unknown"}
    blocks = BLOCKS.keys() - BlockReader(workspace).kinds
    notes = {entry.name: entry.note for entry in coverage.FEATURES if entry.state == "partial"}
    assert set(re.findall(r"\w+", notes["Buttons, menus and inputs"])) & ELEMENTS.keys() == elements
    assert set(re.findall(r"\w+", notes["Blocks on the page"])) & BLOCKS.keys() == blocks
