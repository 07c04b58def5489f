"""Plays a story to the running app: the truth changes, webhooks come, the provider is asked, time goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from app.db import work
from app.db.models import CALLS, Base
from app.reconciler.audit import DOUBT, LOOK_EVERY
from tests.running import Running
from tests.scenarios.chaos.truth import Happening, Now, Story
from tests.scenarios.chaos.vendors import Vendor
from tests.scenarios.patience import until

CHANNEL = "C0GENERAL"
SHOWN_WITHIN = timedelta(seconds=30)
"""By then whatever a look has told has found its place in Slack's lanes."""
APART = timedelta(hours=1)
"""Between two stories: by then no lane is short."""


@dataclass(frozen=True, slots=True)
class Theatre:
    """The running app, and the vendor that it is set up with."""

    app: Running
    vendor: Vendor

    def play(self, story: Story) -> None:
        """All of it, and then one sweep."""
        self._clear()
        began = self.app.clock.now()
        self._start(story)
        self.vendor.began = began
        self.vendor.address = f"{self.app.url}/webhooks/{self.vendor.name}"
        for at, act in sorted(self._acts(story), key=lambda each: each[0]):
            self._go_on(began + timedelta(seconds=at))
            act()
        last = began + timedelta(seconds=story.last_at)
        self._go_on(max(last, self.app.clock.now()) + LOOK_EVERY + DOUBT + SHOWN_WITHIN)

    def reach_limit(self, story: Story) -> None:
        """Until time alone ends the call."""
        self._go_on(self.app.clock.now() + timedelta(hours=story.traits.limit_hours or 0))

    def cards(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return self.app.slack.cards(CHANNEL)

    def _clear(self) -> None:
        self.app.slack.reset()
        self.vendor.forget()
        self.vendor.server.asked.clear()
        with self.app.switchboard.database.transaction() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
        later = self.app.clock.now().replace(microsecond=0) + APART
        self.app.clock.move_to(later)

    def _start(self, story: Story) -> None:
        if story.is_early:
            self.vendor.server.lose_answer(*self.vendor.makes)
        self.app.slack.slash("/ring", "Weekly sync")
        # The emulator waits for an answer as long as Slack does; on a busy machine the call may be there only later.
        until(self._call_ids)
        self.app.reconcile()
        [call_id] = self._call_ids()
        self.vendor.meeting = self.vendor.meeting_of(call_id)

    def _call_ids(self) -> list[str]:
        with self.app.switchboard.database.reading() as connection:
            return list(connection.execute(select(CALLS.c.id)).scalars())

    def _acts(self, story: Story) -> Iterator[tuple[int, Callable[[], None]]]:
        now = Now()
        for happening in story.happenings:
            yield happening.at, partial(self._happen, now, happening)
        for at, happening in story.deliveries():
            yield at, partial(self._deliver, happening)

    def _happen(self, now: Now, happening: Happening) -> None:
        now.take_in(happening)
        self.vendor.show(now)

    def _deliver(self, happening: Happening) -> None:
        """Without a socket, which for so many webhooks would be most of the time."""
        sent = self.vendor.webhook(happening, self.app.clock.now())
        address = f"/webhooks/{self.vendor.name}{sent.path}"
        post = self.app.switchboard.flask.test_client().post
        answer = post(address, query_string=sent.query, data=sent.body, headers=dict(sent.headers))
        assert answer.status_code == 200, answer.text

    def _go_on(self, to: datetime) -> None:
        """Until then, with the app doing all its work in time."""
        while True:
            self.app.reconcile()
            with self.app.switchboard.database.reading() as connection:
                due = work.next_due(connection, self.app.clock.now())
            if due is None or due > to:
                break
            self.app.clock.move_to(due)
        self.app.clock.move_to(to)
