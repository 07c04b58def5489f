"""The soak from beginning to end, and its figures."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from app.emulator import Emulator
from app.emulator.workspace import Channel
from bench.figures import Figure
from bench.scene import STARTER, migrated
from bench.soak import report
from bench.soak.crowd import Crowd
from bench.soak.plot import draw
from bench.soak.post import SENDERS, Post
from bench.soak.process import AppProcess
from bench.soak.report import Outcome
from bench.soak.trouble import FAULTS_PER_SECOND, SlackTrouble, VendorTrouble, is_window
from bench.soak.truth import Slot, Truth
from bench.soak.vendors import SoakLiveKit, SoakStandard, Vendor
from bench.soak.verdict import Verdict, judge
from bench.soak.watch import (
    EVERY_SECONDS,
    LOOKS_PER_SECOND,
    METRICS_TOKEN,
    Requests,
    Sample,
    Sightings,
    Store,
    line,
    pss_mib,
    read_metrics,
)
from tests.databases import fresh_database_url

SLOTS = 208
"""A few channels more than the 200 calls: a call that has ended is followed by another some seconds later."""
TEAMS = 20
EVENTS_PER_SECOND = 50
SAMPLES_PER_LINE = 6
TICK_SECONDS = 0.05
KILLS = (0.1, 0.22)
"""Shares of the time. The second falls into a window of faults; afterwards the same process runs to the end, because
memory that is lost shows only in one that lives long."""
SETTLE_SECONDS = 180
QUIET_LOOKS = 3
START_SECONDS = 120
KEPT = timedelta(minutes=5)
LASTS_SECONDS = (300.0, 720.0)
"""How long a call runs. A short soak needs short ones, to see any end."""
LEAST_LASTS_SECONDS = (150.0, 240.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``keep`` is a folder where logs and samples stay; ``plot`` is where the plot goes."""

    minutes: float = 30
    database: str = "sqlite"
    plot: Path | None = None
    keep: Path | None = None
    seed: int = 1


def run(folder: Path, options: Options) -> Iterator[Figure]:
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database_url(folder, _migrate, options.database))  # type: ignore[arg-type]
        soak = Soak(stack, options.keep or folder, url, options)
        soak.run()
    yield from soak.figures()


def _migrate(url: str) -> None:
    migrated(url).close()


class Soak:
    def __init__(self, stack: ExitStack, folder: Path, url: str, options: Options) -> None:
        self._seconds = options.minutes * 60
        self._options = options
        self._began = time.monotonic()
        rng = random.Random(options.seed)
        self.slack = stack.enter_context(Emulator())
        self.slots = [_slot(number) for number in range(SLOTS)]
        _furnish(self.slack, self.slots)
        self.slack_trouble = SlackTrouble(self.slack.faults, rng)
        self.vendor_trouble = VendorTrouble(random.Random(options.seed))
        livekit = stack.enter_context(SoakLiveKit(self.vendor_trouble))
        standard = stack.enter_context(SoakStandard(self.vendor_trouble))
        env = {"DATABASE_URL": url, "SLACK_API_URL": self.slack.api_url, "METRICS_TOKEN": METRICS_TOKEN}
        days = {"KEEP_DELIVERIES_DAYS": "1", "KEEP_CALLS_DAYS": "1"}
        self.app = AppProcess(folder, {**env, **days, **livekit.settings(), **standard.settings()})
        stack.callback(self.app.stop)
        self.store = stack.enter_context(closing(Store(url, min(KEPT, timedelta(seconds=self._seconds / 6)))))
        self.post = Post(self.app.address)
        truth = Truth(self.slots, self._now)
        self.sightings = Sightings(self.slack, self._now)
        vendors: dict[str, Vendor] = {"livekit": livekit, "standard": standard}
        share = min(1.0, options.minutes / 30)
        lasts = (
            max(LEAST_LASTS_SECONDS[0], LASTS_SECONDS[0] * share),
            max(LEAST_LASTS_SECONDS[1], LASTS_SECONDS[1] * share),
        )
        self.crowd = Crowd(truth, vendors, self.post, self.slack, rng, lasts, watch=self.sightings.expect)
        self.requests = Requests(self.slack)
        self.samples: list[Sample] = []
        self.windows: list[tuple[float, float]] = []
        self.kills: list[float] = []
        self.settled_seconds: float | None = None
        self.behind: list[str] = []
        self.verdict = Verdict()
        self._over = threading.Event()

    def _now(self) -> float:
        return time.monotonic() - self._began

    # --- From beginning to end ---------------------------------------------------------------------------------------

    def run(self) -> None:
        with ThreadPoolExecutor(SENDERS + 4) as threads:
            works = [threads.submit(self.post.run) for _ in range(SENDERS)]
            works += [threads.submit(self._sample), threads.submit(self._sight)]
            try:
                self._begin()
                self._go_on(threads, works)
                self._settle()
            finally:
                self._over.set()
                self.post.stop()
        for work in works:
            work.result()
        self._keep()

    def _begin(self) -> None:
        """Calls at both providers: the default of new ones is changed by a restart, as a deployment does it."""
        for vendor in ("livekit", "standard"):
            self.app.stop()
            self.app.start(DEFAULT_PROVIDER=vendor)
            self._start_calls([slot for slot in self.slots if slot.vendor == vendor])

    def _start_calls(self, slots: Sequence[Slot]) -> None:
        with self.crowd.lock:
            for slot in slots:
                self.crowd.ask(slot)
        _wait(lambda: all(slot.runs for slot in slots), START_SECONDS, "not all calls have started")

    def _go_on(self, threads: ThreadPoolExecutor, works: list[Future[None]]) -> None:
        owed, last, kills = 0.0, self._now(), [share * self._seconds for share in KILLS]
        while (now := self._now()) < self._seconds:
            owed += (now - last) * EVENTS_PER_SECOND
            self._trouble(now, now - last)
            last = now
            self.crowd.tick(int(owed))
            owed -= int(owed)
            if kills and now >= kills[0]:
                kills.pop(0)
                self.kills.append(now)
                works.append(threads.submit(self.app.kill))
            time.sleep(max(0.0, TICK_SECONDS - (self._now() - now)))
        self._calm()
        self.crowd.rest()

    def _trouble(self, now: float, passed: float) -> None:
        is_now, was = is_window(now), self.vendor_trouble.is_on
        if is_now and not was:
            self.windows.append((now, now))
        if was and not is_now:
            self._calm()
        if is_now:
            self.vendor_trouble.is_on = True
            self.windows[-1] = (self.windows[-1][0], now)
            if self.crowd.rng.random() < passed * FAULTS_PER_SECOND:
                self.slack_trouble.strike()

    def _calm(self) -> None:
        self.vendor_trouble.is_on = False
        self.slack_trouble.clear()

    def _settle(self) -> None:
        """Nothing happens any more: every webhook arrives, and every card is brought up to date."""
        began, quiet = self._now(), 0
        while quiet < QUIET_LOOKS and self._now() - began < SETTLE_SECONDS:
            self.verdict = judge(self.crowd.truth, self.slack)
            self.behind = self.store.behind(running=True)
            is_quiet = not (self.post.waiting or self.behind or self.verdict.lost)
            if is_quiet and not quiet:
                self.settled_seconds = self._now() - began
            quiet = quiet + 1 if is_quiet else 0
            time.sleep(1)
        if not quiet:
            self.settled_seconds = None
        self.behind += self.store.behind(running=False)

    # --- Beside it ---------------------------------------------------------------------------------------------------

    def _sample(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            self.requests.read()
            lag, running = read_metrics(self.app.address)
            if len(self.samples) % 2:
                self.store.age()
            self.samples.append(
                Sample(
                    seconds=self._now(),
                    mib=pss_mib(pids) if (pids := self.app.pids()) else None,
                    lag_seconds=lag,
                    running=running,
                    database_mib=self.store.mib(),
                    deliveries=self.store.deliveries(),
                    waiting=self.post.waiting,
                    told=self.crowd.told,
                    requests=self.requests.count,
                    app_cpu_seconds=self.app.cpu_seconds(),
                    own_cpu_seconds=time.process_time(),
                )
            )
            if len(self.samples) % SAMPLES_PER_LINE == 0:
                self.store.vacuum()
                print(line(self.samples[-1]), file=sys.stderr, flush=True)

    def _sight(self) -> None:
        while not self._over.wait(1 / LOOKS_PER_SECOND):
            self.sightings.look()

    # --- What came of it ---------------------------------------------------------------------------------------------

    def figures(self) -> Iterator[Figure]:
        yield from report.figures(self.outcome)

    @property
    def outcome(self) -> Outcome:
        return Outcome(
            seconds=self._seconds,
            samples=self.samples,
            sightings=self.sightings.seen,
            never_seen=self.sightings.awaited,
            verdict=self.verdict,
            windows=self.windows,
            kills=self.kills,
            down_seconds=self.app.down_seconds,
            settled_seconds=self.settled_seconds,
            repeated=self.post.repeated,
            given_up=self.post.given_up,
        )

    def _keep(self) -> None:
        self.requests.read()
        told: dict[str, Counter[str] | Counter[int]] = {
            "requests to Slack": self.requests.methods,
            "what came of them": self.requests.outcomes,
            "faults at Slack": self.slack_trouble.counts,
            "faults at providers": self.vendor_trouble.counts,
            "answers to webhooks and commands": self.post.statuses,
        }
        for name, counts in told.items():
            print(f"{name}: " + ", ".join(f"{count} × {what}" for what, count in counts.most_common()))
        for wrong in [
            *self.verdict.lost[:20],
            *self.verdict.doubled[:20],
            *self.app.errors()[:20],
            *self.behind[:20],
        ]:
            print(f"  {wrong}")
        if self._options.keep:
            (self._options.keep / "outcome.json").write_text(json.dumps(asdict(self.outcome), indent=1))
        if self._options.plot:
            draw(self._options.plot, self.outcome)


def _slot(number: int) -> Slot:
    vendor = "livekit" if number % 2 else "standard"
    return Slot(number, f"T0SOAK{number // 2 % TEAMS}", f"C0SOAK{number}", vendor)


def _furnish(slack: Emulator, slots: Sequence[Slot]) -> None:
    """All teams are one workspace to this Slack, so it allows what it would allow all of them."""
    workspace = slack.workspace()
    for slot in slots:
        workspace.add_channel(Channel(slot.channel, f"soak-{slot.number}", "public", [STARTER, "U0BOT"]))
    limits = slack.limits.described()["per_minute"]
    assert isinstance(limits, dict)
    slack.limits.change({"per_minute": {method: limit * TEAMS for method, limit in limits.items()}})
    slack.switches.change({"repeated_external_unique_id": "same_call"})


def _wait(is_true: Callable[[], bool], seconds: float, otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            raise RuntimeError(f"After {seconds:.0f} s {otherwise}.")
        time.sleep(0.1)
