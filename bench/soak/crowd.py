"""People: they ask for calls, come, go, come back, bring a second device, and end what they have begun."""

from __future__ import annotations

import heapq
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.emulator import Emulator
from bench.scene import command_request
from bench.soak.post import Letter, Post
from bench.soak.truth import Person, Run, Slot, Truth
from bench.soak.vendors import Vendor

WINDS_DOWN_SECONDS = 120.0
"""Before the end of a call nobody comes any more. An ended card takes no people, and does not wait for long for those
whom a lane has held up."""
STAYS_SECONDS = 90.0
"""At least; but for the few who only look in."""
ABOUT_IN = 14
GLIMPSE_SECONDS = (2.0, 8.0)
GLIMPSES, RETURNS, SECOND_DEVICES, TWICE = 0.03, 0.08, 0.05, 0.02
"""Shares: of those who come, and of the webhooks that are sent twice."""
ENDED_BY_COMMAND = 0.3
"""Of the calls at a provider that holds no meeting twice."""
BEGINS_AGAIN_SECONDS = (5.0, 20.0)
ASKS_AGAIN_SECONDS = 90.0
"""When nothing has come of a wish."""
TRIES_AGAIN_SECONDS = 5.0
TRIES = 20
"""To find a call where something can happen: one that is about to end may have to wait for it."""


@dataclass(slots=True)
class Crowd:
    """``tick`` lets so many things happen. ``watch`` is told of those who come and go, but for second devices and
    glimpses: where, who, and whether they are in now. ``lasts_seconds`` is how long a call runs, at least and at
    most."""

    truth: Truth
    vendors: Mapping[str, Vendor]
    post: Post
    slack: Emulator
    rng: random.Random
    lasts_seconds: tuple[float, float]
    watch: Callable[[Slot, str, bool], object] = lambda _slot, _key, _is_in: None
    told: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)
    _later: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _number: int = 0

    def __post_init__(self) -> None:
        for vendor in self.vendors.values():
            vendor.on_made = self._made
            vendor.on_ended = self._ended_by_app

    def tick(self, events: int) -> None:
        with self.lock:
            self._do_what_is_due()
            for slot in self.truth.slots:
                self._look_after(slot)
            live = self.truth.live
            before = self.told
            for _ in range(TRIES * events if live else 0):
                if self.told - before < events:
                    self._something_happens(*self.rng.choice(live))

    def rest(self) -> None:
        """Let what was begun come to its end: those who only look in go."""
        with self.lock:
            while self._later:
                heapq.heappop(self._later)[2]()

    # --- Calls -------------------------------------------------------------------------------------------------------

    def ask(self, slot: Slot) -> None:
        """Somebody types ``/ring`` and a title."""
        slot.asks += 1
        slot.asked_at = self.truth.now()
        self._command(slot, slot.title)

    def _look_after(self, slot: Slot) -> None:
        now, run = self.truth.now(), slot.live
        if run is not None:
            if now >= run.ends_at:
                self._end(slot, run)
        elif slot.asked_at is not None:
            if now - slot.asked_at > ASKS_AGAIN_SECONDS:
                self.ask(slot)
        elif slot.runs and now >= slot.next_at:
            self._another(slot)

    def _another(self, slot: Slot) -> None:
        if slot.vendor == "livekit":
            self._begin(slot, slot.runs[-1].meeting_id)
            self._come(slot, slot.runs[-1])
        else:
            self.ask(slot)

    def _begin(self, slot: Slot, meeting_id: str) -> Run:
        run = self.truth.begin(slot, meeting_id, self.rng.uniform(*self.lasts_seconds))
        self._tell(self.vendors[slot.vendor].begun(run))
        return run

    def _made(self, title: str, meeting_id: str) -> None:
        with self.lock:
            made = self.truth.meetings.setdefault(title, set())
            is_new = meeting_id not in made
            made.add(meeting_id)
            slot = self.truth.slot_titled(title)
            if is_new and slot is not None and slot.asked_at is not None:
                self._begin(slot, meeting_id)

    def _end(self, slot: Slot, run: Run) -> None:
        if slot.vendor == "standard" and run.number % 10 < ENDED_BY_COMMAND * 10:
            run.ends_at = self.truth.now() + TRIES_AGAIN_SECONDS
            self._command(slot, "end")
        else:
            self._over(slot, run)

    def _over(self, slot: Slot, run: Run) -> None:
        self.truth.end(run)
        slot.next_at = self.truth.now() + self.rng.uniform(*BEGINS_AGAIN_SECONDS)
        self._tell(self.vendors[slot.vendor].ended(run))

    def _ended_by_app(self, meeting_id: str) -> None:
        with self.lock:
            slot = self.truth.slot_of(meeting_id)
            if slot is not None and slot.live is not None:
                self._over(slot, slot.live)

    def _command(self, slot: Slot, text: str) -> None:
        def write() -> bytes:
            sign, channel_name = self.slack.signed_headers, f"soak-{slot.number}"
            return command_request(sign, text, team=slot.team, channel=slot.channel, channel_name=channel_name)

        self.post.send(Letter(write, is_sent_again=False))

    # --- People ------------------------------------------------------------------------------------------------------

    def _something_happens(self, slot: Slot, run: Run) -> None:
        if run.ended_at is not None:
            return
        winds_down = self.truth.now() >= run.ends_at - WINDS_DOWN_SECONDS
        if len(run.present) > self.rng.uniform(0, 2 * ABOUT_IN) or winds_down:
            self._go(slot, run)
        else:
            self._come(slot, run)

    def _come(self, slot: Slot, run: Run) -> None:
        chance = self.rng.random()
        back = [key for key in run.attended - run.glimpsed if key not in run.present]
        if chance < RETURNS and back:
            person = Person(self.rng.choice(sorted(back)), self.truth.now())
            self.watch(slot, person.key, True)
            self._enter(slot, run, person)
        elif chance < RETURNS + SECOND_DEVICES and run.present and slot.vendor == "standard":
            self._connect(slot, run, self.rng.choice(list(run.present.values())))
        else:
            self._number += 1
            person = Person(f"person-{run.number}-{self._number}", self.truth.now())
            if self.rng.random() < GLIMPSES:
                run.glimpsed.add(person.key)
                self._at(self.rng.uniform(*GLIMPSE_SECONDS), lambda: self._leave(slot, run, person))
            else:
                self.watch(slot, person.key, True)
            self._enter(slot, run, person)

    def _enter(self, slot: Slot, run: Run, person: Person) -> None:
        run.present[person.key] = person
        run.attended.add(person.key)
        self._connect(slot, run, person)

    def _connect(self, slot: Slot, run: Run, person: Person) -> None:
        self._number += 1
        connection = f"PA_{self._number}"
        person.connections.append(connection)
        self._tell(self.vendors[slot.vendor].joined(run, person, connection))

    def _go(self, slot: Slot, run: Run) -> None:
        """Whoever is in for longest, if that is long enough."""
        longest = min(run.present.values(), key=lambda person: person.came_at, default=None)
        if longest is None or self.truth.now() - longest.came_at < STAYS_SECONDS:
            if self.truth.now() < run.ends_at - WINDS_DOWN_SECONDS:
                self._come(slot, run)
            return
        if len(longest.connections) == 1:
            self.watch(slot, longest.key, False)
        self._disconnect(slot, run, longest)

    def _leave(self, slot: Slot, run: Run, person: Person) -> None:
        while run.ended_at is None and person.key in run.present:
            self._disconnect(slot, run, person)

    def _disconnect(self, slot: Slot, run: Run, person: Person) -> None:
        connection = person.connections.pop(0)
        if not person.connections:
            del run.present[person.key]
        self._tell(self.vendors[slot.vendor].left(run, person, connection))

    # --- Webhooks ----------------------------------------------------------------------------------------------------

    def _tell(self, write: Callable[[], bytes]) -> None:
        self.told += 1
        self.post.send(Letter(write))
        if self.rng.random() < TWICE:
            self.post.send(Letter(write), after_seconds=self.rng.uniform(0, 5))

    def _at(self, seconds: float, do: Callable[[], object]) -> None:
        self._number += 1
        heapq.heappush(self._later, (self.truth.now() + seconds, self._number, do))

    def _do_what_is_due(self) -> None:
        while self._later and self._later[0][0] <= self.truth.now():
            heapq.heappop(self._later)[2]()
