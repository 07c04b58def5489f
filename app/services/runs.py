"""The calls of one meeting, one for each of its runs: a meeting that begins again after its end becomes another call,
in the thread of the old card.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise

from sqlalchemy import Connection

from app import logs
from app.db import calls, deliveries
from app.db.calls import NewCall, StoredCall
from app.domain.calls import CallSnapshot, Fact
from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft
from app.domain.fold import fold
from app.domain.plan import Shown
from app.domain.runs import begun_anew, is_of_earlier, later_run, people_of_later_run

FIRST_LOOK = timedelta(minutes=5)
"""Until time itself has something to say of the new call."""
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class LockedMeetings:
    """The calls of some meetings, newest first, by meeting id; of their people those whom the events name.
    ``begun_anew`` are the ids of the calls that were made just now."""

    of_meetings: Mapping[str, Sequence[StoredCall]]
    begun_anew: frozenset[str]

    def call_of(self, event: Event) -> StoredCall | None:
        """The call of the run that ``event`` is about; None when its meeting is not ours."""
        its = self.of_meetings.get(event.meeting_id, ())
        for call, earlier in pairwise(its):
            if not is_of_earlier(event, earlier.snapshot, call.snapshot):
                return call
        return its[-1] if its else None

    def call_of_any(self, events: Iterable[Event]) -> StoredCall | None:
        """The call of the first of these events that has one."""
        return next((call for event in events if (call := self.call_of(event))), None)


def lock_meetings(
    connection: Connection, provider: str, account_id: str, events: Iterable[Event], now: datetime
) -> LockedMeetings:
    """The calls that the events are about, locked until the transaction ends. Where they tell that a meeting has begun
    again, its new call is among them."""
    told: dict[str, list[Event]] = {}
    for event in events:
        told.setdefault(event.meeting_id, []).append(event)
    locked = _lock(connection, provider, account_id, sorted(told))
    if any(its[0].snapshot.is_over for its in locked.values()):
        # While we waited for the old row somebody else may have made the next one, which that look could not see.
        locked = _lock(connection, provider, account_id, sorted(told))
    new = [call for id_, its in locked.items() if (call := _next_run(connection, its, told[id_], now))]
    if new:
        locked = _lock(connection, provider, account_id, sorted(told))
    return LockedMeetings(_with_people(connection, locked, told), frozenset(call.id for call in new))


def _lock(
    connection: Connection, provider: str, account_id: str, meeting_ids: Sequence[str]
) -> dict[str, list[StoredCall]]:
    locked = calls.lock_by_meetings(connection, provider, account_id, meeting_ids)
    unknown = [meeting_id for meeting_id in meeting_ids if meeting_id not in locked]
    if unknown:
        for meeting_id in unknown:
            deliveries.lock_meeting(connection, provider, account_id, meeting_id)
        locked |= calls.lock_by_meetings(connection, provider, account_id, unknown)
    return locked


def _with_people(
    connection: Connection, locked: Mapping[str, Sequence[StoredCall]], told: Mapping[str, Iterable[Event]]
) -> dict[str, list[StoredCall]]:
    keys = {key for meeting_id in locked for key in _people(told[meeting_id])}
    its_calls = [call for its in locked.values() for call in its]
    known = calls.load_people(connection, its_calls, keys) if keys else {}
    return {
        meeting_id: [
            replace(call, snapshot=replace(call.snapshot, participants=known.get(call.id, {}))) for call in its
        ]
        for meeting_id, its in locked.items()
    }


def _people(events: Iterable[Event]) -> set[str]:
    """The keys of the people that the events name."""
    return {event.person.key for event in events if isinstance(event, ParticipantJoined | ParticipantLeft)}


def _next_run(
    connection: Connection, its: Sequence[StoredCall], told: Sequence[Event], now: datetime
) -> StoredCall | None:
    """A new call after the newest of a meeting's, when these events tell that one has begun."""
    newest, its_meeting = its[0], LockedMeetings({told[0].meeting_id: its}, frozenset())
    its_events = [event for event in told if its_meeting.call_of(event) is newest]
    is_ending = any(isinstance(event, MeetingEnded) for event in its_events)
    tells_of_runs = is_ending or any(isinstance(event, MeetingStarted) for event in its_events)
    if not newest.snapshot.is_over and not is_ending:
        return None
    whole = calls.load_participants(connection, newest, None if tells_of_runs else _people(its_events))
    begun = begun_anew(whole.snapshot, its_events)
    return reopen(connection, _ended(connection, newest, its_events, now), begun, now) if begun else None


def _ended(connection: Connection, call: StoredCall, told: Sequence[Event], now: datetime) -> StoredCall:
    """The call with the end that is told of it: by that the two runs are told apart from now on."""
    known = reduce(fold, [event for event in told if isinstance(event, MeetingEnded)], call.snapshot)
    if known != call.snapshot:
        calls.save_known(connection, call.snapshot, known, reconcile_after=now)
    return replace(call, snapshot=known)


def has_gone_on(connection: Connection, over: StoredCall) -> bool:
    """Whether there is a call after ``over``."""
    return calls.is_requested(connection, over.team_id, _request_key(over))


def reopen(connection: Connection, over: StoredCall, begun: Fact, now: datetime) -> StoredCall | None:
    """Want a call for the run of the meeting that has ``begun``. ``over`` is the locked call before it.

    None where the old card has no thread that we know of: the channel then took it through a response_url only, and
    would take no other.
    """
    thread_ts = over.thread_ts or calls.load_shown(connection, over.id).message_ts
    if not thread_ts:
        log.debug("meeting begins anew where no card can be posted", call_id=over.id, team_id=over.team_id)
        return None
    # The key makes sure of what the lock on the old row sees to: there is one call after each.
    new = _new_call(over, begun, now, thread_ts)
    if not calls.insert_call(connection, new):
        return None
    # Nobody asked for this call, so nobody is told should it come to nothing.
    calls.save_shown(connection, new.id, Shown(failure_told=True))
    inserted = calls.lock_call(connection, new.id)
    if inserted is None:
        return None
    whole = calls.load_participants(connection, over)
    known = _known(inserted.snapshot, whole, begun, new.join_token)
    calls.save_known(connection, inserted.snapshot, known, reconcile_after=now)
    log.info("meeting begins anew", call_id=new.id, after=over.id, team_id=new.team_id, channel_id=new.channel_id)
    return calls.lock_call(connection, new.id)


def _new_call(over: StoredCall, begun: Fact, now: datetime, thread_ts: str) -> NewCall:
    # Of the calls of one meeting the one that started last is the one that goes on.
    started_at = max(begun.at, over.snapshot.started_at + timedelta(microseconds=1))
    return NewCall(
        id=f"call-{secrets.token_hex(10)}",
        team_id=over.team_id,
        enterprise_id=over.enterprise_id,
        channel_id=over.channel_id,
        created_by=over.snapshot.created_by,
        request_key=_request_key(over),
        response_url=None,
        provider=over.provider,
        account_id=over.account_id,
        is_private=over.is_private,
        join_token=secrets.token_urlsafe(24),
        title=over.snapshot.title.value,
        at=started_at,
        deadline_at=now + FIRST_LOOK,
        reopens=over.id,
        thread_ts=thread_ts,
        host=over.host,
    )


def _request_key(over: StoredCall) -> str:
    return f"reopen:{over.id}"


def _known(new: CallSnapshot, over: StoredCall, begun: Fact, join_token: str) -> CallSnapshot:
    """What is known of the new call from the start: its meeting, and who may have come already."""
    before = over.snapshot
    return replace(
        new,
        # As told last: with the moment of the new call it would beat a title that the provider tells just then.
        title=before.title,
        meeting=before.meeting,
        join_url=_own_page(before.join_url, over.join_token, join_token),
        meeting_title=before.meeting_title,
        occurrence=begun if begun.value else later_run(before),
        participants=people_of_later_run(before),
    )


def _own_page(join_url: str | None, old_token: str, token: str) -> str | None:
    """The card's link: our page for this call where it was our page for the old one, else the meeting's own."""
    if join_url is None or not join_url.endswith(f"/join/{old_token}"):
        return join_url
    return join_url.removesuffix(old_token) + token
