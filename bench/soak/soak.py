"""The soak from beginning to end, and its figures."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
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
from bench.soak.sightings import Sightings
from bench.soak.store import Store
from bench.soak.trouble import BadDays, SlackTrouble, VendorTrouble
from bench.soak.truth import Slot, Truth
from bench.soak.vendors import SoakLiveKit, SoakStandard, Vendor
from bench.soak.verdict import Verdict, judge
from bench.soak.watch import METRICS_TOKEN, Requests, Watch
from tests.databases import Kind, fresh_database_url

SEED = 1
SLOTS = 208
"""A few channels more than the 200 calls: a call that has ended is followed by another some seconds later."""
TEAMS = 20
EVENTS_PER_SECOND = 50
TICK_SECONDS = 0.05
KILLS = (0.1, 0.22)
"""Shares of the time. The second falls into a window of faults; afterwards the same process runs to the end, because
memory that is lost shows only in one that lives long."""
SETTLE_SECONDS = 180
QUIET_LOOKS = 3
MOST_SENTENCES = 20
START_SECONDS = 120
KEPT = timedelta(minutes=5)
LASTS_SECONDS = (300.0, 720.0)
"""How long a call runs. A short soak needs short ones, to see any end."""
LEAST_LASTS_SECONDS = (150.0, 240.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``keep`` is a folder where logs and samples stay; ``plot`` is where the plot goes."""

    minutes: float = 30
    database: Kind = "sqlite"
    plot: Path | None = None
    keep: Path | None = None


def run(folder: Path, options: Options) -> Iterator[Figure]:
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database_url(folder, _migrate, options.database))
        soak = Soak(stack, options.keep or folder, url, options)
        soak.run()
    soak.tell()
    yield from report.figures(soak.outcome)


def _migrate(url: str) -> None:
    migrated(url).close()


class Soak:
    def __init__(self, stack: ExitStack, folder: Path, url: str, options: Options) -> None:
        self._options = options
        self._seconds = options.minutes * 60
        self._began = time.monotonic()
        rng = random.Random(SEED)
        self._slack = stack.enter_context(Emulator())
        self._bad_days = BadDays(SlackTrouble(self._slack.faults, rng), VendorTrouble(rng))
        livekit = stack.enter_context(SoakLiveKit(self._bad_days.vendors))
        standard = stack.enter_context(SoakStandard(self._bad_days.vendors))
        self._app = AppProcess(folder, _settings(url, self._slack) | livekit.settings() | standard.settings())
        stack.callback(self._app.stop)
        self._post = Post(self._app.address)
        store = stack.enter_context(closing(Store(url, min(KEPT, timedelta(seconds=self._seconds / 6)))))
        requests, sightings = Requests(self._slack), Sightings(self._slack, self._now)
        self._watch = Watch(self._app, self._post, store, requests, sightings, self._now)
        truth = Truth(_slots(self._slack), self._now)
        vendors: dict[str, Vendor] = {"livekit": livekit, "standard": standard}
        self._crowd = Crowd(truth, vendors, self._post, self._slack, rng, _lasts(options.minutes), sightings.expect)
        self._watch.told = lambda: self._crowd.told
        self._kills: list[float] = []
        self._settled_seconds: float | None = None
        self._behind: list[str] = []
        self._verdict = Verdict()

    def _now(self) -> float:
        return time.monotonic() - self._began

    # --- From beginning to end ---------------------------------------------------------------------------------------

    def run(self) -> None:
        with ThreadPoolExecutor(SENDERS + 4) as threads:
            works = [threads.submit(self._post.run) for _ in range(SENDERS)]
            works += [threads.submit(self._watch.sample), threads.submit(self._watch.look)]
            try:
                self._begin()
                self._go_on(threads, works)
                self._settle()
            finally:
                self._watch.stop()
                self._post.stop()
        for work in works:
            work.result()

    def _begin(self) -> None:
        """Calls at both providers: the default of new ones is changed by a restart, as a deployment does it."""
        for vendor in ("livekit", "standard"):
            self._app.stop()
            self._app.start(DEFAULT_PROVIDER=vendor)
            self._start_calls([slot for slot in self._crowd.truth.slots if slot.vendor == vendor])

    def _start_calls(self, slots: Sequence[Slot]) -> None:
        with self._crowd.lock:
            for slot in slots:
                self._crowd.ask(slot)
        deadline = time.monotonic() + START_SECONDS
        while not all(slot.runs for slot in slots):
            if time.monotonic() > deadline:
                raise RuntimeError(f"After {START_SECONDS} s not all calls have started.")
            time.sleep(TICK_SECONDS)

    def _go_on(self, threads: ThreadPoolExecutor, works: list[Future[None]]) -> None:
        owed, last, kills = 0.0, self._now(), [share * self._seconds for share in KILLS]
        while (now := self._now()) < self._seconds:
            owed += (now - last) * EVENTS_PER_SECOND
            self._bad_days.at(now, now - last)
            self._crowd.tick(int(owed))
            owed, last = owed - int(owed), now
            if kills and now >= kills[0]:
                kills.pop(0)
                self._kills.append(now)
                works.append(threads.submit(self._app.kill))
            time.sleep(max(0.0, TICK_SECONDS - (self._now() - now)))
        self._bad_days.end()
        self._crowd.rest()

    def _settle(self) -> None:
        """Nothing happens any more: every webhook arrives, and every card is brought up to date."""
        began, quiet, store = self._now(), 0, self._watch.store
        while quiet < QUIET_LOOKS and self._now() - began < SETTLE_SECONDS:
            self._verdict = judge(self._crowd.truth, self._slack)
            self._behind = store.behind(running=True)
            is_quiet = not (self._post.waiting or self._behind or self._verdict.lost)
            if is_quiet and not quiet:
                self._settled_seconds = self._now() - began
            quiet = quiet + 1 if is_quiet else 0
            time.sleep(1)
        if not quiet:
            self._settled_seconds = None
        self._behind += store.behind(running=False)

    # --- What came of it ---------------------------------------------------------------------------------------------

    @property
    def outcome(self) -> Outcome:
        return Outcome(
            seconds=self._seconds,
            samples=self._watch.samples,
            sightings=self._watch.sightings.seen,
            verdict=self._verdict,
            windows=self._bad_days.windows,
            kills=self._kills,
            down_seconds=self._app.down_seconds,
            settled_seconds=self._settled_seconds,
            repeated=self._post.repeated,
            given_up=self._post.given_up,
        )

    def tell(self) -> None:
        """Print what the figures are made of, keep it, and draw the plot."""
        requests = self._watch.requests
        requests.read()
        told: dict[str, Counter[str] | Counter[int]] = {
            "requests to Slack": requests.methods,
            "what came of them": requests.outcomes,
            "faults at Slack": self._bad_days.slack.counts,
            "faults at providers": self._bad_days.vendors.counts,
            "answers to webhooks and commands": self._post.statuses,
        }
        for name, counts in told.items():
            print(f"{name}: " + ", ".join(f"{count} × {what}" for what, count in counts.most_common()))
        for wrong in (self._verdict.lost, self._verdict.doubled, self._app.errors(), self._behind):
            print(*(f"  {sentence}" for sentence in wrong[:MOST_SENTENCES]), sep="\n", end="\n" if wrong else "")
        if self._options.keep:
            (self._options.keep / "outcome.json").write_text(json.dumps(asdict(self.outcome), indent=1))
        if self._options.plot:
            draw(self._options.plot, self.outcome)


def _settings(url: str, slack: Emulator) -> dict[str, str]:
    kept = {"KEEP_DELIVERIES_DAYS": "1", "KEEP_CALLS_DAYS": "1"}
    return {"DATABASE_URL": url, "SLACK_API_URL": slack.api_url, "METRICS_TOKEN": METRICS_TOKEN, **kept}


def _lasts(minutes: float) -> tuple[float, float]:
    share = min(1.0, minutes / 30)
    (least, most), (shortest, short) = LASTS_SECONDS, LEAST_LASTS_SECONDS
    return max(shortest, least * share), max(short, most * share)


def _slots(slack: Emulator) -> list[Slot]:
    """With a channel each. All teams are one workspace to this Slack, so it allows what it would allow all of them."""
    slots = [_slot(number) for number in range(SLOTS)]
    workspace = slack.workspace()
    for slot in slots:
        workspace.add_channel(Channel(slot.channel, f"soak-{slot.number}", "public", [STARTER, "U0BOT"]))
    limits = slack.limits.described()["per_minute"]
    assert isinstance(limits, dict)
    slack.limits.change({"per_minute": {method: limit * TEAMS for method, limit in limits.items()}})
    slack.switches.change({"repeated_external_unique_id": "same_call"})
    return slots


def _slot(number: int) -> Slot:
    vendor = "livekit" if number % 2 else "standard"
    return Slot(number, f"T0SOAK{number // 2 % TEAMS}", f"C0SOAK{number}", vendor)
