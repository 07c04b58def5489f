"""The two providers: servers that hold the meetings, and what they tell of them, signed as they sign."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol

from google.protobuf.message import Message
from livekit import api

from bench.load import request_bytes
from bench.scene import FINISHED, JOINED, LEFT, STARTED, Deliveries, Told
from bench.soak.trouble import VendorTrouble
from bench.soak.truth import Person, Run
from tests.providers.livekit.server import KEY, SECRET, LiveKitServer, Participant
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook
from tests.providers.standin import Asked, Reply


class Vendor(Protocol):
    """``on_made`` hears of the title and id of each meeting that is made, ``on_ended`` of the id of one that the app
    has ended. What the others return writes the webhook, signed anew each time it is called
    where the vendor does so."""

    on_made: Callable[[str, str], None]
    on_ended: Callable[[str], None]

    def settings(self) -> dict[str, str]: ...

    def begun(self, run: Run) -> Callable[[], bytes]: ...

    def joined(self, run: Run, person: Person, connection: str) -> Callable[[], bytes]: ...

    def left(self, run: Run, person: Person, connection: str) -> Callable[[], bytes]: ...

    def ended(self, run: Run) -> Callable[[], bytes]: ...


class SoakLiveKit(LiveKitServer):
    """A room that has finished begins again, as another run under the same name."""

    def __init__(self, trouble: VendorTrouble) -> None:
        super().__init__()
        self.on_made: Callable[[str, str], None] = lambda _title, _id: None
        self.on_ended: Callable[[str], None] = lambda _id: None
        self._trouble = trouble
        self._deliveries = Deliveries(KEY, SECRET)

    def reply_to(self, asked: Asked) -> Reply:
        return self._trouble.answer(lambda: super(SoakLiveKit, self).reply_to(asked))

    def begun(self, run: Run) -> Callable[[], bytes]:
        self.rooms[run.meeting_id] = api.Room(sid=run.sid, name=run.meeting_id)
        return self._told(STARTED, run, "", "")

    def joined(self, run: Run, person: Person, connection: str) -> Callable[[], bytes]:
        self._list(run)
        return self._told(JOINED, run, person.key, connection)

    def left(self, run: Run, person: Person, connection: str) -> Callable[[], bytes]:
        self._list(run)
        return self._told(LEFT, run, person.key, connection)

    def ended(self, run: Run) -> Callable[[], bytes]:
        self.rooms.pop(run.meeting_id, None)
        self.participants.pop(run.meeting_id, None)
        return self._told(FINISHED, run, "", "")

    def _told(self, event: str, run: Run, person: str, connection: str) -> Callable[[], bytes]:
        # A server signs once, for all its attempts.
        told = Told(event, run.meeting_id, person.removeprefix("person-"), run=run.sid, connection=connection)
        request = self._deliveries.request(told, datetime.now(UTC))
        return lambda: request

    def _list(self, run: Run) -> None:
        active = Participant.State.ACTIVE
        self.participants[run.meeting_id] = [
            Participant(sid=connection, identity=person.key, name="Ada Lovelace", state=active)
            for person in run.present.values()
            for connection in person.connections
        ]

    def _create_room(self, body: bytes) -> Message:
        room = super()._create_room(body)
        wanted = api.CreateRoomRequest.FromString(body)
        self.on_made(json.loads(wanted.metadata)["title"], wanted.name)
        return room

    def _delete_room(self, body: bytes) -> Message | Reply:
        reply = super()._delete_room(body)
        self.on_ended(api.DeleteRoomRequest.FromString(body).room)
        return reply


class SoakStandard(ReferenceServer):
    def __init__(self, trouble: VendorTrouble) -> None:
        super().__init__()
        self.on_made: Callable[[str, str], None] = lambda _title, _id: None
        self.on_ended: Callable[[str], None] = lambda _id: None
        self._trouble = trouble
        self._one = threading.Lock()

    def reply_to(self, asked: Asked) -> Reply:
        return self._trouble.answer(lambda: super(SoakStandard, self).reply_to(asked))

    def begun(self, run: Run) -> Callable[[], bytes]:
        self.meetings[run.meeting_id].state = "running"
        return _standard("meeting.started", run)

    def joined(self, run: Run, person: Person, connection: str) -> Callable[[], bytes]:
        self._list(run)
        return _standard("participant.joined", run, participant=_entry(person, connection))

    def left(self, run: Run, person: Person, connection: str) -> Callable[[], bytes]:
        self._list(run)
        return _standard("participant.left", run, participant=_entry(person, connection))

    def ended(self, run: Run) -> Callable[[], bytes]:
        held = self.meetings[run.meeting_id]
        held.state, held.participants = "ended", []
        return _standard("meeting.ended", run)

    def _list(self, run: Run) -> None:
        entries = [_entry(person, one) for person in run.present.values() for one in person.connections]
        self.meetings[run.meeting_id].participants = entries

    def _create(self, wanted: dict[str, Any], key: str) -> Reply:
        with self._one:
            reply = super()._create(wanted, key)
        self.on_made(wanted["title"], json.loads(reply.body)["id"])
        return reply

    def _end(self, meeting_id: str) -> Reply:
        reply = super()._end(meeting_id)
        if reply.status == HTTPStatus.NO_CONTENT:
            self.on_ended(meeting_id)
        return reply


def _entry(person: Person, connection: str) -> dict[str, str]:
    return {"id": person.key, "connection_id": connection, "name": "Grace Hopper"}


def _standard(word: str, run: Run, **data: Any) -> Callable[[], bytes]:
    body = webhook(word, datetime.now(UTC), run.meeting_id, **data)
    return lambda: request_bytes("POST", "/webhooks/standard", delivered(body, datetime.now(UTC)), body)
