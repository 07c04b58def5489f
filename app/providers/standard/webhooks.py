"""What our own contract's providers tell us, signed by Standard Webhooks 1.0.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from secrets import token_hex

from standardwebhooks import Webhook

from app.clock import from_unix
from app.domain.events import (
    Event,
    MeetingEnded,
    MeetingStarted,
    ParticipantJoined,
    ParticipantLeft,
    TitleChanged,
)
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.payloads import read_payload, stable_key
from app.providers.standard.contract import MeetingTold, Named, PersonTold, TitleTold

# docs/standard-provider.md, "What you tell us".
MEETING_EVENTS: dict[str, type[MeetingStarted | MeetingEnded]] = {
    "meeting.started": MeetingStarted,
    "meeting.ended": MeetingEnded,
}
PERSON_EVENTS: dict[str, type[ParticipantJoined | ParticipantLeft]] = {
    "participant.joined": ParticipantJoined,
    "participant.left": ParticipantLeft,
}
TITLE_CHANGED = "meeting.title_changed"

# In the one spelling that the signature is over; up to the year 5138.
_SECONDS = re.compile("[1-9][0-9]{0,10}")

# What the specification's own libraries allow, both ways.
TOLERANCE = timedelta(minutes=5)
MOST_SIGNATURES = 20


def verify(request: WebhookRequest, secrets: Sequence[Webhook], now: datetime) -> None:
    """Prove that the holder of one of ``secrets`` has sent this just now. Raises ``WebhookRejected`` only.

    The library makes the signature, but compares the time with the machine's clock and raises ``ValueError`` and
    worse for what is malformed; so the two comparisons are ours.
    """
    message_id, signatures = request.header("webhook-id"), request.header("webhook-signature").split(" ")
    if not message_id or len(signatures) > MOST_SIGNATURES:
        raise WebhookRejected("webhook-id is missing, or there are too many signatures.")
    attempted_at = _attempted_at(request.header("webhook-timestamp"))
    if abs(now - attempted_at) > TOLERANCE:
        raise WebhookRejected("webhook-timestamp is more than five minutes from our time.")
    try:
        expected = [secret.sign(message_id, attempted_at, request.body.decode()) for secret in secrets]
    except UnicodeError:
        raise WebhookRejected("The body or webhook-id is not UTF-8.") from None
    if not any(_is_same(ours, theirs) for ours in expected for theirs in signatures):
        raise WebhookRejected("No signature is made with our secret.")


def _attempted_at(header: str) -> datetime:
    if not _SECONDS.fullmatch(header):
        raise WebhookRejected("webhook-timestamp is not in whole seconds since 1970.")
    return from_unix(int(header))


def _is_same(ours: str, theirs: str) -> bool:
    """Both are ``v1,<base64>``; other versions cannot be equal. In constant time, so that nobody guesses bytes."""
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "replace"))


def test_delivery(secret: Webhook, now: datetime) -> WebhookRequest:
    """A genuine webhook about a meeting that nobody has."""
    told = {"type": "meeting.ended", "timestamp": now.isoformat(), "data": {"meeting_id": "switchboard-test"}}
    body, message_id = json.dumps(told), f"msg_test_{token_hex(8)}"
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": secret.sign(message_id, now, body),
    }
    return WebhookRequest.of(body=body.encode(), headers=headers)


def parse_events(request: WebhookRequest) -> Sequence[Event]:
    """The event in the body, if it is one of ours. Raises ``WebhookMalformed``."""
    word = read_payload(Named, request.body).type
    if not request.header("webhook-id"):
        raise WebhookMalformed("webhook-id: is missing")
    dedupe_key = stable_key(request.header("webhook-id"))
    if word in MEETING_EVENTS:
        return [_meeting_event(MEETING_EVENTS[word], read_payload(MeetingTold, request.body), dedupe_key)]
    if word in PERSON_EVENTS:
        return [_person_event(PERSON_EVENTS[word], read_payload(PersonTold, request.body), dedupe_key)]
    if word == TITLE_CHANGED:
        return [_title_event(read_payload(TitleTold, request.body), dedupe_key)]
    return []


def _meeting_event(kind: type[MeetingStarted | MeetingEnded], told: MeetingTold, dedupe_key: str) -> Event:
    return kind(
        meeting_id=told.data.meeting_id,
        at=told.timestamp,
        dedupe_key=dedupe_key,
        occurrence_id=told.data.occurrence_id,
    )


def _person_event(kind: type[ParticipantJoined | ParticipantLeft], told: PersonTold, dedupe_key: str) -> Event:
    return kind(
        meeting_id=told.data.meeting_id,
        at=told.timestamp,
        dedupe_key=dedupe_key,
        occurrence_id=told.data.occurrence_id,
        person=told.data.participant.to_person(),
    )


def _title_event(told: TitleTold, dedupe_key: str) -> Event:
    return TitleChanged(
        meeting_id=told.data.meeting_id,
        at=told.timestamp,
        dedupe_key=dedupe_key,
        occurrence_id=told.data.occurrence_id,
        title=told.data.title,
    )
