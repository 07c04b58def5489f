"""Between the server and the app: the event loop takes requests in, and only whole ones get a thread.

Webhooks share a single one (``intake``).

The server has no time limit for a body, and a thread that waits for one is of no use to others. Here whoever sends
slowly holds a connection for some seconds, and nothing else.

https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md, https://peps.python.org/pep-3333/
"""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from queue import SimpleQueue
from typing import Any, Protocol
from wsgiref.types import WSGIApplication

from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # its public name

from app import logs
from app.web.answers import Answer, come_again
from app.web.intake import Intake
from app.web.limits import LARGEST_BODY_BYTES, Floods
from app.web.webhooks import ENDPOINT, ROOT, Incoming, Webhooks

BODY_SECONDS = 5.0
"""For a body to come in whole. Slack waits three for the answer, and what providers and people send is a few
kilobytes."""
SMALL_BODY_BYTES = 64 * 1024
"""As large as nearly all are. These are read in one step; with each piece by itself a request costs a tenth more."""
MOST_HELD_BYTES = 64 * LARGEST_BODY_BYTES
"""Of all larger bodies that are coming in or wait for a thread: a bound to the memory that a flood can take."""
THREADS = 32
"""Requests answered at once. Most take a few milliseconds, but some ask Slack about somebody's rights."""

Headers = list[tuple[str, str]]
log = logs.get(__name__)


class Scope(Protocol):
    """What the server knows of a request before its body."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str

    @property
    def headers(self) -> Any: ...


class Exchange(Protocol):
    """The body of a request, at once or in pieces as they come, and the way to answer it."""

    def __call__(self) -> Awaitable[bytes]: ...
    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...


_CLOSED = {"Connection": "close"}
TOO_SLOW = Answer(408, b"the body did not come in time", headers=_CLOSED)
BROKEN_OFF = Answer(400, b"the body breaks off")
TOO_LARGE = Answer(413, b"larger than anything that is sent here", headers=_CLOSED)


class Refused(Exception):
    """The body is not taken in."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.status)


class Front:
    """What the server calls, around a WSGI app."""

    def __init__(self, app: WSGIApplication, webhooks: Webhooks, floods: Floods) -> None:
        self._app = app
        self._intake = Intake(webhooks.answer_all)
        self._floods = floods
        self._whole: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._held_bytes = 0

    def __rsgi_init__(self, _loop: object) -> None:
        for number in range(THREADS):
            threading.Thread(target=self._work, name=f"request-{number}").start()

    def __rsgi_del__(self, _loop: object) -> None:
        """By now all requests are answered."""
        self._intake.close()
        for _ in range(THREADS):
            self._whole.put(None)

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        held: list[bytes] = []
        # Each look at them asks the server anew.
        headers = dict(scope.headers.items())
        try:
            body = await self._take_in(_length(headers), exchange, held)
            if scope.method == "POST" and scope.path.startswith(ROOT):
                await self._answer_webhook(scope, headers, body, exchange)
            else:
                await self._answer(environ_of(scope), body, exchange)
        except Refused as refusal:
            _tell(exchange, refusal.answer)
        finally:
            self._held_bytes -= sum(map(len, held))

    async def _take_in(self, length: int | None, exchange: Exchange, held: list[bytes]) -> bytes:
        """The whole body; a large one is in ``held`` as well. Raises ``Refused``."""
        if length == 0:
            return b""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                if length is not None and length <= SMALL_BODY_BYTES:
                    return await exchange()
                await self._hold(exchange, held)
                return b"".join(held)
        except TimeoutError:
            raise Refused(TOO_SLOW) from None
        except ProtocolClosed:
            raise Refused(BROKEN_OFF) from None

    async def _hold(self, exchange: Exchange, held: list[bytes]) -> None:
        left = LARGEST_BODY_BYTES
        async for piece in exchange:
            held.append(piece)
            left -= len(piece)
            self._held_bytes += len(piece)
            if left < 0:
                raise Refused(TOO_LARGE)
            if self._held_bytes > MOST_HELD_BYTES:
                raise Refused(come_again())

    async def _answer_webhook(self, scope: Scope, headers: Mapping[str, str], body: bytes, exchange: Exchange) -> None:
        key = Floods.key(ENDPOINT, _address(scope))
        retry_seconds = self._floods.seconds_left(key)
        incoming = Incoming.of(scope.path, scope.query_string, headers, body, of_flood=bool(retry_seconds))
        _tell(exchange, self._floods.shorten(key, await self._intake.answer(incoming), retry_seconds))

    async def _answer(self, environ: dict[str, Any], body: bytes, exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        answered = loop.create_future()
        environ["wsgi.input"] = io.BytesIO(body)

        def answer() -> None:
            try:
                exchange.response_bytes(*_ask(self._app, environ))
            finally:
                loop.call_soon_threadsafe(answered.set_result, None)

        self._whole.put(answer)
        await answered

    def _work(self) -> None:
        while (answer := self._whole.get()) is not None:
            try:
                answer()
            except Exception:  # the thread must be there for the next one; the server answers with 500
                log.exception("request not answered")


def _tell(exchange: Exchange, answer: Answer) -> None:
    told = [("content-type", answer.content_type), *answer.headers.items()]
    exchange.response_bytes(answer.status, told, answer.body)


def _length(headers: Mapping[str, str]) -> int | None:
    """Of the body; None when nobody knows before its end."""
    if "transfer-encoding" in headers:
        return None
    return int(headers.get("content-length", 0))


def _address(scope: Scope) -> str:
    return scope.client.rpartition(":")[0].strip("[]")


def environ_of(scope: Scope) -> dict[str, Any]:
    """The request as WSGI has it, but for its body."""
    server, _, port = scope.server.rpartition(":")
    environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": _address(scope),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        key = _KEYS.get(name) or f"HTTP_{name.upper().replace('-', '_')}"
        environ[key] = f"{environ[key]}{_JOINTS.get(name, ',')}{value}" if key in environ else value
    return environ


_KEYS = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
_JOINTS = {"cookie": ";"}


def _ask(app: WSGIApplication, environ: dict[str, Any]) -> tuple[int, Headers, bytes]:
    told: list[tuple[int, Headers]] = []

    def start_response(status: str, headers: Headers, _exc_info: object = None) -> Any:
        told.append((int(status.split(" ", 1)[0]), headers))

    pieces: Iterable[bytes] = app(environ, start_response)
    try:
        body = b"".join(pieces)
    finally:
        if hasattr(pieces, "close"):
            pieces.close()
    return *told[-1], body
