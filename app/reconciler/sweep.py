"""Drops what is no longer kept, a little at a time, and does the chores: one process does it for all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app import logs
from app.clock import Clock
from app.db import accounts, homes, installations, oauth_states, retention, workspaces
from app.db.emails import SOMEBODYS
from app.db.session import Database
from app.reconciler.units import attempt

EVERY = timedelta(minutes=1)
SOON = timedelta(seconds=1)
"""Until the next batch, when there is more to drop: much has become old at once, or was kept longer before."""
MOST_DELIVERIES = 500
MOST_CALLS = 20
"""In one batch. Each takes the people of its call along, which may be many."""
RESPONSE_URL_LASTS = timedelta(minutes=30)
"""https://docs.slack.dev/interactivity/handling-user-interaction#message_responses"""
STATES_LAST = timedelta(days=1)
"""After they have expired: whoever comes back so late is told so."""

TURN = "sweep"
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is not kept for ever. ``drop`` drops at most so many that are older than a moment, and returns how many."""

    name: str
    drop: Callable[[Connection, datetime, int], int]
    keep: timedelta
    most: int


class Sweep:
    """``sweep_one()`` is the unit of work; a thread calls it in a loop, tests call it by itself."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        keep_deliveries: timedelta,
        keep_calls: timedelta,
        keep_changes: timedelta,
        chores: Sequence[Callable[[], bool]] = (),
    ) -> None:
        """``chores`` are what else one process does now and then for all; each returns whether there is more."""
        self._database = database
        self._clock = clock
        self._kinds = (
            Kind("response_urls", retention.forget_response_urls, RESPONSE_URL_LASTS, MOST_CALLS),
            Kind("deliveries", retention.drop_deliveries, keep_deliveries, MOST_DELIVERIES),
            Kind("calls", retention.drop_calls, keep_calls, MOST_CALLS),
            Kind("emails", retention.drop_emails, SOMEBODYS, MOST_DELIVERIES),
            Kind("oauth_states", oauth_states.drop, STATES_LAST, MOST_DELIVERIES),
            Kind("installations", installations.drop_removed, keep_calls, MOST_CALLS),
            Kind("accounts", accounts.drop_removed, keep_calls, MOST_CALLS),
            Kind("homes", homes.forget, keep_calls, MOST_DELIVERIES),
            Kind("changes", workspaces.drop_changes, keep_changes, MOST_DELIVERIES),
        )
        self._chores = chores
        self._stopping = threading.Event()

    def run(self) -> None:
        """Sweep until ``stop``."""
        while not self._stopping.is_set():
            is_more = attempt(self.sweep_one, False, "not swept")
            self._stopping.wait((SOON if is_more else EVERY).total_seconds())

    def stop(self) -> None:
        self._stopping.set()

    def sweep_one(self) -> bool:
        """Drop a batch of each kind, if it is this process's turn. Returns whether there is more to do."""
        now = self._clock.now()
        with self._database.transaction() as connection:
            if not retention.take_turn(connection, TURN, now, now + EVERY):
                return False
        is_more = [*(self._drop(kind, now) for kind in self._kinds), *(chore() for chore in self._chores)]
        if any(is_more):
            with self._database.transaction() as connection:
                retention.set_turn(connection, TURN, now + SOON)
        return any(is_more)

    def _drop(self, kind: Kind, now: datetime) -> bool:
        """Drop a batch, in a transaction of its own: webhooks wait for no more than that."""
        with self._database.transaction() as connection:
            dropped = kind.drop(connection, now - kind.keep, kind.most)
        if dropped:
            log.info("dropped what is old", kind=kind.name, rows=dropped)
        return dropped == kind.most
