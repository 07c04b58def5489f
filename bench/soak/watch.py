"""What is seen from outside while the soak runs: memory, lag, requests, and the size of the database."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from app.emulator import Emulator
from app.emulator.journal import RecordedRequest
from bench.load import request_bytes
from bench.soak.post import Post, ask_once
from bench.soak.process import AppProcess
from bench.soak.sightings import Sightings
from bench.soak.store import Store

EVERY_SECONDS = 5.0
METRICS_TOKEN = "token-of-the-soak-bench"
LOOKS_PER_SECOND = 4
SAMPLES_PER_LINE = 6


@dataclass(frozen=True, slots=True)
class Sample:
    """``seconds`` since the beginning; None where nobody answered."""

    seconds: float
    pss_mib: float | None
    own_mib: float | None
    lag_seconds: float | None
    running: int | None
    database_mib: float
    deliveries: int
    waiting: int
    told: int
    requests: int
    app_cpu_seconds: float
    own_cpu_seconds: float


def _line(sample: Sample) -> str:
    """For whoever waits."""
    told = ((name, value) for name, value in asdict(sample).items() if value is not None)
    return "soak: " + ", ".join(f"{name} {value:.0f}" for name, value in told)


@dataclass(slots=True)
class Requests:
    """What the app has asked of Slack, by method and by what came of it."""

    slack: Emulator
    methods: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    _seen: int = 0

    @property
    def count(self) -> int:
        return self.methods.total()

    def read(self) -> None:
        for entry in self.slack.journal.numbered(self._seen, 5000):
            self._seen = entry.number
            request = entry.request
            if not isinstance(request, RecordedRequest):
                continue
            self.methods[request.method] += 1
            self.outcomes[f"{request.status} {request.error or request.fault or ''}".strip()] += 1


@dataclass(frozen=True, slots=True)
class Memory:
    """Of all processes of the app together, in MiB. ``pss`` counts each page once, and of one that others use as well
    only a share: it grows when others on the machine end. ``own`` is what nobody else has, the heap above all."""

    pss: float
    own: float


def read_memory(pids: list[int]) -> Memory | None:
    """None where there are no such processes, or the system does not tell (Linux does)."""
    try:
        told = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    except OSError:
        return None
    return Memory(_mib("Pss", told), _mib("Pss_Anon", told)) if told else None


def _mib(kind: str, told: list[str]) -> float:
    sizes = [re.search(rf"^{kind}: +(\d+) kB", each, re.MULTILINE) for each in told]
    return sum(int(size[1]) for size in sizes if size) / 1024


def read_metrics(address: tuple[str, int]) -> tuple[float | None, int | None]:
    """The lag in seconds, and how many calls run; None where nobody answers."""
    answer = ask_once(address, request_bytes("GET", "/metrics", {"Authorization": f"Bearer {METRICS_TOKEN}"}))
    if answer is None or answer.status != 200:
        return None, None
    told = answer.body.decode()
    lag = re.search(r"^switchboard_lag_seconds (\S+)", told, re.MULTILINE)
    running = re.findall(r"^switchboard_calls_running\{.*\} (\S+)", told, re.MULTILINE)
    return float(lag[1]) if lag else None, sum(int(float(count)) for count in running)


@dataclass(slots=True)
class Watch:
    """``sample`` and ``look`` are for threads, until ``stop``."""

    app: AppProcess
    post: Post
    store: Store
    requests: Requests
    sightings: Sightings
    now: Callable[[], float]
    samples: list[Sample] = field(default_factory=list)
    told: Callable[[], int] = lambda: 0
    _over: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        self._over.set()

    def look(self) -> None:
        while not self._over.wait(1 / LOOKS_PER_SECOND):
            self.sightings.look()

    def sample(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            if len(self.samples) % 2:
                self.store.age()
            self.samples.append(self._sample())
            if len(self.samples) % SAMPLES_PER_LINE == 0:
                self.store.vacuum()
                print(_line(self.samples[-1]), file=sys.stderr, flush=True)

    def _sample(self) -> Sample:
        self.requests.read()
        lag, running = read_metrics(self.app.address)
        memory = read_memory(self.app.pids())
        return Sample(
            seconds=self.now(),
            pss_mib=memory.pss if memory else None,
            own_mib=memory.own if memory else None,
            lag_seconds=lag,
            running=running,
            database_mib=self.store.mib(),
            deliveries=self.store.deliveries(),
            waiting=self.post.waiting,
            told=self.told(),
            requests=self.requests.count,
            app_cpu_seconds=self.app.cpu_seconds(),
            own_cpu_seconds=time.process_time(),
        )
