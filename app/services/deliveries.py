"""A provider's webhook: stored, folded into its call, and the call marked as changed, in one transaction."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache, reduce

from sqlalchemy import Connection

from app import logs
from app.clock import Clock
from app.db import calls, deliveries
from app.db.calls import Learned, StoredCall
from app.db.deliveries import Delivery, Outcome, Taken
from app.db.session import Database, is_away
from app.domain.calls import CallSnapshot
from app.domain.events import Event, ParticipantJoined, ParticipantLeft
from app.domain.fold import fold
from app.errors import WebhookMalformed, WebhookRejected
from app.metrics import DELIVERIES
from app.providers.base import Provider, WebhookRequest
from app.services import NEWS_WAIT, Nudge
from app.services.runs import LockedMeetings, lock_meetings

LONGEST_KEY = 300
# A call that has booked its place in the lane of what an event leads to need not look up for it.
LANE_OF: dict[type[Event], str] = {
    ParticipantJoined: "calls.participants.add",
    ParticipantLeft: "calls.participants.remove",
}
_SECRET_HEADER = re.compile(r"auth|cookie|signature|secret|token|api-?key|passw|jwt|assertion|oidc")
# The same quotation marks, colon and backslash, as forms write them (https://url.spec.whatwg.org/#urlencoded-serializing).
_IN_A_FORM = rb"(?i:(%%22%s%%22(?:\+|%%20)*(?:%%3A|:)(?:\+|%%20)*%%22)(?:%%5C(?:%%..|[^&%%])|(?!%%22|%%5C)[^&])*)"
log = logs.get(__name__)


class Receipt(StrEnum):
    """What a genuine request came to."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    UNMATCHED = "unmatched"
    """Nothing we follow: a kind of event, or a meeting, that is not ours."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A genuine delivery and the events in it."""

    delivery: Delivery
    events: Sequence[Event]


@dataclass(frozen=True, slots=True)
class _TakenIn:
    """What a delivery came to, and whether the workers must hear of it."""

    receipt: Receipt
    is_news: bool = False


class DeliveryService:
    """Receives webhooks."""

    def __init__(self, database: Database, clock: Clock, nudge: Nudge) -> None:
        self._database = database
        self._clock = clock
        self._nudge = nudge

    def receive(self, provider: Provider, request: WebhookRequest) -> Receipt:
        """Take in one request. Raises ``WebhookRejected`` when it is not genuine and ``WebhookMalformed`` when it is
        not readable. Whatever else is raised, the request is stored, so that it can be replayed."""
        [came_to] = self.receive_all([(provider, request)])
        if isinstance(came_to, Exception):
            raise came_to
        return came_to

    def receive_all(self, requests: Sequence[tuple[Provider, WebhookRequest]]) -> list[Receipt | Exception]:
        """Take in requests that came together, and say of each what ``receive`` would return or raise.

        They are written in one transaction: a commit costs as much as all the rest, and only one can write at a time.
        """
        read = [self._read(provider, request) for provider, request in requests]
        arrived = [each for each in read if isinstance(each, _Arrived)]
        written = self._write(arrived)
        if any(isinstance(each, _TakenIn) and each.is_news for each in written):
            self._nudge()
        came_to = iter(map(_told, arrived, written))
        return [next(came_to) if isinstance(each, _Arrived) else each for each in read]

    def _read(self, provider: Provider, request: WebhookRequest) -> _Arrived | Receipt | Exception:
        events: Sequence[Event] = ()
        try:
            provider.verify(request)
            events = provider.parse_events(request)
            if events:
                return _Arrived(self._delivery(provider, request, events), events)
        except WebhookRejected as rejection:
            return rejection
        except Exception as error:  # noqa: BLE001  # whatever our code trips over, the delivery must not be lost
            return self._kept(self._delivery(provider, request, events), error)
        log.debug("webhook ignored", provider=provider.name)
        DELIVERIES.count(provider.name, "ignored")
        return Receipt.UNMATCHED

    def _write(self, arrived: Sequence[_Arrived]) -> Sequence[_TakenIn | Exception]:
        """Together; or one by one, when one of them trips our code, which must not take the others along."""
        try:
            return self._take_in(arrived) if arrived else []
        except Exception as error:  # noqa: BLE001  # it may lie in one of them only
            if is_away(error):
                # None could be stored now; those who sent them are asked to do it again.
                return [error] * len(arrived)
            if len(arrived) == 1:
                return [self._kept(arrived[0].delivery, error)]
        return [came_to for each in arrived for came_to in self._write([each])]

    def _take_in(self, arrived: Sequence[_Arrived]) -> list[_TakenIn]:
        """Store the deliveries and fold them into their calls, in one transaction."""
        with self._database.transaction() as connection:
            return _take_in(connection, arrived, self._clock.now())

    def _kept(self, delivery: Delivery, error: Exception) -> Exception:
        """``error``, which this delivery is stored with; or what is in the way of that."""
        DELIVERIES.count(delivery.provider, "failed")
        try:
            self._keep_failed(delivery, error)
        except Exception as another:  # noqa: BLE001  # the database may be away, and the others must have their answers
            return another
        return error

    def _keep_failed(self, delivery: Delivery, error: Exception) -> None:
        with self._database.transaction() as connection:
            failed = Taken(delivery=delivery, outcome=Outcome.FAILED, error=type(error).__name__)
            delivery_id = deliveries.store(connection, [failed]).get(delivery.dedupe_key)
        # Of a body that is not as documented the stack tells nothing more.
        (log.error if isinstance(error, WebhookMalformed) else log.exception)(
            "webhook not taken in", provider=delivery.provider, delivery_id=delivery_id, why=what_went_wrong(error)
        )

    def _delivery(self, provider: Provider, request: WebhookRequest, events: Sequence[Event]) -> Delivery:
        return Delivery(
            provider=provider.name,
            account_id=provider.account_id,
            dedupe_key=_dedupe_key(request, events),
            meeting_id=events[0].meeting_id if events else None,
            received_at=self._clock.now(),
            headers=harmless(request.headers),
            body=without_secrets(request.body, provider.secret_fields),
        )


def apply_early(connection: Connection, provider: Provider, meeting_id: str, now: datetime) -> None:
    """Take in what was told of a meeting before we knew it to be ours.

    A provider may report a meeting faster than it answers the request that made it.
    """
    for early in deliveries.unmatched(connection, provider.name, provider.account_id, meeting_id):
        request = WebhookRequest.of(body=early.body, headers=early.headers)
        events = provider.parse_events(request)
        if call_id := fold_again(connection, provider, events, now):
            deliveries.set_outcome(connection, early.id, Outcome.APPLIED, call_id=call_id)


def fold_again(connection: Connection, provider: Provider, events: Sequence[Event], now: datetime) -> str | None:
    """Fold the events of a delivery that is stored already. Returns the id of the call that the first of them is about;
    None when none of them is about a call of ours."""
    meetings = lock_meetings(connection, provider.name, provider.account_id, events, now)
    _fold_in(connection, meetings, events, now)
    call = meetings.call_of_any(events)
    return call.id if call else None


def harmless(headers: Mapping[str, str]) -> dict[str, str]:
    """Those of ``headers`` that may be stored: all that hold no secret, as far as their names tell."""
    return {name: value for name, value in headers.items() if not _is_secret(name)}


def without_secrets(body: bytes, fields: Iterable[str]) -> bytes:
    """``body`` with the values of these JSON string fields masked, wherever they stand in it; also in JSON that is part
    of a form."""
    is_form = b"%22" in body
    for field in fields:
        # Works on the bytes: reading and writing JSON anew costs more than all the rest of a delivery.
        name = re.escape(field.encode())
        body = re.sub(rb'("%s"\s*:\s*")(?:[^"\\]|\\.)*' % name, rb"\1***", body)
        if is_form:
            body = re.sub(_IN_A_FORM % name, rb"\1***", body)
    return body


def what_went_wrong(error: Exception) -> str:
    """The kind of error; of a webhook that is not as documented also where, which quotes nothing of it."""
    return error.detail if isinstance(error, WebhookMalformed) else type(error).__name__


def _told(arrived: _Arrived, came_to: _TakenIn | Exception) -> Receipt | Exception:
    """What a delivery came to, counted."""
    if isinstance(came_to, Exception):
        return came_to
    DELIVERIES.count(arrived.delivery.provider, came_to.receipt.value)
    return came_to.receipt


def _take_in(connection: Connection, arrived: Sequence[_Arrived], now: datetime) -> list[_TakenIn]:
    """What came of each, in order. All of one transaction: the caller's."""
    came_to: dict[int, _TakenIn] = {}
    for account in {_account(each) for each in arrived}:
        its = {number: each for number, each in enumerate(arrived) if _account(each) == account}
        came_to |= zip(its, _take_in_of(connection, *account, list(its.values()), now), strict=True)
    return [came_to[number] for number in range(len(arrived))]


def _account(arrived: _Arrived) -> tuple[str, str]:
    return arrived.delivery.provider, arrived.delivery.account_id


def _take_in_of(
    connection: Connection, provider: str, account_id: str, arrived: Sequence[_Arrived], now: datetime
) -> list[_TakenIn]:
    events = [event for each in arrived for event in each.events]
    meetings = lock_meetings(connection, provider, account_id, events, now)
    # Of the same delivery twice in one transaction, the first counts.
    first = {each.delivery.dedupe_key: each for each in reversed(arrived)}
    stored = deliveries.store(connection, [_taken(each, meetings) for each in first.values()])
    new = [first[key] for key in stored]
    news = _fold_in(connection, meetings, [event for each in new for event in each.events], now)
    return [_came_to(each, meetings, news, stored if _is_first(each, first) else {}) for each in arrived]


def _is_first(arrived: _Arrived, first: Mapping[str, _Arrived]) -> bool:
    return first[arrived.delivery.dedupe_key] is arrived


def _taken(arrived: _Arrived, meetings: LockedMeetings) -> Taken:
    call = meetings.call_of_any(arrived.events)
    outcome = Outcome.APPLIED if call else Outcome.UNMATCHED
    return Taken(delivery=arrived.delivery, outcome=outcome, call_id=call.id if call else None)


def _came_to(arrived: _Arrived, meetings: LockedMeetings, news: set[str], stored: Mapping[str, str]) -> _TakenIn:
    delivery_id = stored.get(arrived.delivery.dedupe_key)
    if delivery_id is None:
        return _TakenIn(Receipt.DUPLICATE)
    call_ids = {call.id for event in arrived.events if (call := meetings.call_of(event))}
    if not call_ids:
        log.info("webhook about no call of ours", provider=arrived.delivery.provider, delivery_id=delivery_id)
        return _TakenIn(Receipt.UNMATCHED)
    return _TakenIn(Receipt.APPLIED, is_news=not news.isdisjoint(call_ids))


def _fold_in(connection: Connection, meetings: LockedMeetings, events: Iterable[Event], now: datetime) -> set[str]:
    """Fold the events into their calls. Returns the ids of the calls that the workers must hear of: one that waits for
    its turn already needs no one woken, and in a large meeting nearly every delivery finds it so."""
    told: dict[str, list[Event]] = {}
    of_calls: dict[str, StoredCall] = {}
    for event in events:
        if call := meetings.call_of(event):
            of_calls[call.id] = call
            told.setdefault(call.id, []).append(event)
    learned = {call_id: _learn(of_calls[call_id], its, now) for call_id, its in told.items()}
    if learned:
        calls.save_all_known(connection, list(learned.values()))
    is_new = meetings.begun_anew
    return {id_ for id_, each in learned.items() if each.reconcile_after or of_calls[id_].is_in_step or id_ in is_new}


def _learn(call: StoredCall, events: Sequence[Event], now: datetime) -> Learned:
    before = call.snapshot
    known = reduce(fold, events, before)
    # Who comes and goes waits for the lane together with the others; the end and a new title do not.
    if _headline(known) != _headline(before):
        return Learned(before=before, known=known, reconcile_after=now)
    has_place = all(LANE_OF.get(type(event)) in call.booked for event in events)
    return Learned(before=before, known=known, at_latest=None if has_place else now + NEWS_WAIT)


@lru_cache(maxsize=500)
def _is_secret(header: str) -> bool:
    return _SECRET_HEADER.search(header) is not None


def _headline(snapshot: CallSnapshot) -> tuple[object, ...]:
    return (snapshot.title, snapshot.ended_at)


def _dedupe_key(request: WebhookRequest, events: Sequence[Event]) -> str:
    """The provider's own ids; for what could not be read, the body itself."""
    key = " ".join(event.dedupe_key for event in events)
    if key and len(key) <= LONGEST_KEY:
        return key
    return "sha256:" + hashlib.sha256(key.encode() or request.body).hexdigest()
