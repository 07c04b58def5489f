"""What is true: meetings, who is in them, and what must stand on each card in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Person:
    """Somebody in one run. ``key`` is what a card knows them by; each device they come with has a connection."""

    key: str
    came_at: float
    connections: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """One run of a meeting: it has to become one card. ``glimpsed`` came and went within seconds."""

    number: int
    meeting_id: str
    ends_at: float
    present: dict[str, Person] = field(default_factory=dict)
    attended: set[str] = field(default_factory=set)
    glimpsed: set[str] = field(default_factory=set)
    ended_at: float | None = None

    @property
    def sid(self) -> str:
        """By which LiveKit tells the runs of one room apart."""
        return f"RM_soak{self.number}"


@dataclass(slots=True)
class Slot:
    """A channel in which a call runs, and another after its end. ``asked_at`` is when somebody has asked for it, and
    nobody has seen its meeting yet; ``next_at`` when there is to be another."""

    number: int
    team: str
    channel: str
    vendor: str
    asks: int = 0
    asked_at: float | None = None
    next_at: float = 0.0
    runs: list[Run] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Of the call that was asked for last; no two are alike."""
        return f"Soak {self.number}-{self.asks}"

    @property
    def live(self) -> Run | None:
        return self.runs[-1] if self.runs and self.runs[-1].ended_at is None else None


@dataclass(slots=True)
class Truth:
    """Everything that happens, in one place. ``meetings`` are all that were ever made, by title."""

    slots: list[Slot]
    now: Callable[[], float]
    run_count: int = 0
    meetings: dict[str, set[str]] = field(default_factory=dict)

    def begin(self, slot: Slot, meeting_id: str, lasts_seconds: float) -> Run:
        self.run_count += 1
        run = Run(self.run_count, meeting_id, self.now() + lasts_seconds)
        slot.runs.append(run)
        slot.asked_at = None
        return run

    def end(self, run: Run) -> None:
        run.present.clear()
        run.ended_at = self.now()

    def slot_of(self, meeting_id: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.runs and slot.runs[-1].meeting_id == meeting_id), None)

    def slot_titled(self, title: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.title == title), None)

    @property
    def live(self) -> list[tuple[Slot, Run]]:
        return [(slot, run) for slot in self.slots if (run := slot.live)]
