"""The rules of one meeting: who may come, who is the host, when it begins and ends, who is told what.

Nothing here blocks: what is told goes into the outboxes of the browsers and to ``tell``, which queues webhooks.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Literal

from app.room.connections import Connection, Invitation, Participant
from app.room.errors import JsonObject, Refused
from app.room.ids import new_id, new_meeting_id, new_secret
from app.room.limits import EMPTY_SECONDS, MEMORY_SECONDS, MOST_CONNECTIONS, MOST_INVITATIONS

Tell = Callable[[str, str, JsonObject], None]
"""Takes the type of a webhook, when it happened (ISO 8601), and its data."""

GONE = 410


class Meeting:
    """One meeting, which runs once. ``now`` is unix seconds."""

    def __init__(self, title: str, now: float, tell: Tell) -> None:
        self.id = new_meeting_id()
        self.host_key = new_secret()
        self.title = title
        self.state: Literal["waiting", "running", "ended"] = "waiting"
        self._occurrence_id = new_id("run")
        self._tell = tell
        self._connections: dict[str, Connection] = {}
        self._invitations: dict[str, Invitation] = {}
        self._hosts: set[str] = set()
        self._used_at = now
        self._last_told = 0.0

    # Who is in

    def present(self) -> list[Connection]:
        """The connections that are in, in the order in which they came."""
        return [connection for connection in self._connections.values() if connection.is_in]

    def names(self) -> list[str]:
        """The names of the people who are in, each once."""
        return list({connection.participant.id: connection.participant.name for connection in self.present()}.values())

    def by_ticket(self, ticket: str) -> Connection:
        """The connection with this secret. Raises ``Refused`` when it is out."""
        for connection in self._connections.values():
            if connection.ticket == ticket:
                return connection
        raise Refused(GONE, "The call has ended." if self.state == "ended" else "You are not in this call any more.")

    def is_host(self, connection: Connection) -> bool:
        """Whether it may rename and end the meeting."""
        return connection.has_host_key or connection.participant.id in self._hosts

    def is_host_key(self, given: str) -> bool:
        """Whether this is what the host's own link holds."""
        return hmac.compare_digest(given.encode(), self.host_key.encode())

    # Links of people's own

    def invite(self, person: Participant, *, is_host: bool) -> Invitation:
        """The person's invitation; whoever is invited again has the same link. Raises ``Refused``."""
        if self.state == "ended":
            raise Refused(GONE, "The call has ended.")
        known = self._invitations.get(person.id)
        if known is None and len(self._invitations) >= MOST_INVITATIONS:
            raise Refused(409, f"No more than {MOST_INVITATIONS} people can have links into this call.")
        invitation = Invitation(person, is_host, known.secret if known else new_secret())
        self._invitations[person.id] = invitation
        return invitation

    def find_invitation(self, secret: str) -> Invitation | None:
        """The invitation with this secret in its link."""
        given = secret.encode()
        return next((one for one in self._invitations.values() if one.is_by(given)), None)

    # Coming and going

    def admit(self, connection: Connection) -> None:
        """Let somebody in, who counts once their stream is open. Raises ``Refused``."""
        if self.state == "ended":
            raise Refused(GONE, "The call has ended.")
        if len(self._connections) >= MOST_CONNECTIONS:
            raise Refused(409, f"This call is full: no more than {MOST_CONNECTIONS} can be in it.")
        self._connections[connection.id] = connection

    def open_stream(self, connection: Connection, now: float) -> int:
        """The browser listens; with its first stream the connection is in. Returns the number of the stream."""
        stream = connection.open_stream(now)
        if connection.is_in:
            self.notice_stream(connection, now)
        else:
            self._enter(connection, now)
        return stream

    def notice_stream(self, connection: Connection, now: float) -> None:
        """Let the others see that somebody's network is down, or back again."""
        if connection.id in self._connections and connection.is_away != connection.seems_away(now):
            connection.is_away = not connection.is_away
            self.show(connection)

    def leave(self, connection: Connection, now: float) -> None:
        """The connection is out; without effect when it is out already."""
        if self._connections.pop(connection.id, None) is None:
            return
        connection.outbox.close()
        if not connection.is_in:
            return
        self._used_at = now
        self._broadcast({"kind": "left", "connection_id": connection.id})
        self._report("participant.left", now, participant=connection.as_participant())
        self._choose_host()

    def _enter(self, connection: Connection, now: float) -> None:
        if self.state == "waiting":
            self.state = "running"
            self._report("meeting.started", now)
        if not self.present():
            self._hosts.add(connection.participant.id)
        others = [self._person(other) for other in self.present()]
        connection.is_in = True
        connection.outbox.put(
            {"kind": "welcome", "title": self.title, "you": self._person(connection), "others": others}
        )
        self._broadcast({"kind": "joined", "person": self._person(connection)}, besides=connection)
        self._report("participant.joined", now, participant=connection.as_participant())

    def _choose_host(self) -> None:
        """Somebody always is: after the host it is whoever has been here longest. Who comes back is host again."""
        present = self.present()
        if present and not any(self.is_host(connection) for connection in present):
            self._hosts.add(present[0].participant.id)
            for connection in present:
                self.show(connection)

    # What people do

    def signal(self, sender: Connection, number: int, to: str, content: JsonObject) -> None:
        """Pass a message on to another browser; one that is sent again because its answer got lost counts once."""
        if number <= sender.last_signal:
            return
        sender.last_signal = number
        receiver = self._connections.get(to)
        if receiver and receiver.is_in:
            self._put(receiver, {"kind": "signal", "from": sender.id, **content})

    def rename(self, connection: Connection, title: str, now: float) -> None:
        """Give it a new title. Raises ``Refused`` for anybody but the host."""
        self._require_host(connection)
        if title == self.title:
            return
        self.title = title
        self._broadcast({"kind": "title", "title": title})
        self._report("meeting.title_changed", now, title=title)

    def end_as(self, connection: Connection, now: float) -> None:
        """End it for everybody. Raises ``Refused`` for anybody but the host."""
        self._require_host(connection)
        self.end(now)

    def end(self, now: float) -> None:
        """Put everybody out, for good; without effect when it has ended."""
        if self.state == "ended":
            return
        self.state, self._used_at = "ended", now
        for connection in self._connections.values():
            connection.outbox.put({"kind": "ended"})
            connection.outbox.close()
        self._connections.clear()
        self._report("meeting.ended", now)

    def _require_host(self, connection: Connection) -> None:
        if not self.is_host(connection):
            raise Refused(403, "Only the host can do that.")

    # As time goes by

    def sweep(self, now: float) -> None:
        """Put out who is lost, and end what is over."""
        for connection in [*self._connections.values()]:
            if connection.is_lost(now):
                self.leave(connection, now)
            elif connection.is_in:
                self.notice_stream(connection, now)
        if self.state == "running" and not self._connections and now - self._used_at > EMPTY_SECONDS:
            self.end(now)

    def is_forgettable(self, now: float) -> bool:
        """Whether nobody has used it for so long that it need not be remembered."""
        return not self._connections and now - self._used_at > MEMORY_SECONDS

    # Telling

    def show(self, connection: Connection) -> None:
        """Tell the browsers how somebody is now."""
        self._broadcast({"kind": "changed", "person": self._person(connection)})

    def close_outboxes(self) -> None:
        """Let go of the browsers, without a word."""
        for connection in self._connections.values():
            connection.outbox.close()

    def _person(self, connection: Connection) -> JsonObject:
        person: Participant = connection.participant
        return {
            "connection_id": connection.id,
            "participant_id": person.id,
            "name": person.name,
            "audio": connection.devices.audio,
            "video": connection.devices.video,
            "is_host": self.is_host(connection),
            "is_away": connection.is_away,
        }

    def _broadcast(self, message: JsonObject, besides: Connection | None = None) -> None:
        for connection in self._audience(besides):
            self._put(connection, message)

    def _audience(self, besides: Connection | None) -> Iterator[Connection]:
        return (connection for connection in self.present() if connection is not besides)

    def _put(self, connection: Connection, message: JsonObject) -> None:
        if not connection.outbox.put(message):
            connection.is_behind = True

    def _report(self, kind: str, now: float, **data: object) -> None:
        # Each a millisecond later than the one before at least, as what happened is put in order by its time.
        self._last_told = max(round(now, 3), round(self._last_told + 0.001, 3))
        at = datetime.fromtimestamp(self._last_told, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._tell(kind, at, {"meeting_id": self.id, "occurrence_id": self._occurrence_id, **data})
