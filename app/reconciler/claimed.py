"""What a worker reads and writes of the call it has claimed.

Every write is fenced by the lease, and is over before a request is sent or after it was answered: no transaction is
open in between. Each raises ``LeaseLost`` when another worker has taken the call over; then nothing was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce

from sqlalchemy import Connection

from app import logs
from app.clock import Clock
from app.db import calls, deliveries, emails, hosts, lanes, work
from app.db.calls import StoredCall
from app.db.session import Database
from app.db.work import Lease
from app.domain.calls import CallSnapshot, CallStatus, Confidence, Fact, Participant, SlackIdentity, newest
from app.domain.fold import fold, recognise
from app.domain.lanes import Pace
from app.domain.meetings import Meeting, Roster
from app.domain.operations import FindPerson
from app.domain.plan import Shown, after
from app.domain.runs import is_asked_about
from app.errors import LeaseLost
from app.metrics import REPAIRS
from app.providers.base import Provider
from app.reconciler.audit import REPAIRED, begun_by, next_look, told_by
from app.services import NEWS_WAIT
from app.services.calls import end_overdue
from app.services.deliveries import apply_early
from app.services.runs import has_gone_on, reopen

STARTING = (CallStatus.WANTED, CallStatus.STARTING)
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """The place, by its lane's clock, and the moment of the last request."""

    place: datetime
    at: datetime


class ClaimedCall:
    """The call of one lease. ``in_flight`` names the operation whose effect is not known, while there is one."""

    def __init__(self, database: Database, clock: Clock, lease: Lease) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease
        self._sent = Sent(lease.claimed_at, lease.claimed_at)
        self._places: Mapping[str, datetime] = {}

    @classmethod
    def claim(cls, database: Database, clock: Clock, lease_seconds: float) -> ClaimedCall | None:
        """The call that has been due longest; None when there is nothing to do."""
        with database.transaction() as connection:
            lease = work.claim(connection, clock.now(), lease_seconds, database.holder)
        return cls(database, clock, lease) if lease else None

    @property
    def call_id(self) -> str:
        return self._lease.call_id

    @property
    def failures(self) -> int:
        """How often in a row it was claimed, this time included, and not brought to an end."""
        return self._lease.failures

    def seconds_since(self, moment: datetime) -> float:
        return (self._clock.now() - moment).total_seconds()

    def is_asked_about(self, call: StoredCall) -> bool:
        """Whether the meeting of a call that is over is worth asking about once more."""
        return is_asked_about(call.snapshot, self._clock.now())

    def has_gone_on(self, call: StoredCall) -> bool:
        """Whether the meeting has begun again, and has another call."""
        with self._database.reading() as connection:
            return has_gone_on(connection, call)

    def load(self) -> tuple[StoredCall, Shown]:
        """The call as it stands now."""
        # The call is read first: what is learned between these reads belongs to a later generation, and is seen again.
        with self._database.reading() as connection:
            call = calls.find_call(connection, self.call_id)
            if call is None:
                raise LeaseLost(f"call_id={self.call_id}")
            call = calls.load_participants(connection, call)
            self._places = call.booked
            return call, calls.load_shown(connection, call.id)

    def take_place(self, call: StoredCall, lane: str, pace: Pace, *, in_flight: str | None) -> float:
        """Take the call's place in a lane, and note what is about to be sent. Returns 0, or the seconds to wait: then
        a place is booked, and nothing else was done."""
        now, known = self._clock.now(), self._places.get(lane)
        with self._database.transaction() as connection:
            booked = lanes.take_place(connection, call.team_id, lane, pace, now, known)
            if not booked.wait:
                work.renew(connection, self._lease, now, in_flight=in_flight)
                self._sent = Sent(booked.place, now)
            self._note_place(connection, lane, booked.place if booked.wait else None)
        return booked.wait.total_seconds()

    def slow_down(self, call: StoredCall, lane: str, pace: Pace, seconds: float) -> None:
        """What was sent last was refused: nobody uses the lane for so long, and then more slowly. The call keeps the
        place that it had."""
        sent_at = self._sent.at
        with self._writing(call.in_flight) as (connection, now):
            lanes.refuse(connection, call.team_id, lane, pace, sent_at=sent_at, now=now, retry_after_seconds=seconds)
            self._note_place(connection, lane, self._sent.place)

    def _note_place(self, connection: Connection, lane: str, place: datetime | None) -> None:
        if self._places.get(lane) != place:
            others = {method: booked for method, booked in self._places.items() if method != lane}
            self._places = {**others, lane: place} if place else others
            work.note_places(connection, self._lease, self._places)

    def note(self, *, in_flight: str | None) -> None:
        with self._writing(in_flight):
            pass

    def save(self, shown: Shown, *, in_flight: str | None) -> None:
        with self._writing(in_flight) as (connection, _):
            calls.save_shown(connection, self.call_id, shown)

    def is_overdue(self, call: StoredCall) -> bool:
        """Whether its moment has come: the call's limit is reached, or the provider is to be asked."""
        return call.deadline_at is not None and call.deadline_at <= self._clock.now()

    def set_deadline(self, moment: datetime) -> None:
        with self._database.transaction() as connection:
            work.set_deadline(connection, self._lease, moment)

    def set_deadline_in(self, seconds: float, *, at_latest: datetime) -> None:
        self.set_deadline(min(self._clock.now() + timedelta(seconds=seconds), at_latest))

    def end_overdue(self, deadline: Callable[[CallSnapshot], datetime | None]) -> None:
        """End the call if its ``deadline`` has come. It may have moved since: somebody came who was not there."""
        with self._database.transaction() as connection:
            call = calls.load_participants(connection, self._lock(connection))
            due = deadline(call.snapshot)
            if due is not None and due > self._clock.now():
                work.set_deadline(connection, self._lease, due)
            else:
                end_overdue(connection, call, due or self._clock.now())

    def look(self, look: Callable[[], Roster | None], *, again: bool = True) -> None:
        """Ask the provider who is in, by ``look``, and take in what it says; then ``again`` after a while. The meeting
        of a call that is over may have begun again: then there is another call.

        Raises a kind of ``RequestFailed``; also then it is asked again only after a while.
        """
        asked_at = self._clock.now()
        if again:
            self.set_deadline(next_look(self.call_id, asked_at))
        roster = look()
        with self._database.transaction() as connection:
            call = calls.load_participants(connection, self._lock(connection))
            if call.snapshot.is_over:
                _begin_anew(connection, call, roster, asked_at)
            else:
                _take_in(connection, call, roster, asked_at)

    def allot_host(self, provider: Provider) -> bool:
        """Have one of the provider's hosts hold the meeting; False when all of them hold as many as they can."""
        most = provider.meetings_per_host
        with self._database.transaction() as connection:
            return hosts.allot(connection, self.call_id, provider.name, provider.account_id, provider.hosts, most)

    def recall(self, team_id: str, addresses: frozenset[str], *, in_flight: str | None) -> bool:
        """Recognise those of ``addresses`` that Slack was asked about lately. Returns whether there were any."""
        with self._writing(in_flight) as (connection, now):
            known = emails.recall(connection, team_id, addresses, now)
            for email, user_id in known.items():
                self._recognise(connection, email, user_id, now)
        return bool(known)

    def save_found(self, team_id: str, email: str, user_id: str | None, *, in_flight: str | None) -> None:
        """Slack has told whose ``email`` is."""
        with self._writing(in_flight) as (connection, now):
            emails.remember(connection, team_id, email, user_id, now)
            self._recognise(connection, email, user_id, now)

    def _recognise(self, connection: Connection, email: str, user_id: str | None, now: datetime) -> None:
        if user_id is None:
            shown = calls.load_shown(connection, self.call_id)
            return calls.save_shown(connection, self.call_id, after(shown, FindPerson(email)))
        call = calls.load_participants(connection, self._lock(connection))
        identity = SlackIdentity(Confidence.EMAIL, now, user_id)
        theirs = [key for key, person in call.snapshot.participants.items() if _has(person, email)]
        known = reduce(lambda snapshot, key: recognise(snapshot, key, identity), theirs, call.snapshot)
        return calls.save_known(connection, call.snapshot, known)

    def save_title(self, title: Fact, *, in_flight: str | None) -> None:
        """The provider has this title now."""
        with self._writing(in_flight) as (connection, _):
            known = self._lock(connection).snapshot
            told = replace(known, meeting_title=newest(known.meeting_title, title))
            calls.save_known(connection, known, told)

    def save_meeting(self, provider: Provider, meeting: Meeting, join_url: str | None, title: Fact) -> None:
        """The meeting, made with this title, is ours from now on, and so is what was told of it already."""
        with self._writing(None) as (connection, now):
            if provider.capabilities.looks:
                work.set_deadline(connection, self._lease, next_look(self.call_id, now))
            deliveries.lock_meeting(connection, provider.name, provider.account_id, meeting.id)
            known = self._lock(connection).snapshot
            ours = replace(known, meeting=meeting, join_url=join_url, meeting_title=newest(known.meeting_title, title))
            calls.save_known(connection, known, ours)
            apply_early(connection, provider, meeting.id, now)

    def fail(self, reason: str, *, in_flight: str | None) -> None:
        """There will be no call. One that has ended meanwhile stays ended: nobody waits for it any more."""
        with self._writing(in_flight) as (connection, _):
            known = self._lock(connection).snapshot
            if not known.is_over:
                calls.save_known(connection, known, replace(known, failure=reason))

    def fail_start(self, reason: str, *, attempts: int) -> bool:
        """The same for a call whose card does not stand yet, after so many failures. Returns whether it was."""
        with self._database.transaction() as connection:
            call = self._lock(connection)
            hopeless = call.status in STARTING and call.failures >= attempts and not call.snapshot.is_over
            if hopeless:
                calls.save_known(connection, call.snapshot, replace(call.snapshot, failure=reason))
        return hopeless

    def finish(self, generation: int, status: CallStatus) -> None:
        """Give it back: all that ``generation`` wanted is done."""
        with self._database.transaction() as connection:
            work.finish(connection, self._lease, generation=generation, status=status)

    def postpone(self, seconds: float, generation: int, status: CallStatus) -> None:
        """Give it back: all that ``generation`` wants and can be done now is done, the rest waits for its places."""
        now = self._clock.now()
        until, news_until = now + timedelta(seconds=seconds), now + NEWS_WAIT
        with self._database.transaction() as connection:
            work.postpone(
                connection, self._lease, until=until, news_until=news_until, generation=generation, status=status
            )

    def retry_later(self, status: CallStatus) -> None:
        """Give it back: something failed, and the delay grows with each time."""
        with self._database.transaction() as connection:
            work.retry_later(connection, self._lease, self._clock.now(), status=status)

    def release(self) -> None:
        """Give it back as it stands, for its next turn."""
        with self._database.transaction() as connection:
            work.release(connection, self._lease)

    @contextmanager
    def _writing(self, in_flight: str | None) -> Iterator[tuple[Connection, datetime]]:
        now = self._clock.now()
        with self._database.transaction() as connection:
            work.renew(connection, self._lease, now, in_flight=in_flight)
            yield connection, now

    def _lock(self, connection: Connection) -> StoredCall:
        call = calls.lock_call(connection, self.call_id)
        if call is None:
            raise LeaseLost(f"call_id={self.call_id}")
        return call


def _has(person: Participant, email: str) -> bool:
    return person.email is not None and person.email.value == email


def _take_in(connection: Connection, call: StoredCall, roster: Roster | None, asked_at: datetime) -> None:
    told = told_by(roster, call.snapshot, asked_at)
    known = reduce(fold, told, call.snapshot)
    if known != call.snapshot:
        for event in told:
            REPAIRS.count(REPAIRED[type(event)])
        log.warning("the provider knows better", call_id=call.id, team_id=call.team_id)
        calls.save_known(connection, call.snapshot, known)


def _begin_anew(connection: Connection, over: StoredCall, roster: Roster | None, asked_at: datetime) -> None:
    begun = begun_by(roster, over.snapshot, asked_at)
    new = reopen(connection, over, begun, asked_at) if begun else None
    if new is not None:
        REPAIRS.count("run")
        _take_in(connection, calls.load_participants(connection, new), roster, asked_at)
