"""A vendor's server on loopback: real HTTP, our answers, and a list of what it was asked."""

from __future__ import annotations

import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in; ``headers`` have lower-case names, ``connection`` tells TCP connections apart."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


HANG_UP = Reply(status=-1)
"""Close the connection without an answer."""
SAY_NOTHING = Reply(status=-2)
"""Keep the connection open without an answer until the stand-in ends."""


class StandIn:
    """``with StandIn(handle) as vendor``: listens at ``vendor.url``. ``next_reply`` goes before ``handle``, once;
    ``always`` goes before both. ``before`` is called with each request."""

    def __init__(self, handle: Callable[[Asked], Reply] | None = None) -> None:
        self.asked: list[Asked] = []
        self.before: Callable[[Asked], object] = lambda _: None
        self.always: Reply | None = None
        self._handle = handle or (lambda _: Reply())
        self._next: deque[Reply] = deque()
        self._loses: tuple[str, str] | None = None
        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def speak_tls(self, certificate: Path) -> None:
        """From now on https, by a file with the certificate and its key; ``url`` still says http."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def next_reply(self, reply: Reply) -> None:
        self._next.append(reply)

    def lose_answer(self, method: str, path_end: str) -> None:
        """The next such request has its effect, and its answer gets lost."""
        self._loses = (method, path_end)

    def reply_to(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        self.before(asked)
        reply = self.always or (self._next.popleft() if self._next else self._handle(asked))
        if reply is SAY_NOTHING:
            self._ended.wait(30)
        if self._loses and asked.method == self._loses[0] and urlsplit(asked.path).path.endswith(self._loses[1]):
            self._loses = None
            return HANG_UP
        return reply

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler_for(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body go out as two packets: the second must not wait 40 ms for the first to be acknowledged.
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body, connection=self.client_address[1])
            reply = stand_in.reply_to(asked)
            if reply.status < 0:
                self.close_connection = True
                return
            # Without a Date: it would be the machine's, and tests have a clock of their own.
            self.send_response_only(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_DELETE = do_GET = do_PATCH = do_POST = do_PUT = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Tests say what matters themselves."""

    return Handler


def nobody_there() -> str:
    """An address on which nobody listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return f"http://127.0.0.1:{server.server_port}"
