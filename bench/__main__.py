"""``python -m bench [name …]``: run these benches, or all, and print the table. Exit code 1 when a target is missed."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from bench import ack, lanes, memory, soak, start, storm, webhooks
from bench.figures import Figure, table
from bench.servers import ROOT

Bench = Callable[[Path], Iterable[Figure]]
BENCHES: dict[str, Bench] = {
    module.__name__.rpartition(".")[2]: module.run for module in (webhooks, ack, start, storm, lanes, memory)
}
PLOT = ROOT / "docs" / "images" / "soak.png"


def main() -> int:
    options = _arguments()
    benches = BENCHES | {"soak": partial(soak.run, options=_of_soak(options))}
    figures: list[Figure] = []
    for name in options.name or BENCHES:
        print(f"{name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="switchboard-bench-") as folder:
            figures += benches[name](Path(folder))
    print(table(figures))
    return int(any(figure.ok is False for figure in figures))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the app beside its floors.")
    known = ", ".join(BENCHES)
    parser.add_argument("name", nargs="*", help=f"one or more of: {known}; these when none is given; or soak")
    own = parser.add_argument_group("soak")
    own.add_argument("--minutes", type=float, default=30, help="how long things happen (30, at least 3)")
    own.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    own.add_argument("--plot", type=Path, help=f"where the plot goes ({PLOT.relative_to(ROOT)}, for half an hour)")
    own.add_argument("--keep", type=Path, help="an empty folder where logs and samples stay")
    options = parser.parse_args()
    for name in options.name:
        if name not in {*BENCHES, "soak"}:
            parser.error(f"there is no bench {name!r}; these are: {known}, soak")
    if options.minutes < 3:
        parser.error("a soak needs 3 minutes at least: else nothing ends, and there is nothing to compare")
    return options


def _of_soak(options: argparse.Namespace) -> soak.Options:
    """A short try must not take the place of the plot in the docs."""
    plot = options.plot or (PLOT if options.minutes >= 30 and options.database == "sqlite" else None)
    return soak.Options(minutes=options.minutes, database=options.database, plot=plot, keep=options.keep)


if __name__ == "__main__":
    sys.exit(main())
