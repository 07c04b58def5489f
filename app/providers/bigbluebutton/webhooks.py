"""What BigBlueButton tells us, by bbb-webhooks. https://docs.bigbluebutton.org/development/webhooks/

The page says otherwise in places; what counts is the source of version 3.5 and what it was seen to send: a form with
``domain``, ``event`` (a JSON list as text) and ``timestamp`` (milliseconds, the same each time a delivery is repeated).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

from pydantic import BeforeValidator, Discriminator, Field, RootModel, Tag, field_validator

from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft
from app.domain.meetings import Person
from app.errors import WebhookMalformed, WebhookRejected
from app.providers.base import WebhookRequest
from app.providers.bigbluebutton.checksums import Algorithm, is_same
from app.providers.payloads import Key, Moment, Name, Payload, read_payload, stable_key

# https://github.com/bigbluebutton/bbb-webhooks/blob/develop/src/process/event.js, OUTPUT_EVENTS
MEETING_EVENTS: Mapping[str, type[MeetingStarted | MeetingEnded]] = {
    "meeting-created": MeetingStarted,
    "meeting-ended": MeetingEnded,
}
PERSON_EVENTS: Mapping[str, type[ParticipantJoined | ParticipantLeft]] = {
    "user-joined": ParticipantJoined,
    "user-left": ParticipantLeft,
}

_CHECKSUM = re.compile("checksum=([0-9a-f]+)")
_MOST_FIELDS = 20

_KeyOrNone: TypeAlias = Annotated[Key | None, BeforeValidator(lambda value: None if value == "" else value)]


class _Meeting(Payload):
    """``external_id`` is the one we chose; bbb-webhooks leaves it out when it has forgotten, after a day of silence or
    when it was started after the meeting."""

    internal_id: Key = Field(alias="internal-meeting-id")
    external_id: _KeyOrNone = Field(default=None, alias="external-meeting-id")
    is_breakout: bool = Field(default=False, alias="is-breakout")


class _User(Payload):
    """``external_id`` is the ``userID`` of the link that the person came by. For others it is the same as the internal
    one; it is ``""`` in a leave that is told a second time."""

    internal_id: Key = Field(alias="internal-user-id")
    external_id: _KeyOrNone = Field(default=None, alias="external-user-id")
    name: Name = None
    # BigBlueButton 3.0 knows of bots. bbb-webhooks 3.5 does not pass it on; a later one may.
    bot: bool = False

    def to_person(self) -> Person:
        return Person(key=self.external_id or self.internal_id, connection_id=self.internal_id, name=self.name)


class _Happened(Payload):
    at: Moment = Field(alias="ts")


class _AboutMeeting(Payload):
    meeting: _Meeting


class _AboutPerson(Payload):
    meeting: _Meeting
    user: _User


class _MeetingData(Payload):
    id: str
    attributes: _AboutMeeting
    event: _Happened


class _PersonData(Payload):
    id: str
    attributes: _AboutPerson
    event: _Happened


class _MeetingTold(Payload):
    data: _MeetingData


class _PersonTold(Payload):
    data: _PersonData


class _OtherTold(Payload):
    """Whatever else there is, and what a hook with ``getRaw=true`` gets."""


def _kind_of(told: Any) -> str:
    data = told.get("data") if isinstance(told, dict) else None
    word = data.get("id") if isinstance(data, dict) else None
    if not isinstance(word, str):
        return "other"
    return "meeting" if word in MEETING_EVENTS else "person" if word in PERSON_EVENTS else "other"


_Told: TypeAlias = Annotated[
    Annotated[_MeetingTold, Tag("meeting")]
    | Annotated[_PersonTold, Tag("person")]
    | Annotated[_OtherTold, Tag("other")],
    Discriminator(_kind_of),
]


class _AllTold(RootModel[tuple[_Told, ...]]):
    """One event for each delivery; older versions may send several together, or one that is in no list."""

    @field_validator("root", mode="before")
    @classmethod
    def _as_list(cls, told: Any) -> Any:
        return [told] if isinstance(told, dict) else told


def verify(request: WebhookRequest, *, url: str, secrets: Iterable[str], weakest: Algorithm) -> None:
    """Prove that whoever shares one of ``secrets`` has sent this to ``url``: the address as it was registered, not as a
    proxy passed it on.

    Its proof is a checksum in the query, of which the length tells the algorithm: ``weakest`` or a stronger one. With
    ``auth2_0`` switched on in bbb-webhooks it is the secret itself. Raises ``WebhookRejected`` only.
    """
    known = tuple(secrets)
    if any(is_same(f"Bearer {secret}", request.header("authorization")) for secret in known):
        return
    match = _CHECKSUM.fullmatch(request.query)
    if match is None:
        raise WebhookRejected("There is no checksum, or not as it is documented.")
    algorithm = _algorithm_of(match[1], weakest)
    if not any(is_same(algorithm.checksum(url, request.body, secret), match[1]) for secret in known):
        raise WebhookRejected("The checksum is not of this body, our address and our secret.")


def _algorithm_of(checksum: str, weakest: Algorithm) -> Algorithm:
    for algorithm in list(Algorithm)[list(Algorithm).index(weakest) :]:
        if algorithm.letters == len(checksum):
            return algorithm
    raise WebhookRejected("The checksum is of a weaker algorithm than BIGBLUEBUTTON_WEBHOOK_CHECKSUM, or of none.")


def test_delivery(*, url: str, secret: str, algorithm: Algorithm, now: datetime) -> WebhookRequest:
    """A genuine webhook about a meeting that nobody has."""
    at = int(now.timestamp() * 1000)
    meeting = {"internal-meeting-id": f"switchboard-test-{at}", "external-meeting-id": "switchboard-test"}
    told = {"data": {"type": "event", "id": "meeting-ended", "attributes": {"meeting": meeting}, "event": {"ts": at}}}
    body = urlencode({"domain": "localhost", "event": json.dumps([told]), "timestamp": str(at)}).encode()
    return WebhookRequest.of(
        body=body,
        headers={"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"},
        query=f"checksum={algorithm.checksum(url, body, secret)}",
    )


def parse_events(body: bytes) -> Sequence[Event]:
    """The events in ``body``. Raises ``WebhookMalformed``."""
    told, timestamp = _unpacked(body)
    events = (_event(one, timestamp) for one in read_payload(_AllTold, told).root)
    return [event for event in events if event is not None]


def _unpacked(body: bytes) -> tuple[bytes, str]:
    """The JSON in the form, and the form's timestamp. With ``auth2_0`` older versions sent the JSON alone."""
    if body.lstrip()[:1] in {b"[", b"{"}:
        return body, ""
    try:
        fields = dict(parse_qsl(body.decode(), max_num_fields=_MOST_FIELDS))
        return fields["event"].encode(), fields["timestamp"]
    except KeyError as missing:
        raise WebhookMalformed(f"{missing.args[0]}: is missing") from None
    except ValueError:
        raise WebhookMalformed("body: is no form") from None


def _event(told: _MeetingTold | _PersonTold | _OtherTold, timestamp: str) -> Event | None:
    if isinstance(told, _OtherTold):
        return None
    meeting = told.data.attributes.meeting
    if meeting.external_id is None or meeting.is_breakout:
        return None
    if isinstance(told, _MeetingTold):
        return MEETING_EVENTS[told.data.id](
            meeting_id=meeting.external_id,
            at=told.data.event.at,
            dedupe_key=_dedupe_key(told, "", timestamp),
            occurrence_id=meeting.internal_id,
        )
    user = told.data.attributes.user
    if user.bot:
        return None
    return PERSON_EVENTS[told.data.id](
        meeting_id=meeting.external_id,
        at=told.data.event.at,
        dedupe_key=_dedupe_key(told, user.internal_id, timestamp),
        occurrence_id=meeting.internal_id,
        person=user.to_person(),
    )


def _dedupe_key(told: _MeetingTold | _PersonTold, user_id: str, timestamp: str) -> str:
    """bbb-webhooks numbers nothing. What it repeats is the same in all of this."""
    data = told.data
    when = timestamp or data.event.at.isoformat()
    return stable_key(":".join([data.id, data.attributes.meeting.internal_id, user_id, when]))
