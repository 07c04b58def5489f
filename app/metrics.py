"""What happened in this process since it started, counted; ``web.metrics`` shows it in Prometheus's text form.

Labels are words of ours and names of providers: nothing personal, and few enough to keep for ever.
"""

from __future__ import annotations

import threading
from collections import Counter as Counts
from collections.abc import Iterator, Mapping

_lock = threading.Lock()


class Counter:
    """A number that only grows, for each combination of its labels."""

    def __init__(self, name: str, about: str, *labels: str) -> None:
        self.name = name
        self.about = about
        self.labels = labels
        self._counts: Counts[tuple[str, ...]] = Counts()

    def count(self, *values: str, by: int = 1) -> None:
        with _lock:
            self._counts[values] += by

    def lines(self) -> Iterator[str]:
        with _lock:
            counts = sorted(self._counts.items())
        yield from heading(self.name, self.about, "counter")
        for values, count in counts:
            yield sample(self.name, dict(zip(self.labels, values, strict=True)), count)


DELIVERIES = Counter("switchboard_deliveries_total", "Webhooks, and what they came to.", "provider", "receipt")
OPERATIONS = Counter("switchboard_operations_total", "Requests of plans, and how they went.", "operation", "outcome")
REPAIRS = Counter("switchboard_repairs_total", "What a look has put right.", "kind")
EXCHANGES = Counter("switchboard_token_exchanges_total", "Exchanges of worn-out tokens, and how they went.", "outcome")
ALL = (DELIVERIES, EXCHANGES, OPERATIONS, REPAIRS)


def heading(name: str, about: str, kind: str) -> list[str]:
    """https://prometheus.io/docs/instrumenting/exposition_formats/"""
    return [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]


def sample(name: str, labels: Mapping[str, str], value: float) -> str:
    """The labels' values need no escaping: they are words of ours."""
    told = ",".join(f'{label}="{text}"' for label, text in labels.items())
    return f"{name}{{{told}}} {value:g}" if told else f"{name} {value:g}"
