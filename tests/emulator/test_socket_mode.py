"""Socket Mode by hand, beneath what the SDK's client uses of it."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from slack_sdk import WebClient

from app.emulator import Emulator
from app.emulator.interactions import shortcut
from app.emulator.socket_mode import MOST_CONNECTIONS, TICKET_SECONDS
from app.emulator.websocket import accept_key
from tests.emulator.slack_side import Clock, error_of

Json = dict[str, Any]


class Client:
    """A WebSocket client of a few lines."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        assert address.hostname
        assert address.port
        self._socket = socket.create_connection((address.hostname, address.port), timeout=5)
        self.reader = self._socket.makefile("rb")
        self.key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            f"GET {address.path}?{address.query} HTTP/1.1",
            f"Host: {address.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {self.key}",
            "Sec-WebSocket-Version: 13",
        )
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.status = self.reader.readline().decode().split()[1]
        self.headers = dict(line.split(": ", 1) for line in iter(self._line, ""))

    def _line(self) -> str:
        return self.reader.readline().decode().strip()

    def send(self, kind: int, data: bytes, *, last: bool = True, masked: bool = True) -> None:
        mask = os.urandom(4)
        size = len(data) | (0x80 if masked else 0) if len(data) < 126 else 0xFE
        extended = struct.pack("!H", len(data)) if len(data) >= 126 else b""
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data)) if masked else data
        self._socket.sendall(bytes([(0x80 if last else 0) | kind, size]) + extended + (mask if masked else b"") + body)

    def receive(self) -> tuple[int, bytes]:
        first, size = self.reader.read(2)
        if size == 126:
            (size,) = struct.unpack("!H", self.reader.read(2))
        return first & 0x0F, self.reader.read(size)

    def message(self) -> Json:
        kind, data = self.receive()
        assert kind == 1
        value: Json = json.loads(data)
        return value

    def close(self) -> None:
        self.reader.close()
        self._socket.close()


@pytest.fixture
def url(emulator: Emulator) -> Callable[[], str]:
    opener = WebClient(base_url=emulator.api_url, retry_handlers=[])
    return lambda: str(opener.apps_connections_open(app_token=emulator.app_token)["url"])


@pytest.fixture
def join(url: Callable[[], str]) -> Iterator[Callable[[], Client]]:
    with ExitStack() as opened:

        def connect() -> Client:
            client = Client(url())
            opened.callback(client.close)
            return client

        yield connect


@pytest.fixture
def client(emulator: Emulator, join: Callable[[], Client]) -> Client:
    client = join()
    assert client.message()["type"] == "hello"
    assert emulator.socket_mode.is_connected
    return client


def answering(client: Client, answer: Callable[[Json], Json]) -> list[Json]:
    """Answer the next envelope from another thread; the envelope is in the list afterwards."""
    seen: list[Json] = []

    def work() -> None:
        envelope = client.message()
        seen.append(envelope)
        client.send(1, json.dumps(answer(envelope)).encode())

    threading.Thread(target=work, daemon=True).start()
    return seen


def test_the_upgrade_is_agreed_to(join: Callable[[], Client]) -> None:
    client = join()
    assert client.status == "101"
    assert client.headers["Sec-WebSocket-Accept"] == accept_key(client.key)
    hello = client.message()
    assert hello.items() >= {"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0LOCAL"}}.items()


def test_the_rfcs_example_comes_out() -> None:
    assert accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_a_command_comes_in_an_envelope_and_its_answer_in_the_acknowledgement(
    emulator: Emulator, client: Client
) -> None:
    seen = answering(client, lambda each: {"envelope_id": each["envelope_id"], "payload": {"text": "Hi"}})
    assert emulator.slash("/ring", "Weekly").text == "Hi"
    (envelope,) = seen
    assert envelope.items() >= {"type": "slash_commands", "accepts_response_payload": True}.items()
    assert (envelope["payload"]["command"], envelope["payload"]["text"]) == ("/ring", "Weekly")
    assert "retry_attempt" not in envelope


def test_an_event_says_which_attempt_it_is(emulator: Emulator, client: Client) -> None:
    seen = answering(client, lambda each: {"envelope_id": each["envelope_id"]})
    assert emulator.open_home("U0ADA").status == 200
    (envelope,) = seen
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("events_api", False)
    assert (envelope["retry_attempt"], envelope["retry_reason"]) == (0, "")
    assert envelope["payload"]["event"]["type"] == "app_home_opened"


def test_what_is_not_acknowledged_is_late_and_retried(emulator: Emulator, client: Client) -> None:
    emulator.app_link.budget_seconds = 0.02
    answered = emulator.open_home("U0ADA")
    assert (answered.status, answered.is_late, answered.reason) == (0, True, "http_timeout")
    attempts = [client.message() for _ in range(2)]
    assert [each["retry_attempt"] for each in attempts] == [0, 1]
    assert attempts[0]["envelope_id"] != attempts[1]["envelope_id"]
    assert [each.retry for each in emulator.deliveries.pending()] == [2]


@pytest.mark.parametrize("noise", [b"not json", b"[]", b'{"envelope_id": "other"}', b"{}"])
def test_noise_acknowledges_nothing(emulator: Emulator, client: Client, noise: bytes) -> None:
    emulator.app_link.budget_seconds = 0.05
    client.send(1, noise)
    assert emulator.slash("/ring").text.endswith('"operation_timeout"')


def test_pings_are_answered(client: Client) -> None:
    client.send(9, b"are you there")
    assert client.receive() == (10, b"are you there")


def test_a_message_may_come_in_pieces(emulator: Emulator, client: Client) -> None:
    def work() -> None:
        text = json.dumps({"envelope_id": client.message()["envelope_id"], "payload": {"text": "x" * 200}}).encode()
        client.send(1, text[:20], last=False)
        client.send(9, b"")
        client.send(0, text[20:])

    threading.Thread(target=work, daemon=True).start()
    assert emulator.slash("/ring").text == "x" * 200


def test_a_goodbye_is_returned(emulator: Emulator, client: Client) -> None:
    client.send(8, struct.pack("!H", 1000))
    assert client.receive() == (8, struct.pack("!H", 1000))
    assert emulator.socket_mode.wait_until(lambda: not emulator.socket_mode.is_connected)


def test_who_does_not_mask_is_put_out(emulator: Emulator, client: Client) -> None:
    client.send(1, b"{}", masked=False)
    assert emulator.socket_mode.wait_until(lambda: not emulator.socket_mode.is_connected)


def test_slack_says_goodbye_before_it_closes(emulator: Emulator, client: Client) -> None:
    emulator.socket_mode.disconnect("refresh_requested")
    message = client.message()
    assert (message["type"], message["reason"]) == ("disconnect", "refresh_requested")
    assert client.receive()[0] == 8


@pytest.mark.usefixtures("client")
def test_a_line_can_be_lost_without_a_word(emulator: Emulator) -> None:
    emulator.socket_mode.drop()
    assert emulator.socket_mode.wait_until(lambda: not emulator.socket_mode.is_connected)


def test_a_ticket_opens_one_socket_and_soon(url: Callable[[], str], clock: Clock) -> None:
    address = url()
    first, second = Client(address), Client(address)
    assert (first.status, second.status) == ("101", "401")
    late = url()
    clock.forward(TICKET_SECONDS + 1)
    third = Client(late)
    assert third.status == "401"
    for each in (first, second, third):
        each.close()


def test_there_are_ten_sockets_at_most(join: Callable[[], Client]) -> None:
    assert [join().message()["num_connections"] for _ in range(MOST_CONNECTIONS)] == list(range(1, 11))
    refused = join().message()
    assert (refused["type"], refused["reason"]) == ("disconnect", "too_many_websockets")


def test_a_plain_request_is_no_socket(http: httpx.Client) -> None:
    assert http.get("/link/").status_code == 426


@pytest.mark.parametrize(
    ("token", "error"),
    [("xoxb-local", "not_allowed_token_type"), ("xapp-other", "invalid_auth"), ("", "not_authed")],
)
def test_only_an_app_level_token_opens_sockets(emulator: Emulator, token: str, error: str) -> None:
    opener = WebClient(token or None, base_url=emulator.api_url, retry_handlers=[])
    assert error_of(lambda: opener.api_call("apps.connections.open")) == error


def test_a_stopped_emulator_lets_go_of_its_sockets(url: Callable[[], str], emulator: Emulator) -> None:
    client = Client(url())
    client.message()
    emulator.stop()
    assert client.reader.read() == b""
    client.close()


def test_what_is_sent_again_has_its_secrets(emulator: Emulator, client: Client, http: httpx.Client) -> None:
    # The first request of all opened the socket.
    acts: list[Callable[[], object]] = [
        lambda: emulator.slash("/ring", "Weekly & sync"),
        lambda: shortcut(emulator, "U0ADA", "start"),
        lambda: http.post("/emulator/replay/2"),
        lambda: http.post("/emulator/replay/3"),
    ]
    heard = []
    for act in acts:
        seen = answering(client, lambda each: {"envelope_id": each["envelope_id"]})
        act()
        heard += [each["payload"] for each in seen]
    assert heard[2:] == heard[:2]
    assert [each["token"] for each in heard] == ["local-verification-token"] * 4
