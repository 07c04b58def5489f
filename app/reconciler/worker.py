"""Take a call, make Slack and the provider match what is wanted, give it back."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app import logs
from app.clock import Clock
from app.db import calls, deliveries, lanes, work
from app.db.calls import StoredCall
from app.db.session import Database
from app.db.work import Lease
from app.domain.meetings import Meeting
from app.domain.plan import CreateMeeting, EndMeeting, Operation, PostCall, Shown, TellFailure, after, plan, status
from app.errors import LeaseLost, OutOfStep, PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.reconciler.apply import LOOK, METHODS, NOT_REPEATABLE, STARTS, Apply, Done, agree, believe, needs_look
from app.reconciler.bell import Bell
from app.services import ACCOUNT
from app.services.calls import end_overdue
from app.services.deliveries import apply_early
from app.slack import texts
from app.slack.lanes import PACES

MOST_START_ATTEMPTS = 6
"""After so many failures in a row (about a minute) the person is told, instead of waiting on."""
LONGEST_WAIT = timedelta(seconds=2)
"""A call that waits for one lane looks up this often, because another of its changes may have a free one."""
LONGEST_REST_SECONDS = 5.0
"""Between two looks at the work list when nothing is due; a nudge comes first in nearly every case."""

log = logs.get(__name__)


@dataclass(slots=True)
class Round:
    """One claim's work on one call. ``passed_over`` are operations that cannot be done in this round, ``waits`` how
    many seconds until one that waits for its lane may go, ``news`` those whose refusal has been believed once."""

    lease: Lease
    passed_over: set[type[Operation]] = field(default_factory=set)
    waits: list[float] = field(default_factory=list)
    news: set[type[Operation]] = field(default_factory=set)
    failed: bool = False

    def pass_over(self, operation: Operation, *, wait: float | None = None) -> None:
        self.passed_over.add(type(operation))
        if wait is None:
            self.failed = True
        else:
            self.waits.append(wait)


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

    # --- The loop ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Work until ``stop``. What is begun is finished first."""
        while not self._stopping.is_set():
            heard = self._bell.rings
            if not self._try_one():
                self._bell.wait(heard, self._rest_seconds())

    def stop(self) -> None:
        self._stopping.set()
        self._bell.ring_all()

    def _try_one(self) -> bool:
        try:
            return self.reconcile_one()
        except Exception:  # one call, or the database being away, must not end the worker that serves all the others
            log.exception("worker stumbled")
            return False

    def _rest_seconds(self) -> float:
        try:
            with self._database.reading() as connection:
                now = self._clock.now()
                due = work.next_due(connection, now)
        except Exception:  # the same: the database may be away, and comes back
            log.exception("work list not readable")
            return LONGEST_REST_SECONDS
        return min(LONGEST_REST_SECONDS, (due - now).total_seconds()) if due else LONGEST_REST_SECONDS

    # --- The unit ---------------------------------------------------------------------------------------------

    def reconcile_one(self) -> bool:
        """Bring one call up to date as far as can be done now. Returns whether there was one."""
        with self._database.transaction() as connection:
            lease = work.claim(connection, self._clock.now(), self._lease_seconds)
        if lease is None:
            return False
        try:
            self._reconcile(Round(lease))
        except LeaseLost:
            log.warning("lease lost, another worker has the call", call_id=lease.call_id)
        return True

    def _reconcile(self, turn: Round) -> None:
        while True:
            call, shown = self._load(turn.lease)
            operation = self._next_operation(turn, call, shown)
            if operation is None:
                break
            self._attempt(turn, operation, call, shown)
        self._give_back(turn, call, shown)

    def _load(self, lease: Lease) -> tuple[StoredCall, Shown]:
        # The call is read first: what is learned between these reads belongs to a later generation, and is seen again.
        with self._database.reading() as connection:
            call = calls.find_call(connection, lease.call_id)
            if call is None:
                raise LeaseLost(f"call_id={lease.call_id}")
            call = calls.load_participants(connection, call)
            shown = calls.load_shown(connection, call.id)
        return (self._end_overdue(call), shown) if _is_overdue(call, self._clock.now()) else (call, shown)

    def _end_overdue(self, call: StoredCall) -> StoredCall:
        with self._database.transaction() as connection:
            end_overdue(connection, calls.lock_call(connection, call.id) or call)
        with self._database.reading() as connection:
            return calls.load_participants(connection, calls.find_call(connection, call.id) or call)

    def _next_operation(self, turn: Round, call: StoredCall, shown: Shown) -> Operation | None:
        """The first operation of the plan that may go now."""
        for operation in plan(call.snapshot, shown, self._apply.capabilities(call)):
            if type(operation) in turn.passed_over:
                continue
            wait = self._take_turn(turn.lease, operation, call)
            if not wait:
                return operation
            turn.pass_over(operation, wait=wait)
        return None

    def _take_turn(self, lease: Lease, operation: Operation, call: StoredCall) -> float:
        """Take a place in the operation's lane, and note what is about to be sent. Returns the seconds to wait."""
        in_flight = type(operation).__name__ if type(operation) in NOT_REPEATABLE else call.in_flight
        now = self._clock.now()
        with self._database.transaction() as connection:
            wait = self._reserve(connection, call, METHODS[type(operation)], now)
            if not wait:
                work.renew(connection, lease, now, in_flight=in_flight)
        return wait

    def _reserve(self, connection: Connection, call: StoredCall, method: str | None, now: datetime) -> float:
        return 0.0 if method is None else lanes.reserve(connection, call.team_id, method, PACES[method], now)

    # --- One operation ----------------------------------------------------------------------------------------

    def _attempt(self, turn: Round, operation: Operation, call: StoredCall, shown: Shown) -> None:
        try:
            done = self._perform(operation, call, shown)
        except RequestFailed as failure:
            self._read_failure(turn, operation, failure, call, shown)
        else:
            self._save(turn.lease, operation, call, done)
            log.info("done", operation=type(operation).__name__, call_id=call.id, team_id=call.team_id)

    def _perform(self, operation: Operation, call: StoredCall, shown: Shown) -> Done:
        # A card that was sent before without an answer: everybody would see a second one.
        posted_before = isinstance(operation, PostCall) and _was_in_flight(operation, call)
        if posted_before and call.channel_id in self._apply.look(shown).channels:
            return Done(after(shown, operation))
        return self._apply.perform(operation, call, shown)

    def _read_failure(
        self, turn: Round, operation: Operation, failure: RequestFailed, call: StoredCall, shown: Shown
    ) -> None:
        name = type(operation).__name__
        log.warning("not done", operation=name, call_id=call.id, team_id=call.team_id, why=failure.code)
        match failure:
            case RateLimited():
                self._wait_as_told(turn, operation, failure, call)
            case OutOfStep():
                self._correct(turn, operation, failure, call, shown)
            case PermanentFailure():
                self._accept_refusal(turn, operation, failure, call, shown)
            case _:
                unknown = isinstance(failure, TemporaryFailure) and failure.effect_unknown
                self._retry_later(turn, operation, failure, call, effect_unknown=unknown)

    def _wait_as_told(self, turn: Round, operation: Operation, failure: RateLimited, call: StoredCall) -> None:
        now, method = self._clock.now(), METHODS[type(operation)]
        with self._database.transaction() as connection:
            work.renew(connection, turn.lease, now, in_flight=call.in_flight)
            if method is not None:
                lanes.park_lane(connection, call.team_id, method, now, failure.retry_after_seconds)
        turn.pass_over(operation, wait=failure.retry_after_seconds)

    def _correct(self, turn: Round, operation: Operation, news: OutOfStep, call: StoredCall, shown: Shown) -> None:
        """Slack knows better: believe it, and plan again. Once in a round; it may be wrong, too."""
        if type(operation) in turn.news:
            turn.pass_over(operation)
            return
        turn.news.add(type(operation))
        if not needs_look(operation, news):
            self._save(turn.lease, operation, call, Done(believe(shown, operation, news)))
        elif (seen := self._look(turn, operation, call, shown)) is not None:
            self._save(turn.lease, operation, call, Done(seen))

    def _look(self, turn: Round, operation: Operation, call: StoredCall, shown: Shown) -> Shown | None:
        """``shown`` as Slack shows it; None when Slack cannot be asked now."""
        with self._database.transaction() as connection:
            wait = self._reserve(connection, call, LOOK, self._clock.now())
        if wait:
            turn.news.discard(type(operation))
            turn.pass_over(operation, wait=wait)
            return None
        try:
            return agree(shown, self._apply.look(shown))
        except RequestFailed as failure:
            log.warning("cannot look", call_id=call.id, team_id=call.team_id, why=failure.code)
            turn.pass_over(operation)
            return None

    def _accept_refusal(
        self, turn: Round, operation: Operation, failure: PermanentFailure, call: StoredCall, shown: Shown
    ) -> None:
        if type(operation) in STARTS:
            self._give_up(turn, operation, failure, call)
        elif isinstance(operation, TellFailure | EndMeeting):
            # Nobody is left to tell, or the provider will not end it: more of the same helps nobody.
            self._save(turn.lease, operation, call, Done(after(shown, operation)))
        else:
            turn.pass_over(operation)

    def _retry_later(
        self, turn: Round, operation: Operation, failure: RequestFailed, call: StoredCall, *, effect_unknown: bool
    ) -> None:
        if type(operation) in STARTS and call.failures >= MOST_START_ATTEMPTS:
            self._give_up(turn, operation, failure, call)
            return
        if not effect_unknown:
            with self._database.transaction() as connection:
                # What an earlier attempt left in flight stays so: only that attempt knew whether it was sent.
                work.renew(connection, turn.lease, self._clock.now(), in_flight=call.in_flight)
        turn.pass_over(operation)

    def _give_up(self, turn: Round, operation: Operation, failure: RequestFailed, call: StoredCall) -> None:
        """There will be no call: the plan tells the person, and undoes what was made."""
        reference = logs.new_reference()
        log.error("call failed", call_id=call.id, team_id=call.team_id, reference=reference, why=str(failure))
        provider = self._apply.provider_name(call) if isinstance(operation, CreateMeeting) else None
        reason = texts.could_not_start(call.snapshot.title.value, failure, provider, reference)
        with self._database.transaction() as connection:
            work.renew(connection, turn.lease, self._clock.now(), in_flight=None)
            known = (calls.lock_call(connection, call.id) or call).snapshot
            calls.save_known(connection, known, replace(known, failure=reason))

    # --- What is saved ----------------------------------------------------------------------------------------

    def _save(self, lease: Lease, operation: Operation, call: StoredCall, done: Done) -> None:
        now = self._clock.now()
        in_flight = None if type(operation) in NOT_REPEATABLE else call.in_flight
        with self._database.transaction() as connection:
            work.renew(connection, lease, now, in_flight=in_flight)
            calls.save_shown(connection, call.id, done.shown)
            if done.meeting is not None:
                self._save_meeting(connection, call, done.meeting, now)

    def _save_meeting(self, connection: Connection, call: StoredCall, meeting: Meeting, now: datetime) -> None:
        provider = self._apply.provider(call)
        deliveries.lock_meeting(connection, provider.name, ACCOUNT, meeting.id)
        known = (calls.lock_call(connection, call.id) or call).snapshot
        link = meeting.join_url
        if provider.capabilities.personal_links:
            link = f"{self._public_url}/join/{call.join_token}"
        calls.save_known(connection, known, replace(known, meeting=meeting, join_url=link))
        apply_early(connection, provider, meeting.id, now)

    def _give_back(self, turn: Round, call: StoredCall, shown: Shown) -> None:
        stands = status(call.snapshot, shown)
        with self._database.transaction() as connection:
            if turn.failed:
                work.retry_later(connection, turn.lease, status=stands)
            elif turn.waits:
                until = self._clock.now() + min(LONGEST_WAIT, _shortest(turn.waits))
                work.postpone(connection, turn.lease, until=until, status=stands)
            else:
                work.finish(connection, turn.lease, generation=call.generation, status=stands)


def _was_in_flight(operation: Operation, call: StoredCall) -> bool:
    return call.in_flight == type(operation).__name__


def _shortest(waits: Iterable[float]) -> timedelta:
    return timedelta(seconds=min(waits))


def _is_overdue(call: StoredCall, now: datetime) -> bool:
    return call.deadline_at is not None and call.deadline_at <= now and not call.snapshot.is_over
