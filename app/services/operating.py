"""What an operator does to one call, whoever's it is."""

from __future__ import annotations

from app import logs
from app.clock import Clock
from app.db import calls
from app.db.calls import StoredCall
from app.db.session import Database
from app.services import Nudge
from app.services.calls import closed

log = logs.get(__name__)


class OperatorService:
    """Ends calls, and has them looked at now."""

    def __init__(self, database: Database, clock: Clock, nudge: Nudge) -> None:
        self._database = database
        self._clock = clock
        self._nudge = nudge

    def end(self, call_id: str) -> StoredCall | None:
        """End a call as the person would who started it. None when there is no such call, or it is over."""
        now = self._clock.now()
        with self._database.transaction() as connection:
            call = calls.lock_call(connection, call_id)
            if call is None or call.snapshot.is_over:
                return None
            over = closed(call, now)
            calls.save_known(connection, call.snapshot, over.snapshot, reconcile_after=now)
        log.info("call ended by the operator", call_id=call.id, team_id=call.team_id)
        self._nudge()
        return over

    def reconcile(self, call_id: str) -> bool:
        """Make a call the next worker's, however long it was to rest. False when there is no such call."""
        with self._database.transaction() as connection:
            call = calls.lock_call(connection, call_id)
            if call is None:
                return False
            calls.save_known(connection, call.snapshot, call.snapshot, reconcile_after=self._clock.now())
        self._nudge()
        return True
