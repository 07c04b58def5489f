"""Socket Mode: what Slack sends to an app, through WebSockets that the app opened.

Protocol: https://docs.slack.dev/apis/events-api/using-socket-mode. Each message is an envelope that the app must
acknowledge by its id, with the answer as its payload.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from app.emulator.app_link import Answered
from app.emulator.errors import JsonObject
from app.emulator.websocket import WebSocket

MOST_CONNECTIONS = 10
TICKET_SECONDS = 30
_TYPES = {"event": "events_api", "interaction": "interactive", "slash": "slash_commands"}


class SocketMode:
    """All sockets of the app; thread-safe."""

    def __init__(self, app_id: str, now: Callable[[], float]) -> None:
        self._app_id = app_id
        self._now = now
        self._changed = threading.Condition()
        self._tickets: dict[str, float] = {}
        self._sockets: list[WebSocket] = []
        self._turn = 0
        self._answers: dict[str, Any] = {}

    @property
    def is_connected(self) -> bool:
        """Whether the app has any socket open."""
        return bool(self._sockets)

    def ticket(self) -> str:
        """The right to open one socket, soon."""
        ticket = str(uuid.uuid4())
        with self._changed:
            self._tickets[ticket] = self._now() + TICKET_SECONDS
        return ticket

    def take_ticket(self, ticket: str) -> bool:
        """Whether a socket may be opened with this ticket, which is then worn out."""
        with self._changed:
            return self._tickets.pop(ticket, 0) >= self._now()

    def serve(self, socket: WebSocket) -> None:
        """Serve one socket until it closes."""
        with self._changed:
            if len(self._sockets) >= MOST_CONNECTIONS:
                return self._goodbye(socket, "too_many_websockets")
            self._sockets.append(socket)
            self._changed.notify_all()
        try:
            socket.send(json.dumps(self._hello()))
            while (text := socket.receive()) is not None:
                self._acknowledge(text)
        except OSError:
            return None  # the app has gone, which is how most sockets end
        finally:
            with self._changed:
                if socket in self._sockets:
                    self._sockets.remove(socket)
                self._changed.notify_all()

    def deliver(self, kind: str, payload: Mapping[str, Any], headers: Mapping[str, str], budget: float) -> Answered:
        """Send an envelope through one of the sockets and wait for its acknowledgement."""
        envelope_id = str(uuid.uuid4())
        envelope = self._envelope(envelope_id, kind, payload, headers)
        started = time.perf_counter()
        with self._changed:
            self._answers[envelope_id] = None
            self._turn += 1
            socket = self._sockets[self._turn % len(self._sockets)] if self._sockets else None
        if socket is None or not _sent(socket, envelope):
            return Answered(0, "", "", time.perf_counter() - started, False, "connection_failed")
        with self._changed:
            self._changed.wait_for(lambda: self._answers[envelope_id] is not None, budget)
            answer = self._answers.pop(envelope_id)
        seconds = time.perf_counter() - started
        if answer is None:
            return Answered(0, "", "", seconds, True, "http_timeout")
        return Answered(200, _body_of(answer), "application/json", seconds, False)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask the app to come back through new sockets, as Slack does every few hours, and close these."""
        for socket in self._take_all():
            self._goodbye(socket, reason)

    def drop(self) -> None:
        """Lose all sockets without a word."""
        for socket in self._take_all():
            socket.hang_up()

    def wait_until_connected(self, timeout: float = 5.0) -> bool:
        """Wait until the app has a socket open; False if it never had in time."""
        return self.wait_until(lambda: self.is_connected, timeout)

    def wait_until(self, is_true: Callable[[], bool], timeout: float = 5.0) -> bool:
        """Wait until a condition holds, looking again whenever a socket comes or goes."""
        with self._changed:
            return self._changed.wait_for(is_true, timeout)

    def _take_all(self) -> list[WebSocket]:
        """The sockets that are open, through which nothing is sent from now on."""
        with self._changed:
            sockets, self._sockets = self._sockets, []
            self._changed.notify_all()
        return sockets

    def _goodbye(self, socket: WebSocket, reason: str) -> None:
        _sent(socket, {"type": "disconnect", "reason": reason, "debug_info": {"host": "emulator"}})
        socket.close()

    def _hello(self) -> JsonObject:
        return {
            "type": "hello",
            "num_connections": len(self._sockets),
            "connection_info": {"app_id": self._app_id},
            "debug_info": {"host": "emulator", "build_number": 1, "approximate_connection_time": 18060},
        }

    def _envelope(
        self, envelope_id: str, kind: str, payload: Mapping[str, Any], headers: Mapping[str, str]
    ) -> JsonObject:
        envelope: JsonObject = {
            "envelope_id": envelope_id,
            "type": _TYPES.get(kind, kind),
            "payload": payload,
            "accepts_response_payload": kind != "event",
        }
        if kind == "event":
            envelope["retry_attempt"] = int(headers.get("X-Slack-Retry-Num", "0"))
            envelope["retry_reason"] = headers.get("X-Slack-Retry-Reason", "")
        return envelope

    def _acknowledge(self, text: str) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            return
        envelope_id = message.get("envelope_id") if isinstance(message, dict) else None
        with self._changed:
            if envelope_id in self._answers:
                self._answers[envelope_id] = message
                self._changed.notify_all()


def _sent(socket: WebSocket, message: JsonObject) -> bool:
    try:
        socket.send(json.dumps(message))
    except OSError:
        return False
    return True


def _body_of(answer: JsonObject) -> str:
    payload = answer.get("payload")
    return json.dumps(payload) if payload else ""
