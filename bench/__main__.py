"""``python -m bench [name …]``: run these benches, or all, and print the table. Exit code 1 when a target is missed."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench import ack, memory, start, storm, webhooks
from bench.figures import Figure, table

BENCHES = {module.__name__.rpartition(".")[2]: module for module in (webhooks, ack, start, storm, memory)}


def main() -> int:
    chosen = _arguments()
    figures: list[Figure] = []
    for name in chosen:
        print(f"{name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="switchboard-bench-") as folder:
            figures += BENCHES[name].run(Path(folder))
    print(table(figures))
    return int(any(figure.ok is False for figure in figures))


def _arguments() -> Iterable[str]:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the app beside its floors.")
    parser.add_argument("name", nargs="*", help=f"one or more of: {', '.join(BENCHES)}; all when none is given")
    chosen: list[str] = parser.parse_args().name
    for name in chosen:
        if name not in BENCHES:
            parser.error(f"there is no bench {name!r}; these are: {', '.join(BENCHES)}")
    return chosen or list(BENCHES)


if __name__ == "__main__":
    sys.exit(main())
