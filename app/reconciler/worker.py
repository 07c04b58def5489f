"""The workers: claim a call, work on it, take the next; rest when there is none."""

from __future__ import annotations

import threading
from contextlib import suppress

from app import logs
from app.clock import Clock
from app.db import work
from app.db.session import Database
from app.errors import LeaseLost, StoredUnreadable, SwitchboardError
from app.reconciler.apply import Apply
from app.reconciler.bell import Bell
from app.reconciler.claimed import ClaimedCall
from app.reconciler.turn import MOST_START_ATTEMPTS, Turn
from app.reconciler.units import attempt
from app.slack import texts

LONGEST_REST_SECONDS = 5.0
"""Between two looks at the work list when nothing is due; a nudge comes first in nearly every case."""

log = logs.get(__name__)


class CallCrashed(SwitchboardError):
    """Our code failed on one call. Its turn comes again later; the others do not wait for it."""

    def __init__(self, call_id: str, failures: int) -> None:
        self.call_id = call_id
        self.failures = failures
        super().__init__(f"call_id={call_id}")


class Reconciler:
    """``reconcile_one()`` is the unit of work; threads call it in a loop, tests call it by itself."""

    def __init__(
        self, database: Database, clock: Clock, apply: Apply, bell: Bell, *, public_url: str, lease_seconds: float
    ) -> None:
        self._database = database
        self._clock = clock
        self._apply = apply
        self._bell = bell
        self._public_url = public_url
        self._lease_seconds = lease_seconds
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until ``stop``. What is begun is finished first."""
        while not self._stopping.is_set():
            heard = self._bell.rings
            rest_seconds = attempt(self._work_or_rest, LONGEST_REST_SECONDS, "work list not readable")
            if rest_seconds:
                self._bell.wait(heard, rest_seconds)

    def stop(self) -> None:
        self._stopping.set()
        self._bell.ring_all()

    def reconcile_one(self) -> bool:
        """Bring one call up to date as far as can be done now. Returns whether there was one.

        Raises ``CallCrashed``; by then the call has been given a later turn.
        """
        claimed = ClaimedCall.claim(self._database, self._clock, self._lease_seconds)
        if claimed is None:
            return False
        try:
            Turn(claimed, self._apply, self._public_url).work()
        except LeaseLost:
            log.warning("lease lost, another worker has the call", call_id=claimed.call_id)
        except Exception as error:  # whatever our code trips over, it is this call's trouble only
            _give_up_on_a_start(claimed)
            with suppress(LeaseLost):
                claimed.release()
            raise CallCrashed(claimed.call_id, claimed.failures) from error
        return True

    def _work_or_rest(self) -> float:
        """Do one unit. Returns how many seconds there will be nothing to do."""
        try:
            return 0.0 if self.reconcile_one() else self._rest_seconds()
        except CallCrashed as crash:
            told = {"call_id": crash.call_id, "failures": crash.failures}
            if crash.failures > work.SET_ASIDE_AFTER:
                log.warning("call crashed again", **told)
            else:
                is_last = crash.failures == work.SET_ASIDE_AFTER
                log.exception("call set aside, tried every few minutes" if is_last else "call crashed", **told)
            return 0.0

    def _rest_seconds(self) -> float:
        with self._database.reading() as connection:
            now = self._clock.now()
            due = work.next_due(connection, now)
        return min(LONGEST_REST_SECONDS, (due - now).total_seconds()) if due else LONGEST_REST_SECONDS


def _give_up_on_a_start(claimed: ClaimedCall) -> None:
    """Whoever waits for a call that our code fails on again and again is told, as soon as that can be done."""
    reference = logs.new_reference()
    # What cannot be read cannot be changed either.
    with suppress(LeaseLost, StoredUnreadable):
        if claimed.fail_start(texts.went_wrong(reference), attempts=MOST_START_ATTEMPTS):
            log.error("call failed", call_id=claimed.call_id, reference=reference, why="it crashes our code")
