"""Many calls of one workspace in which somebody comes and goes all the time, and how far behind their cards are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.db import calls
from app.emulator.journal import RecordedRequest
from tests.reconciler.stage import GENERAL, Stage, person

ADD, REMOVE = "calls.participants.add", "calls.participants.remove"


@dataclass(frozen=True, slots=True)
class Behind:
    """At ``at`` (unix seconds) the oldest change that the card did not show was so many ``seconds`` old."""

    at: float
    seconds: float


@dataclass
class WatchedCard:
    """A card as Slack was told it, beside its meeting. ``missing`` is what it does not show yet, and since when: who
    came (True) or left. ``behind`` is taken just before and after each request; it is never more in between."""

    missing: dict[tuple[str, bool], float] = field(default_factory=dict)
    behind: list[Behind] = field(default_factory=list)

    def change(self, who: str, *, came: bool, at: float) -> None:
        if self.missing.pop((who, not came), None) is None:
            self.missing[who, came] = at

    def take(self, request: RecordedRequest) -> None:
        self.look(request.at)
        for user in json.loads(request.args["users"]):
            self.missing.pop((user["external_id"], request.method == ADD), None)
        self.look(request.at)

    def look(self, at: float) -> None:
        self.behind.append(Behind(at, at - min(self.missing.values(), default=at)))


@dataclass(kw_only=True)
class BusyWorkspace:
    """``count`` calls. Every ``every_seconds`` somebody comes into each, all at the same moment, and whoever has been
    in for ``stay_seconds`` leaves: so each card needs both of its lanes again and again."""

    stage: Stage
    count: int
    every_seconds: int = 10
    stay_seconds: int = 240
    refused: list[float] = field(default_factory=list)
    requests: int = 0

    def open(self) -> None:
        """All calls stand, and their lanes are as good as new."""
        self.stage.slack.limits.off()
        for number in range(self.count):
            self.stage.start(f"Call {number}")
        self.stage.settle(within_seconds=600)
        self.stage.clock.move(60)
        self.stage.slack.limits.on()
        self.stage.slack.journal.clear()
        self._meetings = self._by_slack_id()
        self._cards = {meeting: WatchedCard() for meeting in self._meetings.values()}
        self._in: dict[str, dict[str, float]] = {meeting: {} for meeting in self._meetings.values()}

    def allow(self, per_minute: int) -> None:
        """What Slack allows in truth, whatever it documents."""
        for method in (ADD, REMOVE):
            self.stage.slack.limits.set(method, per_minute)

    def run(self, minutes: float) -> None:
        until = self._now() + minutes * 60
        while self._now() < until:
            for meeting in self._in:
                self._come_and_go(meeting)
            self._work(self.every_seconds)

    def behind(self) -> dict[str, list[Behind]]:
        """Of the card of each meeting, up to now."""
        for card in self._cards.values():
            card.look(self._now())
        return {meeting: card.behind for meeting, card in self._cards.items()}

    def worst(self) -> float:
        """By how many seconds any card has ever been behind."""
        return max(moment.seconds for moments in self.behind().values() for moment in moments)

    def wrong_cards(self) -> int:
        """How many cards show others than are in the meeting, once there is nothing left to do."""
        self.stage.settle(within_seconds=600)
        cards = {self._meetings[card["id"]]: card["active_participants"] for card in self.stage.slack.cards(GENERAL)}
        return sum(
            {user["external_id"] for user in cards[meeting]} != set(there) for meeting, there in self._in.items()
        )

    def _now(self) -> float:
        return self.stage.clock.unix()

    def _come_and_go(self, meeting: str) -> None:
        now, there = self._now(), self._in[meeting]
        self._tell(meeting, f"{meeting} {now:.0f}", came=True)
        for who in [who for who, came_at in there.items() if now - came_at >= self.stay_seconds]:
            self._tell(meeting, who.removesuffix("-1"), came=False)

    def _tell(self, meeting: str, name: str, *, came: bool) -> None:
        """The provider's webhook, and what is true from now on."""
        who = person(name)["id"]
        if came:
            self._in[meeting][who] = self._now()
            self.stage.join(name, meeting=meeting)
        else:
            del self._in[meeting][who]
            self.stage.leave(name, meeting=meeting)
        self._cards[meeting].change(who, came=came, at=self._now())

    def _work(self, seconds: float) -> None:
        """Do what is due at each moment, for so long."""
        worker, until = self.stage.reconciler(), self._now() + seconds
        while True:
            self.stage.work(worker)
            self._watch(self.stage.slack.requests())
            self.stage.slack.journal.clear()
            due = self.stage.next_due_at()
            if due is None or due.timestamp() >= until:
                break
            self.stage.clock.move_to(due)
        self.stage.clock.move(until - self._now())

    def _watch(self, requests: Iterable[RecordedRequest]) -> None:
        for request in requests:
            if request.method in (ADD, REMOVE):
                self.requests += 1
                if request.status == 200 and request.error is None:
                    self._cards[self._meetings[request.args["id"]]].take(request)
                else:
                    self.refused.append(request.at)

    def _by_slack_id(self) -> dict[str, str]:
        with self.stage.database.reading() as connection:
            shown = [(call, calls.load_shown(connection, call.id)) for call in self.stage.all_stored()]
        return {
            told.slack_call_id: call.snapshot.meeting.id
            for call, told in shown
            if told.slack_call_id and call.snapshot.meeting
        }
