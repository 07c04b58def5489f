"""One POST at a time, which another thread can cut short."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 15.0
_ANSWER_BYTES = 64 * 1024
_log = logging.getLogger(__name__)


def require_address(url: str) -> None:
    """Raises ``ValueError`` for what nothing can be sent to."""
    if not _is_address(url):
        raise ValueError(f"{url!r} is no address to send webhooks to, such as http://127.0.0.1:8000/webhooks/standard.")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_complete = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or half an IPv6 address
        return False
    return is_complete and "@" not in parts.netloc and all("!" <= letter <= "~" for letter in url)


class Poster:
    """A connection for every request, as a new one is never stale; redirects are answers like any other."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._connection: HTTPConnection | None = None
        self._is_cut = False

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int | None:
        """The status of the answer; None when there was none within ``TIMEOUT_SECONDS``, or after ``cut``.

        None as well when nothing can be sent to such an address: no failure is a reason to stop sending.
        """
        try:
            return self._ask(url, headers, body)
        except (OSError, HTTPException, ValueError) as error:
            _log.debug("no answer: %r", error)
            return None

    def _ask(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        parts = urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = self._connect(parts.scheme, parts.netloc)
        try:
            self._hold(connection)
            connection.request("POST", target or "/", body, dict(headers))
            answer = connection.getresponse()
            answer.read(_ANSWER_BYTES)
            return answer.status
        finally:
            self._let_go(connection)

    def cut(self) -> None:
        """Give up what is under way, and everything that would follow."""
        with self._guard:
            self._is_cut = True
            if self._connection and self._connection.sock:
                _hang_up(self._connection.sock)

    @staticmethod
    def _connect(scheme: str, netloc: str) -> HTTPConnection:
        kind = HTTPSConnection if scheme == "https" else HTTPConnection
        return kind(netloc, timeout=TIMEOUT_SECONDS)

    def _hold(self, connection: HTTPConnection) -> None:
        connection.connect()
        with self._guard:
            if self._is_cut:
                raise OSError("cut short")
            self._connection = connection

    def _let_go(self, connection: HTTPConnection) -> None:
        with self._guard:
            self._connection = None
        connection.close()


def _hang_up(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        _log.debug("the other side had already gone")
