"""A stage whose work is done by real processes that are killed at a chosen point, and by those that come after them."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Iterator, Mapping, Sequence
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
from tests.processes import settings
from tests.reconciler.stage import Stage
from tests.scenarios.crash_cases import Case, Scene, wrong_with
from tests.scenarios.holding import HoldingServer, HoldingZoom
from tests.scenarios.nursery import Nursery, Worker
from tests.scenarios.patience import PATIENCE_SECONDS, until
from tests.scenarios.stops import PostgresqlStops, SqliteStops, stops_for

LONGEST_DOUBT_SECONDS = 200
"""It takes less until a refusal is believed, and longer until what has ended is looked at once more."""


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


# At the provider: which request it is, by its method and how its path ends.
AT_A_PROVIDER = {
    "CreateMeeting": ("POST", r"/meetings$"),
    "EndMeeting": ("POST", r"/end$"),
    "RenameMeeting": ("PATCH", r"/meetings/\d+$"),
}


@dataclass(slots=True)
class Theatre:
    stage: Stage
    vendor: HoldingServer
    zoom: HoldingZoom
    stops: SqliteStops | PostgresqlStops
    url: str
    nursery: Nursery

    @property
    def vendors(self) -> Mapping[str, HoldingServer | HoldingZoom]:
        return {"standard": self.vendor, "zoom": self.zoom}

    def play(self, cases: Sequence[Case], point: Point) -> list[str]:
        """Kill a process that is at ``point`` of each case, let another finish; returns what is wrong then."""
        scenes = [Scene(self.stage, self.zoom, number, case.is_private, case.at) for number, case in enumerate(cases)]
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
        elsewhere = [case for case in cases if case.request in self.vendors]
        coming = Counter(case.request for case in cases if case not in elsewhere)
        coming.update({method: len(slack.requests(method)) for method in coming})
        for case in cases:
            if case in elsewhere:
                self.vendors[case.request].hold(*AT_A_PROVIDER[case.operation.__name__], kind)
            else:
                slack.faults.add(
                    case.request, kind, times=1, seconds=PATIENCE_SECONDS, has_effect=point is not Point.BEFORE_EFFECT
                )
        with self._at_work() as process:
            until(lambda: not slack.faults.described() and self._held() == len(elsewhere))
            if point is Point.BEFORE_RESULT:
                with self.stops.holding_writers():
                    self.let_go()
                    until(lambda: self._answered() == self._held())
                    until(lambda: all(len(slack.requests(method)) >= count for method, count in coming.items()))
                    process.kill()
            else:
                until(lambda: all(len(slack.requests(method)) >= count for method, count in coming.items()))
                process.kill()
        self.let_go()

    def _held(self) -> int:
        return sum(vendor.held for vendor in self.vendors.values())

    def _answered(self) -> int:
        return sum(vendor.answered for vendor in self.vendors.values())

    def let_go(self) -> None:
        for vendor in self.vendors.values():
            vendor.let_go()
        self.stage.slack.faults.clear()

    def _crash_at_a_commit(self, cases: Sequence[Case], scenes: Sequence[Scene], point: Point) -> None:
        for case, scene in zip(cases, scenes, strict=True):
            self.stops.stop_at(scene.team, case.lane if point is Point.BEFORE_NOTE else case.next_lane)
        with self._at_work() as process:
            self.stops.wait_until_stopped(len(cases))
            process.kill()
        self.stops.let_go()

    def _finish(self, scenes: Sequence[Scene]) -> None:
        """By another process, as soon as the lease of the dead one has run out. For a single call this process does,
        which is as good and spares the start of one; and the two minutes pass here in which Slack says of one call or
        another that it is over already, until that is believed."""
        self._age()
        if len(scenes) > 1:
            with self._at_work():
                until(lambda: all(scene.is_at_rest or scene.is_refused_an_end for scene in scenes))
        self.stage.clock.move_to(datetime.now(UTC))
        self.stage.settle(within_seconds=LONGEST_DOUBT_SECONDS)

    @contextmanager
    def _at_work(self) -> Iterator[Worker]:
        """``work`` as a process. Whatever rests, or is leased to one that is dead, is due when it comes."""
        self._age()
        with self.nursery.working(self._env()) as process:
            yield process

    def _env(self) -> dict[str, str]:
        own = {"WORKERS": "16", "DEFAULT_PROVIDER": "standard"}
        given = [vendor.settings() for vendor in self.vendors.values()]
        return {**settings(self.stage.slack, self.url, 1), **own, **ChainMap(*given)}

    def _age(self) -> None:
        past = datetime.now(UTC) - timedelta(seconds=1)
        with self.stage.database.transaction() as connection:
            connection.execute(update(CALLS).values(reconcile_after=past))
            connection.execute(update(CALLS).where(CALLS.c.lease_token.is_not(None)).values(lease_until=past))


@contextmanager
def theatre(url: str, nursery: Nursery) -> Iterator[Theatre]:
    """On a migrated database of its own."""
    clock, database = MovedClock(datetime.now(UTC)), Database(url)
    with Emulator(manifest=read_manifest()) as slack, HoldingServer() as vendor, HoldingZoom() as zoom:
        providers = load_providers({**vendor.settings(), **zoom.settings()}, clock)
        stage = Stage(database=database, clock=clock, slack=slack, vendor=vendor, providers=providers)
        with closing(stops_for(url)) as stops:
            played = Theatre(stage, vendor, zoom, stops, url, nursery)
            yield played
            played.let_go()
    database.close()
