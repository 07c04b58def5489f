"""What is seen from outside while the soak runs: memory, lag, requests, the database, and how late cards are."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import and_, func, select, text, update

from app.db.models import CALLS, DELIVERIES
from app.db.session import Database
from app.emulator import Emulator
from app.emulator.calls import Call
from app.emulator.journal import RecordedRequest
from bench.load import request_bytes
from bench.soak.post import Post, ask_once
from bench.soak.process import AppProcess
from bench.soak.truth import Slot

EVERY_SECONDS = 5.0
METRICS_TOKEN = "token-of-the-soak-bench"
ONE_IN = 40
"""So many of those who come and go are looked for on their cards."""
LOOKS_PER_SECOND = 4
SAMPLES_PER_LINE = 6
OLD = timedelta(hours=25)


@dataclass(frozen=True, slots=True)
class Sample:
    """``seconds`` since the beginning; None where nobody answered."""

    seconds: float
    mib: float | None
    lag_seconds: float | None
    running: int | None
    database_mib: float
    deliveries: int
    waiting: int
    told: int
    requests: int
    app_cpu_seconds: float
    own_cpu_seconds: float


def line(sample: Sample) -> str:
    """For whoever waits."""
    told = ((name, value) for name, value in asdict(sample).items() if value is not None)
    return "soak: " + ", ".join(f"{name} {value:.0f}" for name, value in told)


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody came or went so many ``seconds`` after the beginning; ``took_seconds`` later their card was right."""

    seconds: float
    took_seconds: float


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
class Expected:
    """What a card in ``channel`` has to show: that somebody ``is_in``, or is not any more."""

    channel: str
    key: str
    is_in: bool
    since: float

    def is_true(self, cards: Sequence[Shown]) -> bool:
        its = [card for card in cards if self.key in card.attended]
        return any((self.key in card.present) == self.is_in or card.is_over for card in its)


@dataclass(frozen=True, slots=True)
class Shown:
    """A card: the keys of those who are in, and of all who ever were."""

    present: frozenset[str]
    attended: frozenset[str]
    is_over: bool


@dataclass(slots=True)
class Sightings:
    """Looks at the cards for some of those who come and go."""

    slack: Emulator
    now: Callable[[], float]
    seen: list[Sighting] = field(default_factory=list)
    _count: int = 0
    _expected: list[Expected] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, slot: Slot, key: str, is_in: bool) -> None:
        with self._lock:
            self._count += 1
            # Whoever is back before the card has shown that they left is never seen to be gone.
            self._expected = [each for each in self._expected if each.key != key]
            if self._count % ONE_IN == 0:
                self._expected.append(Expected(slot.channel, key, is_in, self.now()))

    def look(self) -> None:
        with self._lock:
            expected = list(self._expected)
        if not expected:
            return
        workspace = self.slack.workspace()
        with workspace.lock:
            shown = _by_channel(workspace.calls.all(), {each.channel for each in expected})
        found = {each for each in expected if each.is_true(shown[each.channel])}
        with self._lock:
            self.seen += [Sighting(each.since, self.now() - each.since) for each in self._expected if each in found]
            self._expected = [each for each in self._expected if each not in found]


def _by_channel(calls: Sequence[Call], channels: set[str]) -> Mapping[str, Sequence[Shown]]:
    shown: dict[str, list[Shown]] = defaultdict(list)
    for call in calls:
        for channel in channels.intersection(call.channels):
            shown[channel].append(Shown(_keys(call.present), _keys(call.everyone), call.has_ended))
    return shown


def _keys(people: Sequence[Mapping[str, str]]) -> frozenset[str]:
    return frozenset(person.get("external_id", "") for person in people)


def pss_mib(pids: list[int]) -> float | None:
    """Of all these processes together, each page counted once; None while they are gone."""
    try:
        told = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pids]
    except OSError:
        return None
    sizes = [re.search(r"^Pss: +(\d+) kB", each, re.MULTILINE) for each in told]
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


class Store:
    """The database, from beside the app."""

    def __init__(self, url: str, kept: timedelta) -> None:
        """``kept`` is how old something gets before ``age`` makes it a day older."""
        self._database = Database(url)
        self._kept = kept

    def close(self) -> None:
        self._database.close()

    def mib(self) -> float:
        if self._database.is_sqlite:
            file = str(self._database.url.database)
            return sum(path.stat().st_size for path in map(Path, (file, f"{file}-wal")) if path.exists()) / 2**20
        with self._database.reading() as connection:
            size: int = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        return size / 2**20

    def deliveries(self) -> int:
        with self._database.reading() as connection:
            return connection.execute(select(func.count()).select_from(DELIVERIES)).scalar_one()

    def behind(self, *, running: bool) -> list[str]:
        """Running calls that a worker has on its list, or those that are over and give trouble; and what may keep them
        there."""
        why = (CALLS.c.id, CALLS.c.status, CALLS.c.reconcile_after, CALLS.c.failures, CALLS.c.in_flight, CALLS.c.booked)
        which = CALLS.c.ended_at.is_(None) if running else and_(CALLS.c.ended_at.is_not(None), CALLS.c.failures > 0)
        is_behind = (CALLS.c.generation != CALLS.c.shown_generation, which)
        with self._database.reading() as connection:
            return [f"still to do: {row._asdict()}" for row in connection.execute(select(*why).where(*is_behind))]

    def age(self) -> None:
        """Nobody waits for a day: with KEEP_…_DAYS=1 the next sweep drops what is made a day older."""
        now = datetime.now(UTC)
        seen, fresh = now - self._kept, now - timedelta(hours=12)
        old_deliveries = (DELIVERIES.c.received_at < seen, DELIVERIES.c.received_at > fresh)
        at_rest = (CALLS.c.failures == 0, CALLS.c.in_flight.is_(None), CALLS.c.booked.is_(None))
        old_calls = (CALLS.c.ended_at < seen, CALLS.c.ended_at > fresh, *at_rest)
        with self._database.transaction() as connection:
            connection.execute(update(DELIVERIES).where(*old_deliveries).values(received_at=now - OLD))
            connection.execute(update(CALLS).where(*old_calls).values(started_at=now - OLD, ended_at=now - OLD))

    def vacuum(self) -> None:
        """What PostgreSQL does by itself, but not where tests start it. SQLite uses free pages again at once."""
        if not self._database.is_sqlite:
            with self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM"))


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
                print(line(self.samples[-1]), file=sys.stderr, flush=True)

    def _sample(self) -> Sample:
        self.requests.read()
        lag, running = read_metrics(self.app.address)
        pids = self.app.pids()
        return Sample(
            seconds=self.now(),
            mib=pss_mib(pids) if pids else None,
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
