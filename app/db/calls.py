"""Reading and writing calls: what is wanted and known of them. Their place in the work list is in ``work``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Update, and_, bindparam, case, select, update

from app.db.encryption import Cipher, cipher_of
from app.db.insert import insert_or_ignore, insert_or_replace
from app.db.models import CALLS, PARTICIPANTS, SHOWN
from app.db.types import UtcDateTime
from app.domain.calls import CallSnapshot, CallStatus, Fact, Participant
from app.domain.plan import Shown

_COLUMNS = (
    CALLS.c.id,
    CALLS.c.enterprise_id,
    CALLS.c.team_id,
    CALLS.c.channel_id,
    CALLS.c.created_by,
    CALLS.c.response_url,
    CALLS.c.provider,
    CALLS.c.account,
    CALLS.c.is_private,
    CALLS.c.meeting_id,
    CALLS.c.meeting,
    CALLS.c.join_token,
    CALLS.c.join_secret,
    CALLS.c.join_url,
    CALLS.c.host,
    CALLS.c.held_by,
    CALLS.c.status,
    CALLS.c.title,
    CALLS.c.title_at,
    CALLS.c.meeting_title,
    CALLS.c.meeting_title_at,
    CALLS.c.started_at,
    CALLS.c.occurrence_id,
    CALLS.c.occurrence_at,
    CALLS.c.ended_at,
    CALLS.c.meeting_is_over,
    CALLS.c.failure,
    CALLS.c.is_closed,
    CALLS.c.is_cut_off,
    CALLS.c.reopens,
    CALLS.c.thread_ts,
    CALLS.c.generation,
    CALLS.c.shown_generation,
    CALLS.c.deadline_at,
    CALLS.c.in_flight,
    CALLS.c.booked,
    CALLS.c.failures,
)
RUNNING = (CallStatus.WANTED, CallStatus.STARTING, CallStatus.LIVE)
"""As far as a worker has noted; the end of such a call may be known already."""
IS_RUNNING = and_(CALLS.c.status.in_(RUNNING), CALLS.c.ended_at.is_(None), CALLS.c.failure.is_(None))

# Building a statement costs ten times as much as executing it, so those that every webhook needs are built once.
_CALL = select(*_COLUMNS).where(CALLS.c.id == bindparam("call_id"))
_CALL_LOCKED = _CALL.with_for_update()
# Of several calls of one meeting the newest comes first; all lock in this order, so nobody waits in a circle.
_OF_MEETINGS_LOCKED = (
    select(*_COLUMNS)
    .where(CALLS.c.provider == bindparam("provider"), CALLS.c.account == bindparam("account"))
    .where(CALLS.c.meeting_id.in_(bindparam("meeting_ids", expanding=True)))
    .order_by(CALLS.c.started_at.desc(), CALLS.c.id)
    .with_for_update()
)
_PARTICIPANTS = select(PARTICIPANTS.c.known).where(PARTICIPANTS.c.call_id == bindparam("call_id"))
_PARTICIPANTS_OF_KEYS = _PARTICIPANTS.where(PARTICIPANTS.c.key.in_(bindparam("keys", expanding=True)))
_ALL_OF_CALLS = select(PARTICIPANTS.c.call_id, PARTICIPANTS.c.known).where(
    PARTICIPANTS.c.call_id.in_(bindparam("call_ids", expanding=True))
)
_KEYS_OF_CALLS = _ALL_OF_CALLS.where(PARTICIPANTS.c.key.in_(bindparam("keys", expanding=True)))
_BLIND = (
    update(PARTICIPANTS)
    .where(PARTICIPANTS.c.call_id == bindparam("of_call"), PARTICIPANTS.c.key == bindparam("plain"))
    .values(key=bindparam("blind"))
)
_SHOWN = select(SHOWN.c.shown).where(SHOWN.c.call_id == bindparam("call_id"))
_TOUCH = update(CALLS).where(CALLS.c.id == bindparam("call_id")).values(generation=CALLS.c.generation + 1)
_AT_LATEST = bindparam("at_latest", type_=UtcDateTime())
_WAITS_LONGER = and_(CALLS.c.failures == 0, CALLS.c.reconcile_after > _AT_LATEST)
_TOUCH_SOON = _TOUCH.values(reconcile_after=case((_WAITS_LONGER, _AT_LATEST), else_=CALLS.c.reconcile_after))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """A call as it stands in the database. ``snapshot`` holds only the participants that were asked for.

    ``thread_ts`` is the message in whose thread the card belongs; None for one that stands by itself.
    """

    snapshot: CallSnapshot
    team_id: str
    enterprise_id: str | None
    channel_id: str
    response_url: str | None
    provider: str
    account_id: str
    join_token: str
    status: CallStatus
    generation: int
    shown_generation: int
    is_private: bool = True
    host: str | None = None
    thread_ts: str | None = None
    deadline_at: datetime | None = None
    in_flight: str | None = None
    booked: Mapping[str, datetime] = field(default_factory=dict)
    failures: int = 0

    @property
    def id(self) -> str:
        return self.snapshot.id

    @property
    def is_in_step(self) -> bool:
        """Whether Slack and the provider match it, so that no worker has it on its list."""
        return self.generation == self.shown_generation


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCall:
    """What a call begins with. ``request_key`` is the same when the same request comes again."""

    id: str
    team_id: str
    enterprise_id: str | None
    channel_id: str
    created_by: str
    request_key: str | None
    response_url: str | None
    provider: str
    account_id: str
    join_token: str
    title: str
    at: datetime
    deadline_at: datetime | None
    is_private: bool = True
    reopens: str | None = None
    thread_ts: str | None = None
    host: str | None = None


def insert_call(connection: Connection, new: NewCall) -> bool:
    """Store a new call; False when this request has made one already."""
    cipher = cipher_of(connection.dialect)
    values = {
        "id": new.id,
        "team_id": new.team_id,
        "enterprise_id": new.enterprise_id,
        "channel_id": new.channel_id,
        "created_by": new.created_by,
        "request_key": new.request_key,
        "response_url": new.response_url,
        "provider": new.provider,
        "account": new.account_id,
        "is_private": new.is_private,
        "join_token": cipher.blind(new.join_token),
        "join_secret": cipher.copy(new.join_token),
        "status": CallStatus.WANTED,
        "title": new.title,
        "title_at": new.at,
        "started_at": new.at,
        "reconcile_after": new.at,
        "deadline_at": new.deadline_at,
        "reopens": new.reopens,
        "thread_ts": new.thread_ts,
        "host": new.host and cipher.blind(new.host),
        "held_by": cipher.copy(new.host),
    }
    return insert_or_ignore(connection, CALLS, values)


def find_call(connection: Connection, call_id: str) -> StoredCall | None:
    return _one(connection, _CALL, call_id=call_id)


def is_requested(connection: Connection, team_id: str, request_key: str) -> bool:
    """Whether a request of the team has made a call already."""
    of_request = select(CALLS.c.id).where(CALLS.c.team_id == team_id, CALLS.c.request_key == request_key)
    return connection.execute(of_request).one_or_none() is not None


def find_by_join_token(connection: Connection, join_token: str) -> StoredCall | None:
    forms = cipher_of(connection.dialect).forms([join_token])
    return _one(connection, select(*_COLUMNS).where(CALLS.c.join_token.in_(forms)))


def lock_call(connection: Connection, call_id: str) -> StoredCall | None:
    return _one(connection, _CALL_LOCKED, call_id=call_id)


def lock_by_meetings(
    connection: Connection, provider: str, account: str, meeting_ids: Iterable[str]
) -> dict[str, list[StoredCall]]:
    """The calls of these meetings, newest first, by meeting id, locked until the transaction ends; none of their
    participants. A meeting without calls has no place in it."""
    forms = cipher_of(connection.dialect).forms(sorted(meeting_ids))
    given = {"provider": provider, "account": account, "meeting_ids": forms}
    of_meetings: dict[str, list[StoredCall]] = {}
    for row in connection.execute(_OF_MEETINGS_LOCKED, given):
        meeting_id = row.meeting.id if row.meeting else row.meeting_id
        of_meetings.setdefault(meeting_id, []).append(_stored(row))
    return of_meetings


def running_calls(connection: Connection, team_id: str, channel_id: str) -> list[StoredCall]:
    """The channel's calls that are not over, newest first."""
    return list_calls(connection, CALLS.c.team_id == team_id, CALLS.c.channel_id == channel_id, IS_RUNNING)


def list_calls(connection: Connection, *conditions: ColumnElement[bool], most: int | None = None) -> list[StoredCall]:
    """Calls without their participants, newest first."""
    newest = select(*_COLUMNS).where(*conditions).order_by(CALLS.c.started_at.desc(), CALLS.c.id)
    return [_stored(row) for row in connection.execute(newest.limit(most))]


def load_participants(connection: Connection, call: StoredCall, keys: Iterable[str] | None = None) -> StoredCall:
    """``call`` with all its participants, or with those of ``keys``."""
    if keys is None:
        rows = connection.execute(_PARTICIPANTS, {"call_id": call.id})
    else:
        forms = cipher_of(connection.dialect).forms(keys)
        rows = connection.execute(_PARTICIPANTS_OF_KEYS, {"call_id": call.id, "keys": forms})
    return replace(call, snapshot=replace(call.snapshot, participants=_by_key(rows.scalars())))


def load_people(
    connection: Connection, stored: Iterable[StoredCall], keys: Iterable[str] | None = None
) -> dict[str, dict[str, Participant]]:
    """Who is known in these calls, or who of ``keys``, by call id and key."""
    people: dict[str, dict[str, Participant]] = {call.id: {} for call in stored}
    given: dict[str, Any] = {"call_ids": list(people)}
    if keys is not None:
        given["keys"] = cipher_of(connection.dialect).forms(keys)
    for row in connection.execute(_ALL_OF_CALLS if keys is None else _KEYS_OF_CALLS, given):
        people[row.call_id][row.known.key] = row.known
    return people


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What is known of a call now; ``before`` is what stands in the locked row.

    ``reconcile_after`` brings the call's turn forward whatever it waits for, ``at_latest`` the turn of a call that
    waits for its lanes; one that rests because something failed goes on resting. Without them it keeps waiting.
    """

    before: CallSnapshot
    known: CallSnapshot
    reconcile_after: datetime | None = None
    at_latest: datetime | None = None


def save_known(
    connection: Connection, before: CallSnapshot, known: CallSnapshot, *, reconcile_after: datetime | None = None
) -> None:
    """``save_all_known`` for one call."""
    save_all_known(connection, [Learned(before=before, known=known, reconcile_after=reconcile_after)])


def save_all_known(connection: Connection, learned: Sequence[Learned]) -> None:
    """Store what is known now. Each row is written even when nothing differs: the write is the lock, and leaving it out
    has lost updates."""
    cipher = cipher_of(connection.dialect)
    touched: dict[Update, list[dict[str, Any]]] = {}
    for each in learned:
        touch = _TOUCH if each.at_latest is None else _TOUCH_SOON
        changed = _changed(each, cipher)
        # Who comes and goes changes no column: a statement that is ready will do, and will do for many.
        statement = touch.values(changed) if changed else touch
        touched.setdefault(statement, []).append({"call_id": each.known.id, "at_latest": each.at_latest})
    for statement, given in touched.items():
        connection.execute(statement, given)
    _save_participants(connection, learned)


def _changed(learned: Learned, cipher: Cipher) -> dict[str, Any]:
    stands, values = _values(learned.before), _values(learned.known)
    changed = {name: value for name, value in values.items() if stands[name] != value}
    if changed.get("meeting_id"):
        changed["meeting_id"] = cipher.blind(changed["meeting_id"])
    if learned.reconcile_after is not None:
        changed["reconcile_after"] = learned.reconcile_after
    return changed


def load_shown(connection: Connection, call_id: str) -> Shown:
    return connection.execute(_SHOWN, {"call_id": call_id}).scalar_one_or_none() or Shown()


def save_shown(connection: Connection, call_id: str, shown: Shown) -> None:
    insert_or_replace(connection, SHOWN, [{"call_id": call_id, "shown": shown}], key=["call_id"], value="shown")


def _values(known: CallSnapshot) -> dict[str, Any]:
    """The columns of what is known, but for the participants."""
    return {
        "title": known.title.value,
        "title_at": known.title.at,
        "meeting_title": known.meeting_title.value if known.meeting_title else None,
        "meeting_title_at": known.meeting_title.at if known.meeting_title else None,
        "occurrence_id": known.occurrence.value if known.occurrence else None,
        "occurrence_at": known.occurrence.at if known.occurrence else None,
        "ended_at": known.ended_at,
        "meeting_is_over": known.meeting_is_over,
        "meeting": known.meeting,
        "meeting_id": known.meeting.id if known.meeting else None,
        "join_url": known.join_url,
        "failure": known.failure,
        "is_closed": known.is_closed,
    }


def _save_participants(connection: Connection, learned: Iterable[Learned]) -> None:
    cipher = cipher_of(connection.dialect)
    changed = [
        (each, key, person)
        for each in learned
        for key, person in each.known.participants.items()
        if each.before.participants.get(key) != person
    ]
    if cipher.is_on and changed:
        # Their rows may be older than the keys, and nobody may have two.
        blind = [{"of_call": each.known.id, "plain": key, "blind": cipher.blind(key)} for each, key, _ in changed]
        connection.execute(_BLIND, blind)
    rows = [{"call_id": each.known.id, "key": cipher.blind(key), "known": person} for each, key, person in changed]
    if rows:
        insert_or_replace(connection, PARTICIPANTS, rows, key=["call_id", "key"], value="known")


def _one(connection: Connection, statement: Select[*tuple[Any, ...]], **given: str) -> StoredCall | None:
    row = connection.execute(statement, given).one_or_none()
    return _stored(row) if row else None


def _by_key(people: Iterable[Participant]) -> dict[str, Participant]:
    return {known.key: known for known in people}


def _stored(row: Row[*tuple[Any, ...]], people: Iterable[Participant] = ()) -> StoredCall:
    snapshot = CallSnapshot(
        id=row.id,
        created_by=row.created_by,
        started_at=row.started_at,
        title=Fact(row.title_at, row.title),
        meeting=row.meeting,
        join_url=row.join_url,
        meeting_title=Fact(row.meeting_title_at, row.meeting_title) if row.meeting_title is not None else None,
        occurrence=Fact(row.occurrence_at, row.occurrence_id) if row.occurrence_id else None,
        ended_at=row.ended_at,
        meeting_is_over=row.meeting_is_over,
        failure=row.failure,
        is_closed=row.is_closed,
        is_cut_off=row.is_cut_off,
        reopens=row.reopens,
        participants=_by_key(people),
    )
    return StoredCall(
        snapshot=snapshot,
        team_id=row.team_id,
        enterprise_id=row.enterprise_id,
        channel_id=row.channel_id,
        response_url=row.response_url,
        provider=row.provider,
        account_id=row.account,
        is_private=row.is_private,
        join_token=row.join_secret or row.join_token,
        host=row.held_by or row.host,
        thread_ts=row.thread_ts,
        status=CallStatus(row.status),
        generation=row.generation,
        shown_generation=row.shown_generation,
        deadline_at=row.deadline_at,
        in_flight=row.in_flight,
        booked=row.booked or {},
        failures=row.failures,
    )
