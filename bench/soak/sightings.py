"""How long after somebody came or went their card is right."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.emulator import Emulator
from app.emulator.calls import Call
from bench.soak.truth import Slot

ONE_IN = 40
"""So many of those who come and go are looked for on their cards."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody came or went so many ``seconds`` after the beginning; ``took_seconds`` later their card was right."""

    seconds: float
    took_seconds: float


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
