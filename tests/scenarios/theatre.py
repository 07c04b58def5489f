"""A stage whose work is done by real processes that are killed at a chosen point, and by those that come after them."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import update

from app.cli.manifest import read_manifest
from app.db.models import CALLS
from app.db.session import Database
from app.emulator import Emulator
from app.emulator.faults import FaultKind
from app.providers.registry import load_providers
from tests.clocks import MovedClock
from tests.processes import ROOT, clean, settings
from tests.providers.standard.reference_server import ReferenceServer
from tests.providers.standin import HANG_UP, Asked, Reply
from tests.reconciler.stage import Stage
from tests.scenarios.crash_cases import Case, Scene, wrong_with
from tests.scenarios.patience import PATIENCE_SECONDS, until
from tests.scenarios.stops import PostgresqlStops, SqliteStops, stops_for


class Point(StrEnum):
    """When the process is killed."""

    BEFORE_NOTE = "before the note is committed"
    BEFORE_EFFECT = "noted and sent, without effect"
    AFTER_EFFECT = "done, not answered"
    BEFORE_RESULT = "answered, before the result is committed"
    AFTER_RESULT = "after the result is committed"


ON_THE_WIRE: dict[Point, FaultKind] = {
    Point.BEFORE_EFFECT: "timeout_before",
    Point.AFTER_EFFECT: "timeout_after",
    Point.BEFORE_RESULT: "slow",
}


class HoldingServer(ReferenceServer):
    """A provider that keeps the next request to a path waiting until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self._holds: dict[str, FaultKind] = {}
        self._let_go = threading.Event()
        self.held = 0
        self.answered = 0

    def hold(self, path_end: str, kind: FaultKind) -> None:
        self._holds[path_end] = kind

    def let_go(self) -> None:
        self._let_go.set()

    def reply_to(self, asked: Asked) -> Reply:
        ends = [end for end in self._holds if asked.path.endswith(end)]
        if not ends:
            return super().reply_to(asked)
        kind = self._holds.pop(ends[0])
        if kind == "timeout_after":
            super().reply_to(asked)
        self.held += 1
        self._let_go.wait(PATIENCE_SECONDS)
        reply = super().reply_to(asked) if kind == "slow" else HANG_UP
        self.answered += 1
        return reply


PATHS = {"CreateMeeting": "/meetings", "EndMeeting": "/end"}


@dataclass(slots=True)
class Theatre:
    stage: Stage
    vendor: HoldingServer
    stops: SqliteStops | PostgresqlStops
    url: str

    def play(self, cases: Sequence[Case], point: Point) -> list[str]:
        """Kill a process that is at ``point`` of each case, let another finish; returns what is wrong then."""
        scenes = [Scene(self.stage, number, case.is_private) for number, case in enumerate(cases)]
        for case, scene in zip(cases, scenes, strict=True):
            case.prepare(scene)
        for case, scene in zip(cases, scenes, strict=True):
            case.wish(scene)
        if point in ON_THE_WIRE:
            self._crash_on_the_wire(cases, point)
        else:
            self._crash_at_a_commit(cases, scenes, point)
        self._finish(scenes)
        return [wrong for case, scene in zip(cases, scenes, strict=True) for wrong in wrong_with(case, scene)]

    def _crash_on_the_wire(self, cases: Sequence[Case], point: Point) -> None:
        slack, kind = self.stage.slack, ON_THE_WIRE[point]
        before = len(slack.requests())
        at_slack = [case.request for case in cases if case.request != "standard"]
        for case in cases:
            if case.request == "standard":
                self.vendor.hold(PATHS[case.operation.__name__], kind)
            else:
                slack.faults.add(case.request, kind, times=1, seconds=PATIENCE_SECONDS)
        with self._at_work() as process:
            until(lambda: not slack.faults.described() and self.vendor.held == len(cases) - len(at_slack))
            if point is Point.BEFORE_RESULT:
                with self.stops.holding_writers():
                    self._let_go()
                    until(lambda: self.vendor.answered == self.vendor.held)
                    until(lambda: len(slack.requests()) >= before + len(at_slack))
                    process.kill()
                    process.wait()
            else:
                until(lambda: len(slack.requests()) >= before + len(at_slack))
                process.kill()
                process.wait()
        self._let_go()

    def _let_go(self) -> None:
        self.vendor.let_go()
        self.stage.slack.faults.clear()

    def _crash_at_a_commit(self, cases: Sequence[Case], scenes: Sequence[Scene], point: Point) -> None:
        for case, scene in zip(cases, scenes, strict=True):
            self.stops.stop_at(scene.team, case.lane if point is Point.BEFORE_NOTE else case.next_lane)
        with self._at_work() as process:
            self.stops.wait_until_stopped(len(cases))
            process.kill()
            process.wait()
        self.stops.let_go()

    def _finish(self, scenes: Sequence[Scene]) -> None:
        """By another process, as soon as the lease of the dead one has run out. For a single call this process does,
        which is as good and spares the start of one."""
        self._age()
        if len(scenes) == 1:
            self.stage.clock.move_to(datetime.now(UTC))
            self.stage.settle()
            return
        with self._at_work():
            until(lambda: all(scene.call.is_in_step for scene in scenes))

    @contextmanager
    def _at_work(self) -> Iterator[subprocess.Popen[str]]:
        """``work`` as a process. Whatever rests, or is leased to one that is dead, is due when it comes."""
        self._age()
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "work"], env=clean(self._env()), cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_SECONDS)

    def _env(self) -> dict[str, str]:
        own = {"WORKERS": "16", "DEFAULT_PROVIDER": "standard"}
        return {**settings(self.stage.slack, self.url, 1), **self.vendor.settings(), **own}

    def _age(self) -> None:
        past = datetime.now(UTC) - timedelta(seconds=1)
        with self.stage.database.transaction() as connection:
            connection.execute(update(CALLS).values(reconcile_after=past))
            connection.execute(update(CALLS).where(CALLS.c.lease_token.is_not(None)).values(lease_until=past))


@contextmanager
def theatre(url: str) -> Iterator[Theatre]:
    """On a migrated database of its own."""
    clock, database = MovedClock(datetime.now(UTC)), Database(url)
    with Emulator(manifest=read_manifest()) as slack, HoldingServer() as vendor:
        providers = load_providers(vendor.settings(), clock)
        stage = Stage(database=database, clock=clock, slack=slack, vendor=vendor, providers=providers)
        with closing(stops_for(url)) as stops:
            yield Theatre(stage, vendor, stops, url)
        vendor.let_go()
    database.close()
