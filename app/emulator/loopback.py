"""A small threaded HTTP/1.1 server for a WSGI application on this machine.

Werkzeug's own closes every connection and cannot hang up without an answer; this one keeps connections alive,
sends each answer in one piece (a stream of events as they come), and lets the application drop the line.
"""

from __future__ import annotations

import io
import logging
import socket
import sys
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask

from app.emulator.exchange import HANG_UP
from app.emulator.sockets import TAKE_OVER

HOST = "127.0.0.1"
MAX_BODY = 4 * 1024 * 1024
STREAM = "text/event-stream"
_log = logging.getLogger(__name__)


class LoopbackServer:
    """Serves an application from a background thread until it is stopped."""

    def __init__(self, app: Flask, port: int) -> None:
        self._server = _Server((HOST, port), _Handler)
        self._server.app = app
        self._thread = threading.Thread(target=self._server.serve, name="emulator", daemon=True)

    @property
    def url(self) -> str:
        """Where the server listens, without a slash at the end."""
        return f"http://{HOST}:{self._server.server_port}"

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def stop(self) -> None:
        """Stop serving, and close the connections that are still open."""
        self._server.stop_serving()
        self._thread.join()
        self._server.server_close()
        self._server.close_connections()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    app: Flask

    def __init__(self, *args: Any) -> None:
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._stopping = False
        super().__init__(*args)

    def serve(self) -> None:
        """Take connections until told to stop; unlike `serve_forever` without waking up to look for that."""
        while not self._stopping:
            self.handle_request()

    def stop_serving(self) -> None:
        """Make `serve` return, by knocking at its own door."""
        self._stopping = True
        socket.create_connection((HOST, self.server_port)).close()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._guard:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        with self._guard:
            for connection in self._open:
                hang_up(connection)

    def handle_error(self, _request: Any, client_address: Any) -> None:
        _log.exception("a request from %s failed", client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Switchboard-Emulator"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: _Server

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            _log.debug("a client hung up")

    def finish(self) -> None:
        try:
            super().finish()
        except ConnectionError:
            _log.debug("a client hung up before its answer")
        finally:
            # What could not be flushed keeps it from getting this far.
            self.rfile.close()

    def do_GET(self) -> None:
        body = self._read_body()
        if body is None:
            return
        self._hung_up = False
        status, headers, chunks = self._call_app(body)
        if dict(headers).get("Content-Type", "").startswith(STREAM):
            self._stream(status, headers, chunks)
            return
        data = b"".join(chunks)
        _close(chunks)
        if not self._hung_up:
            self._send(status, headers, data)

    # The names are what `http.server` calls for each HTTP method.
    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        _log.debug(format, *args)

    def _read_body(self) -> bytes | None:
        """The whole body, so that the next request on the connection starts where it should."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            self._refuse(411)
        elif not (length.isascii() and length.isdigit()):
            self._refuse(400)
        elif int(length) > MAX_BODY:
            self._refuse(413)
        else:
            return self.rfile.read(int(length))
        return None

    def _refuse(self, status: int) -> None:
        self.close_connection = True
        self.send_error(status)

    def _call_app(self, body: bytes) -> tuple[str, list[tuple[str, str]], Iterable[bytes]]:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
            started[:] = [status, headers]

        chunks: Iterable[bytes] = self.server.app(self._environ(body), start_response)
        return started[0], started[1], chunks

    def _environ(self, body: bytes) -> dict[str, Any]:
        target = urlsplit(self.path)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(target.path, "latin-1"),
            "QUERY_STRING": target.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": HOST,
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            HANG_UP: self._hang_up,
            TAKE_OVER: self._take_over,
        }
        for name, value in self.headers.items():
            environ.setdefault("HTTP_" + name.upper().replace("-", "_"), value)
        return environ

    def _send(self, status: str, headers: list[tuple[str, str]], data: bytes) -> None:
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        self._send_head(status, [*kept, ("Content-Length", str(len(data)))])
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes]) -> None:
        """Send an endless answer piece by piece, until whoever listens is gone."""
        self.close_connection = True
        self._send_head(status, [*headers, ("Connection", "close")])
        try:
            for chunk in chunks:
                self.wfile.write(chunk)
                self.wfile.flush()
        finally:
            _close(chunks)

    def _send_head(self, status: str, headers: list[tuple[str, str]]) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def _take_over(self) -> tuple[socket.socket, Any]:
        """Leave the connection to the application, which speaks something else than HTTP on it."""
        self._hung_up = True
        self.close_connection = True
        return self.connection, self.rfile

    def _hang_up(self) -> None:
        self._hung_up = True
        self.close_connection = True
        hang_up(self.connection)


def _close(chunks: Iterable[bytes]) -> None:
    """Tell the application that its answer is through, as WSGI wants it; files are closed by this."""
    close = getattr(chunks, "close", None)
    if close is not None:
        close()


def hang_up(connection: socket.socket) -> None:
    """End a connection now, whether or not the other side has already gone."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        _log.debug("the other side had already gone")
