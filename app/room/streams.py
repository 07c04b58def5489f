"""The stream of server-sent events on which one browser listens."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

from flask import Response, request

from app.room.connections import Connection
from app.room.limits import LOOK_SECONDS, PING_SECONDS
from app.room.loopback import is_hung_up
from app.room.meeting import Meeting
from app.room.meetings import Meetings

_AGAIN_AFTER_MS = 1000
_PING = 'data: {"kind": "ping"}\n\n'


def stream(meetings: Meetings, meeting: Meeting, connection: Connection) -> Response:
    """Everything that the browser has not seen yet, and everything that comes. Call it with the lock held."""
    seen = _last_seen()
    connection.outbox.forget(seen)
    number = meeting.open_stream(connection, meetings.now())
    line: socket.socket | None = request.environ.get("werkzeug.socket")
    chunks = _chunks(connection, number, seen, line)
    return Response(_until_closed(chunks, meetings, meeting, connection, number), mimetype="text/event-stream")


def _last_seen() -> int:
    """A browser that mends a stream by itself says so in a header; one that opens a new one, in the address."""
    given = (request.headers.get("Last-Event-ID", ""), request.args.get("seen", ""))
    return max(int(each) if each.isascii() and each.isdigit() and len(each) < 10 else 0 for each in given)


def _until_closed(
    chunks: Iterator[str], meetings: Meetings, meeting: Meeting, connection: Connection, number: int
) -> Iterator[str]:
    """The chunks; however they end, the meeting is told that this stream is gone."""
    try:
        yield from chunks
    finally:
        with meetings.lock:
            connection.close_stream(number, meetings.now())
            meeting.notice_stream(connection, meetings.now())


def _chunks(connection: Connection, number: int, seen: int, line: socket.socket | None) -> Iterator[str]:
    """Messages and pings, until the other side is gone or nothing more will come."""
    yield f"retry: {_AGAIN_AFTER_MS}\n\n"
    # Pings are paced by a clock that nobody moves: a browser's network is real even where time is not.
    ping_at = time.monotonic() + PING_SECONDS
    while connection.is_current(number) and not is_hung_up(line):
        messages = connection.outbox.after(seen, LOOK_SECONDS)
        for each, message in messages:
            yield f"id: {each}\ndata: {json.dumps(message)}\n\n"
            seen = each
        if connection.outbox.is_closed and not messages:
            return
        if time.monotonic() >= ping_at:
            ping_at = time.monotonic() + PING_SECONDS
            yield _PING
