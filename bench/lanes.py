"""Thirty calls of one workspace change all the time, and Slack allows 20 requests a minute where it documents 50: how
far behind the cards are, how often Slack refuses, and what the lanes learn of it.

Counted, not timed: the reconciler, its database and the workspace are the real ones, and the clock is moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from app.db import lanes
from app.emulator import Emulator
from app.providers.registry import load_providers
from app.slack.lanes import PACES
from bench.figures import Figure, at_most
from bench.scene import TEAM, migrated
from bench.servers import ROOT
from tests.clocks import MovedClock
from tests.providers.standard.reference_server import ReferenceServer
from tests.reconciler.busy import ADD, REMOVE, BusyWorkspace
from tests.reconciler.stage import Stage

CALLS = 30
ALLOWED = 20
MINUTES = 40
LEARNING_MINUTES = 8
"""Four for the lane of those who come, and four from then on for those who leave: nobody does before."""
LEAST_SECONDS = 60 * CALLS / ALLOWED
PLOT = ROOT / "docs" / "images" / "lanes.png"


@dataclass
class Learned:
    """The pace of each lane, requests a minute, at each of ``minutes``."""

    minutes: list[float] = field(default_factory=list)
    paces: dict[str, list[int]] = field(default_factory=lambda: {ADD: [], REMOVE: []})


def run(folder: Path) -> Iterator[Figure]:
    clock = MovedClock()
    url = f"sqlite:///{folder / 'app.db'}"
    with Emulator(now=clock.unix) as slack, ReferenceServer() as vendor, closing(migrated(url)) as database:
        providers = load_providers(vendor.settings(), clock)
        workspace = BusyWorkspace(
            stage=Stage(database=database, clock=clock, slack=slack, vendor=vendor, providers=providers), count=CALLS
        )
        workspace.open()
        workspace.allow(ALLOWED)
        began, learned = clock.unix(), _watch(workspace)
        _draw(PLOT, workspace, learned, began)
        yield from _figures(workspace, began)


def _watch(workspace: BusyWorkspace) -> Learned:
    learned = Learned()
    for step in range(MINUTES * 60 // workspace.every_seconds):
        workspace.run(workspace.every_seconds / 60)
        learned.minutes.append((step + 1) * workspace.every_seconds / 60)
        for method, paces in learned.paces.items():
            paces.append(_pace(workspace, method))
    return learned


def _pace(workspace: BusyWorkspace, method: str) -> int:
    now = workspace.stage.clock.now()
    with workspace.stage.database.reading() as connection:
        return lanes.pace_now(connection, TEAM, method, PACES[method], now).per_minute


def _figures(workspace: BusyWorkspace, began: float) -> Iterator[Figure]:
    worst = workspace.worst()
    target, ok = at_most(2, worst / LEAST_SECONDS)
    name = f"how far the worst of {CALLS} cards was behind in {MINUTES} minutes"
    floor = f"{LEAST_SECONDS:.0f} s"
    yield Figure(name=name, measured=f"{worst:.0f} s", floor=floor, ratio=worst / LEAST_SECONDS, target=target, ok=ok)
    early = sum(at < began + LEARNING_MINUTES * 60 for at in workspace.refused)
    later = len(workspace.refused) - early
    yield Figure(name=f"  requests refused, first {LEARNING_MINUTES} minutes / later", measured=f"{early} / {later}")
    yield Figure(name="  requests", measured=str(workspace.requests))
    wrong = workspace.wrong_cards()
    yield Figure(name="  wrong cards at the end", measured=str(wrong), target="0", ok=wrong == 0)


def _draw(file: Path, workspace: BusyWorkspace, learned: Learned, began: float) -> None:
    # Only here: the other benches need no plots.
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, (pace, behind) = pyplot.subplots(2, 1, sharex=True, figsize=(9, 6.5), layout="constrained")
    for (method, paces), color in zip(learned.paces.items(), ("#1264a3", "#2eb67d"), strict=True):
        pace.plot(learned.minutes, paces, color=color, label=method)
    pace.axhline(ALLOWED, color="black", ls="--", lw=1, label="what Slack allows")
    refused = [(at - began) / 60 for at in workspace.refused]
    pace.plot(refused, [ALLOWED] * len(refused), "x", color="#e01e5a", label="refused")
    pace.set_ylabel("learned pace, requests a minute")
    for moments in workspace.behind().values():
        seen = [((moment.at - began) / 60, moment.seconds) for moment in moments]
        behind.plot([at for at, _ in seen], [seconds for _, seconds in seen], color="#1264a3", alpha=0.25, lw=0.7)
    behind.axhline(LEAST_SECONDS, color="black", ls="--", lw=1, label=f"what cannot be avoided, {LEAST_SECONDS:.0f} s")
    behind.axhline(2 * LEAST_SECONDS, color="#e01e5a", ls="--", lw=1, label="twice that")
    behind.set_ylabel("how far each card is behind, s")
    behind.set_xlabel("minutes")
    for axes in (pace, behind):
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend(loc="upper right", fontsize="small")
    figure.savefig(file, dpi=110)
    pyplot.close(figure)
