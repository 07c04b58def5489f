"""``serve`` as a process, and those who send it slowly, too much, or not to the end."""

from __future__ import annotations

import select
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median

import httpx
import pytest

from app.emulator import Emulator
from app.web.front import BODY_SECONDS, MOST_HELD_BYTES, Headers, environ_of
from app.web.limits import LARGEST_BODY_BYTES
from tests.conftest import migrate_url
from tests.processes import free_port, serving, settings
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook
from tests.reconciler.stage import person
from tests.scenarios.patience import PATIENCE_SECONDS, until

HEAD = b"POST /webhooks/standard HTTP/1.1\r\nHost: x\r\n"
SOON_SECONDS = 2
PAUSE_SECONDS = 0.02
SLOW_MACHINE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    process: subprocess.Popen[str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    url = f"sqlite:///{tmp_path_factory.mktemp('front') / 'app.db'}"
    migrate_url(url)
    with Emulator() as slack, ReferenceServer() as vendor:
        env = {**settings(slack, url, free_port()), **vendor.settings(), "DEFAULT_PROVIDER": "standard"}
        with serving(env) as process:
            yield Served(env["PUBLIC_URL"], process)


@contextmanager
def connected(served: Served) -> Iterator[socket.socket]:
    address = ("127.0.0.1", int(served.url.rsplit(":", 1)[1]))
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as line:
        yield line


def status(line: socket.socket) -> int:
    return int(line.recv(1000)[9:12])


def tell(served: Served, *, in_pieces: bool = False) -> httpx.Response:
    """A genuine webhook."""
    body = webhook("participant.joined", datetime.now(UTC), participant=person("Ada"))
    content = iter([body[:10], body[10:]]) if in_pieces else body
    headers = delivered(body, datetime.now(UTC))
    url = f"{served.url}/webhooks/standard"
    return httpx.post(url, content=content, headers=headers, trust_env=False, timeout=PATIENCE_SECONDS)


def status_of(served: Served, body: bytes) -> int:
    """Of the answer to what no provider has sent."""
    return httpx.post(f"{served.url}/webhooks/standard", content=body, trust_env=False).status_code


def seconds_of_a_webhook(served: Served) -> float:
    began = time.monotonic()
    assert tell(served).status_code == 200
    return time.monotonic() - began


def test_a_hundred_who_drip_keep_nobody_waiting_and_are_cut_off(served: Served) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(connected(served)) for _ in range(100)]
        began = time.monotonic()
        told, untold = lines[::2], lines[1::2]
        for line in told:
            line.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        for line in untold:
            line.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
        waits, pause = [], threading.Event()
        while time.monotonic() - began < BODY_SECONDS - SOON_SECONDS:
            for line in told:
                line.sendall(b" ")
            waits.append(seconds_of_a_webhook(served))
            pause.wait(PAUSE_SECONDS)
        # A busy machine makes some of them slow; behind those who drip the first would wait until they are cut off.
        assert median(waits) < SOON_SECONDS
        assert {status(line) for line in lines} == {408}
        assert BODY_SECONDS <= time.monotonic() - began < BODY_SECONDS + SLOW_MACHINE_SECONDS
        assert {line.recv(1) for line in lines} == {b""}


def test_a_body_in_pieces_is_taken_in(served: Served) -> None:
    assert tell(served, in_pieces=True).status_code == 200


@pytest.mark.parametrize("size", [LARGEST_BODY_BYTES, LARGEST_BODY_BYTES + 1])
def test_a_body_may_be_so_large_and_no_larger(served: Served, size: int) -> None:
    assert status_of(served, b"x" * size) == (401 if size == LARGEST_BODY_BYTES else 413)


def test_what_has_no_end_is_refused_while_it_comes(served: Served) -> None:
    with connected(served) as line:
        line.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        for _ in range(LARGEST_BODY_BYTES // 0x10000 + 1):
            line.sendall(piece)
        assert status(line) == 413


def test_large_bodies_are_held_up_to_a_bound_and_small_ones_get_through(served: Served) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(connected(served)) for _ in range(MOST_HELD_BYTES // LARGEST_BODY_BYTES + 8)]
        for line in lines:
            line.sendall(HEAD + f"Content-Length: {LARGEST_BODY_BYTES}\r\n\r\n".encode() + b"x" * 1_000_000)
        assert seconds_of_a_webhook(served) < SOON_SECONDS
        answered, _, _ = select.select(lines, [], [], PATIENCE_SECONDS)
        assert {status(line) for line in answered} == {503}
    until(lambda: status_of(served, b"x" * 100_000) == 401)


def test_a_body_that_breaks_off_is_not_taken_in(served: Served) -> None:
    with connected(served) as line:
        line.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        line.shutdown(socket.SHUT_WR)
        assert status(line) == 400


@pytest.mark.parametrize(
    ("head", "wanted"),
    [(b"X-Large: " + b"x" * 300_000 + b"\r\n", 431), (b"Content-Length: 1\r\nContent-Length: 2\r\n", 400)],
)
def test_a_head_that_is_too_large_or_ambiguous_is_refused(served: Served, head: bytes, wanted: int) -> None:
    with connected(served) as line:
        line.sendall(HEAD + head + b"\r\n")
        assert status(line) == wanted


# What the app gets


@dataclass(frozen=True)
class Lines:
    """Headers as they came, one by one."""

    given: Headers

    def items(self) -> Headers:
        return self.given


@dataclass
class Asked:
    http_version: str = "1.1"
    server: str = "127.0.0.1:3000"
    client: str = "127.0.0.1:54321"
    scheme: str = "http"
    method: str = "POST"
    path: str = "/"
    query_string: str = ""
    headers: Lines = field(default_factory=lambda: Lines([]))


def asked(**parts: object) -> Mapping[str, object]:
    return environ_of(Asked(**parts))  # type: ignore[arg-type]


def test_a_path_is_given_as_wsgi_has_it() -> None:
    assert asked(path="/join/é")["PATH_INFO"] == "/join/Ã©"


def test_an_address_is_given_without_its_port() -> None:
    assert [asked(client=client)["REMOTE_ADDR"] for client in ("10.0.0.1:80", "[::1]:80")] == ["10.0.0.1", "::1"]


def test_headers_that_come_twice_are_joined() -> None:
    environ = asked(headers=Lines([("cookie", "a=1"), ("x-own", "1"), ("cookie", "b=2"), ("x-own", "2")]))
    assert (environ["HTTP_COOKIE"], environ["HTTP_X_OWN"]) == ("a=1;b=2", "1,2")


def test_type_and_length_of_the_body_have_names_of_their_own() -> None:
    environ = asked(headers=Lines([("content-type", "text/plain"), ("content-length", "3")]))
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("text/plain", "3")
    assert not [key for key in environ if key.startswith("HTTP_")]
