"""One call on a stage that others have used before, and the wait until all about it is as it must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.db import calls
from app.db.calls import StoredCall
from app.emulator.workspace import Channel
from tests.reconciler.stage import MOST_UNITS, Stage

CONVERGED_SECONDS = 310
"""Within so many seconds all is as it must be: no failure rests longer than five minutes, and in five minutes a running
call is looked into."""
GRACE, ADMIN = "U0GRACE", "U0ADA"
"""Who starts the calls, and who may end those of others."""

Wrong = Mapping[str, tuple[object, object]]
"""What is found and what must be, by name."""


@dataclass(slots=True, kw_only=True)
class OneCall:
    """In a channel of its own, and of a team of its own, so that no lane is shared: all teams are one workspace to this
    Slack."""

    stage: Stage
    name: str
    is_private: bool = False
    team: str = ""
    call_id: str = ""

    def __post_init__(self) -> None:
        self.team = self.team or f"T0{self.name}"
        members = [GRACE] if self.is_private else [GRACE, ADMIN, "U0BOT"]
        channel = Channel(self.channel, self.name.lower(), "private" if self.is_private else "public", members)
        self.stage.slack.workspace().add_channel(channel)

    @property
    def channel(self) -> str:
        return f"C0{self.name}"

    def want(self, at: str) -> None:
        through = self.stage.response_url(self.channel) if self.is_private else None
        self.stage.start(channel=self.channel, team=self.team, at=at, answer_through=through)
        with self.stage.database.reading() as connection:
            [call] = calls.running_calls(connection, self.team, self.channel)
        self.call_id = call.id

    def rename(self, title: str) -> None:
        self.stage.rename(title, channel=self.channel, team=self.team)

    def end(self) -> None:
        self.stage.end(channel=self.channel, team=self.team)

    @property
    def stored(self) -> StoredCall:
        with self.stage.database.reading() as connection:
            call = calls.find_call(connection, self.call_id)
        assert call is not None
        return call

    @property
    def card(self) -> dict[str, Any]:
        """Empty while there is none."""
        cards = self.stage.slack.cards(self.channel)
        return cards[0] if cards else {}

    @property
    def told(self) -> list[str]:
        """What only the person was told who has started it."""
        said = self.stage.slack.ephemerals(GRACE)
        return [message["text"] for message in said if message["channel"] == self.channel]

    def stand(self, seconds: float) -> None:
        """Let so much time pass, doing whatever is tried meanwhile."""
        until = self.stage.clock.now() + timedelta(seconds=seconds)
        self.stage.settle(within_seconds=seconds)
        self.stage.clock.move_to(until)

    def converge(self, wrong: Callable[[], Wrong]) -> None:
        """Do what there is to do until nothing is wrong; fails with what still is."""
        last = self.stage.clock.now() + timedelta(seconds=CONVERGED_SECONDS)
        found: Wrong = {}
        for _ in range(MOST_UNITS):
            self.stage.work()
            found = {name: pair for name, pair in wrong().items() if pair[0] != pair[1]}
            due = self.stage.next_due_at()
            if not found or due is None or due > last:
                break
            self.stage.clock.move_to(due)
        assert not found, f"found, and wanted: {found}"

    def wrong_with_card(self, *, is_over: bool) -> Wrong:
        """Nothing is doubled, and nobody was told of a failure."""
        card, call = self.card, self.stored
        return {
            "status": (call.status.value, "ended" if is_over else "live"),
            "cards": (len(self.stage.slack.cards(self.channel)), 1),
            "messages": (len(self.stage.slack.messages(self.channel)), 1),
            "calls": (len(self._in_slack()), 1),
            "title": (card.get("name"), call.snapshot.title.value),
            "over": (card.get("has_ended"), is_over),
            "in step": (call.is_in_step or not is_over, True),
            "told": (self.told, []),
        }

    def wrong_with_failed(self) -> Wrong:
        """The person knows, and nothing of it is seen."""
        return {
            "status": (self.stored.status.value, "failed"),
            "sentences": (len(set(self.told)), 1),
            "messages": (len(self.stage.slack.messages(self.channel)), 0),
            "in step": (self.stored.is_in_step, True),
        }

    def _in_slack(self) -> list[str]:
        known = self.stage.slack.workspace().calls.all()
        return [call.id for call in known if call.external_unique_id.startswith(self.call_id)]
