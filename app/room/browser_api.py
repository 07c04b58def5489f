"""What the browser of somebody in a meeting asks, and the stream on which it listens.

``/as/<ticket>`` says who asks: the ticket is given to one tab when it joins. All answers are JSON.
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app.room.connections import Connection, Devices, Participant
from app.room.errors import JsonObject, Refused
from app.room.ids import participant_id
from app.room.limits import LONGEST_NAME, LONGEST_TITLE
from app.room.meeting import Meeting
from app.room.meetings import Meetings
from app.room.page import PERSON_COOKIE
from app.room.reading import count, flag, flat_object, json_object, needed_text, text
from app.room.streams import stream

RESET_CONTENT = 205
_LONGEST_ID = 64
_LONGEST_SECRET = 100


def browser_api(meetings: Meetings) -> Blueprint:
    """Joining, listening, and everything that a browser says while its person is in a meeting."""
    routes = Blueprint("browser", __name__, url_prefix="/r/<meeting_id>")

    @routes.before_request
    def refuse_other_origins() -> None:
        if request.method == "POST" and request.headers.get("Origin") != request.host_url.rstrip("/"):
            raise Refused(403, "Only the room's own page may ask this.")

    @routes.post("/join")
    def join(meeting_id: str) -> tuple[Response, int]:
        with meetings.lock:
            meeting = meetings.get(meeting_id)
            connection = _newcomer(meeting, json_object(request), meetings.now())
            meeting.admit(connection)
        return jsonify({"ticket": connection.ticket, "connection_id": connection.id}), 201

    @routes.get("/as/<ticket>/events")
    def listen(meeting_id: str, ticket: str) -> Response:
        with meetings.lock:
            meeting, connection = _who(meetings, meeting_id, ticket)
            return stream(meetings, meeting, connection)

    @routes.post("/as/<ticket>/<action>")
    def act(meeting_id: str, ticket: str, action: str) -> tuple[str, int]:
        if action not in _ACTIONS:
            raise Refused(404, "There is nothing here.")
        body = json_object(request) if request.content_length else {}
        with meetings.lock:
            if meetings.get(meeting_id).state == "ended":
                return "", RESET_CONTENT  # no error: the word of the end may still be on its way
            meeting, connection = _who(meetings, meeting_id, ticket)
            connection.heard_at = meetings.now()
            _ACTIONS[action](meeting, connection, body, meetings.now())
        return "", 204

    return routes


def _who(meetings: Meetings, meeting_id: str, ticket: str) -> tuple[Meeting, Connection]:
    meeting = meetings.get(meeting_id)
    return meeting, meeting.by_ticket(ticket)


def _newcomer(meeting: Meeting, body: JsonObject, now: float) -> Connection:
    """Whoever comes by a link of their own is who the link says, whatever else the body does."""
    host_key = text(body, "host_key", _LONGEST_SECRET)
    has_host_key = bool(host_key) and meeting.is_host_key(host_key)
    invitation = meeting.find_invitation(text(body, "invitation", _LONGEST_SECRET))
    if invitation is not None:
        is_host = has_host_key or invitation.is_host
        return Connection(invitation.participant, _devices(body), heard_at=now, has_host_key=is_host)
    return Connection(_stranger(body), _devices(body), heard_at=now, has_host_key=has_host_key)


def _stranger(body: JsonObject) -> Participant:
    secret = request.cookies.get(PERSON_COOKIE, "")
    if not 20 <= len(secret) <= _LONGEST_SECRET:
        raise Refused(403, "Load the page of the call first; it needs cookies.")
    name = needed_text(body, "name", LONGEST_NAME)
    return Participant(participant_id(secret, name), name)


def _devices(body: JsonObject) -> Devices:
    return Devices(audio=flag(body, "audio"), video=flag(body, "video"))


# What people do. Each takes the meeting, who does it, the body and the time.


def _alive(_meeting: Meeting, connection: Connection, body: JsonObject, _now: float) -> None:
    connection.outbox.forget(count(body, "seen"))


def _signal(meeting: Meeting, connection: Connection, body: JsonObject, _now: float) -> None:
    given = {name: flat_object(body, name) for name in ("description", "candidate")}
    content = {name: value for name, value in given.items() if value is not None}
    if len(content) != 1:
        raise Refused(400, "A signal is either a description or a candidate.")
    meeting.signal(connection, count(body, "number"), needed_text(body, "to", _LONGEST_ID), content)


def _change_devices(meeting: Meeting, connection: Connection, body: JsonObject, _now: float) -> None:
    connection.devices = _devices(body)
    meeting.show(connection)


def _rename(meeting: Meeting, connection: Connection, body: JsonObject, now: float) -> None:
    meeting.rename(connection, needed_text(body, "title", LONGEST_TITLE), now)


def _end(meeting: Meeting, connection: Connection, _body: JsonObject, now: float) -> None:
    meeting.end_as(connection, now)


def _leave(meeting: Meeting, connection: Connection, _body: JsonObject, now: float) -> None:
    meeting.leave(connection, now)


_ACTIONS = {
    "alive": _alive,
    "signal": _signal,
    "devices": _change_devices,
    "title": _rename,
    "end": _end,
    "leave": _leave,
}
