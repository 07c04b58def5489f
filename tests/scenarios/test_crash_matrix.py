"""A real process is killed (SIGKILL) before and after the request and the commits of every operation; another finishes
its work. There is always one meeting, one call and one card with the right people on it, or a message that it failed
and nothing left behind.

On SQLite a process is killed at one commit at a time, because only one can write; on PostgreSQL at all at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import repeat
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests.conftest import migrate_url
from tests.databases import chosen_kind, fresh_database_url
from tests.processes import ROOT
from tests.scenarios.crash_cases import CASES, Case
from tests.scenarios.nursery import Nursery
from tests.scenarios.theatre import ON_THE_WIRE, Point, theatre

AT_ONCE = 3
"""Processes of ours, on a machine of few cores."""


def together(point: Point) -> list[Sequence[Case]]:
    """The cases that one process can be at the same point of."""
    if point not in ON_THE_WIRE and chosen_kind() == "sqlite":
        return [[case] for case in CASES]
    # Before it answers a command, a process tries to post: another case waits for just that.
    return [[case for case in CASES if case.is_private is is_private] for is_private in (False, True)]


@pytest.fixture(scope="module")
def nurseries() -> Iterator[SimpleQueue[Nursery]]:
    """Those that are free."""
    free: SimpleQueue[Nursery] = SimpleQueue()
    with ExitStack() as stack:
        for _ in range(AT_ONCE):
            free.put(stack.enter_context(Nursery()))
        yield free


def play(cases: Sequence[Case], point: Point, url: str, nurseries: SimpleQueue[Nursery]) -> list[str]:
    nursery = nurseries.get()
    try:
        with theatre(url, nursery) as played:
            return played.play(cases, point)
    finally:
        nurseries.put(nursery)


def table() -> str:
    head = ["operation", *Point, "cases"]
    counted = f"{len(Point)} on SQLite, {len(Point)} on PostgreSQL"
    rows = [f"| `{case}` |" + " ok |" * len(Point) + f" {counted} |" for case in CASES]
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *rows])


def test_the_documented_table_holds_every_case() -> None:
    page = (ROOT / "docs" / "crash-matrix.md").read_text(encoding="utf-8")
    assert table() in page, table()
    assert f"{2 * len(CASES) * len(Point)} cases" in page


@pytest.mark.parametrize("point", Point, ids=lambda point: point.name.lower())
def test_whenever_the_process_is_killed_all_is_as_it_must_be(
    point: Point, tmp_path: Path, database_url: str, nurseries: SimpleQueue[Nursery]
) -> None:
    groups = together(point)
    with ExitStack() as stack, ThreadPoolExecutor(AT_ONCE) as pool:
        urls = [database_url, *(stack.enter_context(fresh_database_url(tmp_path, migrate_url)) for _ in groups[1:])]
        wrong = [each for found in pool.map(play, groups, repeat(point), urls, repeat(nurseries)) for each in found]
    assert wrong == []
