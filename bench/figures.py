"""Medians, rounds, and the table that is printed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

HEADINGS = ("bench", "measured", "floor", "ratio", "target", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. ``ok`` is None where nothing is promised."""

    name: str
    measured: str
    floor: str = ""
    ratio: float | None = None
    target: str = ""
    ok: bool | None = None


def at_least(target: float, ratio: float) -> tuple[str, bool]:
    return f"≥ {target:g}", ratio >= target


def at_most(target: float, ratio: float) -> tuple[str, bool]:
    return f"≤ {target:g}", ratio <= target


def in_turn(rounds: int, measures: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Each measure once, then all again: what the machine does meanwhile meets all of them alike.

    A first round warms up and is not counted.
    """
    figures: dict[str, list[float]] = {name: [] for name in measures}
    for number in range(rounds + 1):
        for name, measure in measures.items():
            figure = measure()
            if number:
                figures[name].append(figure)
    return figures


def median_ratio(ours: Sequence[float], floor: Sequence[float]) -> float:
    """The median of the ratios of each round, so that a slow moment of the machine stays within its round."""
    return median(mine / bare for mine, bare in zip(ours, floor, strict=True))


def table(figures: Iterable[Figure]) -> str:
    rows = [HEADINGS, *map(_cells, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "─" * max(map(len, lines)))
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    verdict = "" if figure.ok is None else "ok" if figure.ok else "MISSED"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    return (figure.name, figure.measured, figure.floor, ratio, figure.target, verdict)
