"""A threaded HTTP/1.1 server on this machine that keeps streams open, and lets go of all of them at once."""

from __future__ import annotations

import logging
import socket
import threading
from typing import Any

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

HOST = "127.0.0.1"
_POLL_SECONDS = 0.1
_BACKLOG = 128
_log = logging.getLogger(__name__)


class LoopbackServer:
    """Serves an application from a background thread until it is stopped."""

    def __init__(self, app: Flask, port: int) -> None:
        # A socket of our own, as Werkzeug's ends the program when the port is taken.
        with socket.create_server((HOST, port), backlog=_BACKLOG) as listener:
            self._server = _Server(HOST, port, app, _Handler, fd=listener.fileno())
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="room-server", daemon=True
        )

    @property
    def url(self) -> str:
        """Where the server listens, without a slash at the end."""
        return f"http://{HOST}:{self._server.port}"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, hang up all connections, and wait until their threads have ended."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.end_requests()


class _Server(ThreadedWSGIServer):
    def __init__(self, *args: Any, **more: Any) -> None:
        self._open: dict[threading.Thread, socket.socket] = {}
        self._guard = threading.Lock()
        self._has_ended = False
        super().__init__(*args, **more)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        thread = threading.current_thread()
        thread.name = "room-request"
        with self._guard:
            self._open[thread] = request
            if self._has_ended:
                _hang_up(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                del self._open[thread]

    def end_requests(self) -> None:
        with self._guard:
            self._has_ended = True
            threads = list(self._open)
            for line in self._open.values():
                _hang_up(line)
        for thread in threads:
            thread.join()


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version = "Switchboard-Room"
    sys_version = ""

    def log(self, type: str, _message: str, *_args: Any) -> None:
        """Not with the path, which holds the browser's ticket."""
        _log.debug("%s: %s", type, self.command)


def _hang_up(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        _log.debug("the other side had already gone")


def is_hung_up(line: socket.socket | None) -> bool:
    """Whether the other side has closed the connection."""
    if line is None:
        return False
    try:
        return line.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
