"""Memory, lag and the database over the minutes, with the kills and the bad days."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.soak.report import Outcome
from bench.soak.sightings import Sighting

MINUTE = 60.0


def draw(file: Path, outcome: Outcome) -> None:
    # Only here: the other benches need no plots.
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (memory, lag, late, size) = pyplot.subplots(
        4, 1, sharex=True, figsize=(9, 9), layout="constrained", height_ratios=(2, 1.3, 2, 1.3)
    )
    samples, sightings = outcome.samples, outcome.sightings
    minutes = [sample.seconds / MINUTE for sample in samples]
    memory.plot(
        minutes, [_or_gap(sample.pss_mib) for sample in samples], color="#9bb8cc", label="with shared pages (Pss)"
    )
    memory.plot(minutes, [_or_gap(sample.own_mib) for sample in samples], color="#1264a3", label="its own")
    memory.set_ylabel("memory, MiB")
    lag.plot(minutes, [_or_gap(sample.lag_seconds) for sample in samples], color="#e01e5a")
    lag.set_ylabel("lag, s")
    late.plot([s.seconds / MINUTE for s in sightings], [s.took_seconds for s in sightings], ".", ms=3, color="#9bb8cc")
    late.plot(*_medians(sightings), color="#1264a3", label="median of each minute")
    late.set_ylabel("from an event\nto its card, s")
    size.plot(minutes, [sample.database_mib for sample in samples], color="#2eb67d")
    size.set_ylabel("database, MiB")
    size.set_xlabel("minutes")
    for axes in (memory, lag, late, size):
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        for number, (begins, ends) in enumerate(outcome.windows):
            label = "" if number else "faults at Slack and the providers"
            axes.axvspan(begins / MINUTE, ends / MINUTE, color="#ecb22e", alpha=0.25, lw=0, label=label)
        for number, kill in enumerate(outcome.kills):
            axes.axvline(kill / MINUTE, color="black", ls="--", lw=1, label="" if number else "kill -9")
    memory.legend(loc="lower right", fontsize="small")
    late.legend(handles=late.get_lines()[1:2], loc="upper right", fontsize="small")
    figure.savefig(file, dpi=110)
    pyplot.close(figure)


def _or_gap(value: float | None) -> float:
    return float("nan") if value is None else value


def _medians(sightings: Sequence[Sighting]) -> tuple[list[float], list[float]]:
    by_minute: dict[int, list[float]] = {}
    for each in sightings:
        by_minute.setdefault(int(each.seconds // MINUTE), []).append(each.took_seconds)
    minutes = sorted(by_minute)
    return [minute + 0.5 for minute in minutes], [median(by_minute[minute]) for minute in minutes]
