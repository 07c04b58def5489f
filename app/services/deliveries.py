"""A provider's webhook: stored, folded into its call, and the call marked as changed, in one transaction."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import reduce
from itertools import groupby

from sqlalchemy import Connection

from app import logs
from app.clock import Clock
from app.db import calls, deliveries
from app.db.calls import StoredCall
from app.db.deliveries import Delivery, Outcome
from app.db.session import Database
from app.domain.calls import CallSnapshot
from app.domain.events import Event, ParticipantJoined, ParticipantLeft
from app.domain.fold import fold
from app.errors import WebhookMalformed
from app.providers.base import Provider, WebhookRequest
from app.services import ACCOUNT, NEWS_WAIT, Nudge

LONGEST_KEY = 300
# A call that has booked its place in the lane of what an event leads to need not look up for it.
LANE_OF: dict[type[Event], str] = {
    ParticipantJoined: "calls.participants.add",
    ParticipantLeft: "calls.participants.remove",
}
_SECRET_HEADER = re.compile(r"authorization|cookie|signature|secret|token|api-key")
log = logs.get(__name__)


class Receipt(StrEnum):
    """What a genuine request came to."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    UNMATCHED = "unmatched"
    """Nothing we follow: a kind of event, or a meeting, that is not ours."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What one delivery tells of one call. The call is locked, and holds the people who are told of."""

    call: StoredCall
    events: Sequence[Event]


class DeliveryService:
    """Receives webhooks."""

    def __init__(self, database: Database, clock: Clock, nudge: Nudge) -> None:
        self._database = database
        self._clock = clock
        self._nudge = nudge

    def receive(self, provider: Provider, request: WebhookRequest) -> Receipt:
        """Take in one request. Raises ``WebhookRejected`` when it is not genuine and ``WebhookMalformed`` when it is
        not readable. Whatever else is raised, the request is stored, so that it can be replayed."""
        provider.verify(request)
        events: Sequence[Event] = ()
        try:
            events = provider.parse_events(request)
            return self._take_in(provider, request, events)
        except Exception as error:  # whatever our code trips over, the delivery must not be lost
            self._keep_failed(self._delivery(provider, request, events), error)
            raise

    def _take_in(self, provider: Provider, request: WebhookRequest, events: Sequence[Event]) -> Receipt:
        if not events:
            log.debug("webhook ignored", provider=provider.name)
            return Receipt.UNMATCHED
        delivery = self._delivery(provider, request, events)
        with self._database.transaction() as connection:
            told = _lock_calls(connection, provider.name, events)
            if told:
                delivery_id = deliveries.store(connection, delivery, Outcome.APPLIED, call_id=told[0].call.id)
            else:
                delivery_id = deliveries.store(connection, delivery, Outcome.UNMATCHED)
            if delivery_id is None:
                return Receipt.DUPLICATE
            news = [_fold_in(connection, each, delivery.received_at) for each in told]
        if not told:
            log.info("webhook about no call of ours", provider=provider.name, delivery_id=delivery_id)
            return Receipt.UNMATCHED
        if any(news):
            self._nudge()
        return Receipt.APPLIED

    def _keep_failed(self, delivery: Delivery, error: Exception) -> None:
        with self._database.transaction() as connection:
            delivery_id = deliveries.store(connection, delivery, Outcome.FAILED, error=type(error).__name__)
        known = isinstance(error, WebhookMalformed)
        (log.warning if known else log.exception)(
            "webhook not taken in", provider=delivery.provider, delivery_id=delivery_id
        )

    def _delivery(self, provider: Provider, request: WebhookRequest, events: Sequence[Event]) -> Delivery:
        return Delivery(
            provider=provider.name,
            account=ACCOUNT,
            dedupe_key=_dedupe_key(request, events),
            meeting_id=events[0].meeting_id if events else None,
            received_at=self._clock.now(),
            headers={name: value for name, value in request.headers.items() if not _SECRET_HEADER.search(name)},
            body=without_secrets(request.body, provider.secret_fields),
        )


def apply_early(connection: Connection, provider: Provider, meeting_id: str, now: datetime) -> None:
    """Take in what was told of a meeting before we knew it to be ours.

    A provider may report a meeting faster than it answers the request that made it.
    """
    for early in deliveries.unmatched(connection, provider.name, ACCOUNT, meeting_id):
        request = WebhookRequest.of(body=early.body, headers=early.headers)
        for told in _lock_calls(connection, provider.name, provider.parse_events(request)):
            _fold_in(connection, told, now)
            deliveries.set_outcome(connection, early.id, Outcome.APPLIED, call_id=told.call.id)


def without_secrets(body: bytes, fields: Iterable[str]) -> bytes:
    """``body`` with the values of these JSON string fields masked, wherever they stand in it."""
    for field in fields:
        # Works on the bytes: reading and writing JSON anew costs more than all the rest of a delivery.
        pattern = rb'("%s"\s*:\s*")(?:[^"\\]|\\.)*' % re.escape(field.encode())
        body = re.sub(pattern, rb"\1***", body)
    return body


def _lock_calls(connection: Connection, provider: str, events: Sequence[Event]) -> list[_Told]:
    """The calls that the events are about, always in the same order, so that two deliveries never lock each other."""
    by_meeting = groupby(sorted(events, key=lambda event: event.meeting_id), key=lambda event: event.meeting_id)
    told = [_lock_call(connection, provider, meeting_id, list(of_meeting)) for meeting_id, of_meeting in by_meeting]
    return [each for each in told if each is not None]


def _lock_call(connection: Connection, provider: str, meeting_id: str, events: Sequence[Event]) -> _Told | None:
    people = _people(events)
    one = next(iter(people), None)
    call = calls.lock_by_meeting(connection, provider, ACCOUNT, meeting_id, person=one)
    if call is None:
        deliveries.lock_meeting(connection, provider, ACCOUNT, meeting_id)
        call = calls.lock_by_meeting(connection, provider, ACCOUNT, meeting_id, person=one)
    if call is None:
        return None
    if len(people) > 1:
        call = calls.load_participants(connection, call, people)
    return _Told(call, events)


def _fold_in(connection: Connection, told: _Told, now: datetime) -> bool:
    """Fold the events into their call. Returns whether the workers must hear of it: a call that waits for its turn
    already needs no one woken, and in a large meeting nearly every delivery finds it so."""
    before = told.call.snapshot
    known = reduce(fold, told.events, before)
    # Who comes and goes waits for the lane together with the others; the end and a new title do not.
    urgent = _headline(known) != _headline(before)
    has_place = all(LANE_OF.get(type(event)) in told.call.booked for event in told.events)
    calls.save_known(
        connection,
        before,
        known,
        reconcile_after=now if urgent else None,
        at_latest=None if urgent or has_place else now + NEWS_WAIT,
    )
    return urgent or told.call.is_in_step


def _people(events: Iterable[Event]) -> set[str]:
    return {event.person.key for event in events if isinstance(event, ParticipantJoined | ParticipantLeft)}


def _headline(snapshot: CallSnapshot) -> tuple[object, ...]:
    return (snapshot.title, snapshot.ended_at)


def _dedupe_key(request: WebhookRequest, events: Sequence[Event]) -> str:
    """The provider's own ids; for what could not be read, the body itself."""
    key = " ".join(event.dedupe_key for event in events)
    if key and len(key) <= LONGEST_KEY:
        return key
    return "sha256:" + hashlib.sha256(key.encode() or request.body).hexdigest()
