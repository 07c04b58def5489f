"""The HTTP server and the program around it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from app.emulator import Emulator
from app.emulator.loopback import MAX_BODY

ROOT = Path(__file__).resolve().parents[2]


def raw(emulator: Emulator, request: bytes) -> bytes:
    """Send bytes and read everything that comes back until the server closes."""
    with socket.create_connection((urlsplit(emulator.url).hostname, urlsplit(emulator.url).port), timeout=5) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_it_listens_only_on_this_machine(emulator: Emulator) -> None:
    assert urlsplit(emulator.url).hostname == "127.0.0.1"
    assert emulator.api_url == emulator.url + "/api/"
    assert (emulator.bot_token, emulator.signing_secret) == ("xoxb-local", "local-secret")


def test_it_listens_on_the_port_it_was_given() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with Emulator().start(port) as emulator:
        assert emulator.url == f"http://127.0.0.1:{port}"
        assert httpx.get(emulator.url).status_code == 200


def test_it_starts_once(emulator: Emulator) -> None:
    with pytest.raises(RuntimeError, match="already running"):
        emulator.start()


def test_after_the_stop_nobody_answers_but_everything_can_be_read(emulator: Emulator, http: httpx.Client) -> None:
    http.post("/api/auth.test")
    emulator.stop()
    with pytest.raises(httpx.TransportError):
        http.post("/api/auth.test")
    assert len(emulator.requests("auth.test")) == 1


def test_it_can_be_stopped_twice_and_started_again(emulator: Emulator) -> None:
    emulator.stop()
    emulator.stop()
    with emulator.start() as again:
        assert httpx.post(again.api_url + "api.test").json() == {"ok": True}


def test_one_connection_serves_many_requests(emulator: Emulator) -> None:
    body = b"foo=bar"
    head = b"POST /api/api.test HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    one = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    answers = raw(emulator, one * 3)
    assert answers.count(b"HTTP/1.1 200 OK") == answers.count(b'"foo": "bar"') == 3


def test_a_body_that_nobody_reads_does_not_become_the_next_request(emulator: Emulator) -> None:
    head = b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nGET / HTT"
    answers = raw(emulator, head + b"GET /api/api.test HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == [b"404", b"200"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"Content-Length: many\r\n", b"400"),
        (b"Content-Length: -1\r\n", b"400"),
        (b"Content-Length: %d\r\n" % (MAX_BODY + 1), b"413"),
        (b"Transfer-Encoding: chunked\r\n", b"411"),
    ],
)
def test_a_body_without_a_fair_length_is_refused(emulator: Emulator, headers: bytes, status: bytes) -> None:
    answer = raw(emulator, b"POST /api/api.test HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status)


def test_a_client_that_goes_away_harms_nobody(emulator: Emulator, http: httpx.Client) -> None:
    address = (urlsplit(emulator.url).hostname, urlsplit(emulator.url).port)
    for part in (b"", b"POST /api", b"POST /api/api.test HTTP/1.1\r\nContent-Length: 100\r\n\r\nfoo"):
        with socket.create_connection(address) as line:
            line.sendall(part)
    assert http.post("/api/auth.test").json()["ok"]


def test_a_head_has_no_body(emulator: Emulator) -> None:
    answer = raw(emulator, b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n")


def test_many_clients_at_once_are_all_served(emulator: Emulator) -> None:
    emulator.limits.off()
    answers: list[bool] = []

    def ask() -> None:
        with httpx.Client(
            base_url=emulator.url, verify=False, headers={"Authorization": "Bearer xoxb-local"}
        ) as client:
            for n in range(5):
                call = {"external_unique_id": f"{threading.get_ident()}-{n}", "join_url": "https://example.com"}
                answers.append(client.post("/api/calls.add", data=call).json()["ok"])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [True] * 40
    assert len({call.id for call in emulator.workspace().calls.all()}) == 40


def test_it_runs_as_a_program_until_it_is_interrupted() -> None:
    program = (
        "import logging; logging.basicConfig(level=logging.INFO);"
        "from app.emulator.server import serve; serve(0, 'http://127.0.0.1:1/slack/events')"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as running:
        try:
            assert running.stderr is not None
            (url,) = re.findall(r"listening on (\S+),", running.stderr.readline())
            app = httpx.get(url + "/emulator/app").json()
            running.send_signal(signal.SIGINT)
            assert running.wait(timeout=10) == 0
        finally:
            running.kill()
    assert app == {"request_url": "http://127.0.0.1:1/slack/events"}
