"""What people change of a workspace: who has changed what is noted with the change, and Homes show it after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection

from app import logs
from app.clock import Clock
from app.db import homes, workspaces
from app.db.session import Database
from app.db.workspaces import Change, What
from app.services import Nudge
from app.services.callers import Actor

log = logs.get(__name__)


class Changes:
    """``nudge`` wakes who publishes Homes."""

    def __init__(self, database: Database, clock: Clock, nudge: Nudge) -> None:
        self._database = database
        self._clock = clock
        self._nudge = nudge

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """For a change and its ``record``."""
        with self._database.transaction() as connection:
            yield connection
        self._nudge()

    def record(
        self, connection: Connection, actor: Actor, what: What, about: str | None, details: Mapping[str, str]
    ) -> None:
        """In the table and in the log; the log has no details."""
        now = self._clock.now()
        change = Change(team_id=actor.team_id, user_id=actor.user_id, at=now, what=what, about=about, details=details)
        workspaces.record(connection, change)
        homes.outdate(connection, actor.team_id, now)
        log.info(what.value, team_id=actor.team_id, by=actor.user_id, about=about)
