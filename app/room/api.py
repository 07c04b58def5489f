"""What the app asks, by docs/standard-provider.md."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request

from app.room.connections import Participant
from app.room.errors import JsonObject, Refused
from app.room.limits import LONGEST_KEY, LONGEST_NAME, LONGEST_TITLE
from app.room.meeting import Meeting
from app.room.meetings import Meetings
from app.room.reading import flag, json_object, needed_text, object_in, text

UNTITLED = "Call"


def api(meetings: Meetings, api_key: str, base_url: Callable[[], str]) -> Blueprint:
    """``base_url`` returns where people reach the room, without a slash at the end."""
    routes = Blueprint("api", __name__)

    @routes.before_request
    def require_key() -> None:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {api_key}".encode()):
            raise Refused(401, "The API key is not the room's.")

    @routes.post("/meetings")
    def create() -> tuple[Response, int]:
        body = json_object(request)
        key = needed_text({"key": request.headers.get("Idempotency-Key", ""), **body}, "key", LONGEST_KEY)
        meeting, is_new = meetings.create(key, text(body, "title", LONGEST_TITLE) or UNTITLED)
        return jsonify(_created(meeting, base_url())), 201 if is_new else 200

    @routes.post("/meetings/<meeting_id>/end")
    def end(meeting_id: str) -> tuple[str, int]:
        with meetings.lock:
            meetings.get(meeting_id).end(meetings.now())
        return "", 204

    @routes.post("/meetings/<meeting_id>/links")
    def link(meeting_id: str) -> tuple[Response, int]:
        person = object_in(json_object(request), "person")
        participant = Participant(
            needed_text(person, "key", LONGEST_KEY), needed_text(person, "name", LONGEST_TITLE)[:LONGEST_NAME].strip()
        )
        with meetings.lock:
            invitation = meetings.get(meeting_id).invite(participant, is_host=flag(person, "is_host"))
        return jsonify({"url": f"{base_url()}/r/{meeting_id}?as={invitation.secret}"}), 201

    @routes.get("/meetings/<meeting_id>")
    def state(meeting_id: str) -> Response:
        with meetings.lock:
            return jsonify(_state(meetings.get(meeting_id)))

    return routes


def _created(meeting: Meeting, base_url: str) -> JsonObject:
    link = f"{base_url}/r/{meeting.id}"
    return {
        "id": meeting.id,
        "join_url": link,
        "display_id": meeting.id,
        "host_url": f"{link}?host={meeting.host_key}",
    }


def _state(meeting: Meeting) -> JsonObject:
    if meeting.state == "ended":
        return {"state": "ended"}
    people = [connection.as_participant() for connection in meeting.present()]
    return {"state": meeting.state, "title": meeting.title, "participants": people}
