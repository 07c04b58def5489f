"""Requests over kept connections, made beforehand, sent by one thread that costs the server's machine little."""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

CONNECTIONS = 16
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came of a load. ``own_cpu_seconds`` is what sending and reading cost here."""

    seconds: float
    statuses: Mapping[int, int]
    own_cpu_seconds: float

    @property
    def per_second(self) -> float:
        return sum(self.statuses.values()) / self.seconds


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


def request_bytes(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """An HTTP/1.1 request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def send_all(
    address: tuple[str, int], requests: Sequence[bytes], *, connections: int = CONNECTIONS, within_seconds: float = 60
) -> Sent:
    """Send all requests over so many connections, each of which has one request on the way at any time."""
    waiting = iter(requests)
    statuses: Counter[int] = Counter()
    lines = [Line(address) for _ in range(connections)]
    began, cpu_began = time.perf_counter(), time.thread_time()
    try:
        with selectors.DefaultSelector() as selector:
            _exchange(selector, lines, waiting, statuses, began + within_seconds)
        seconds, cpu_seconds = time.perf_counter() - began, time.thread_time() - cpu_began
    finally:
        for line in lines:
            line.close()
    if sum(statuses.values()) != len(requests):
        raise RuntimeError(f"{sum(statuses.values())} of {len(requests)} requests were answered in {seconds:.0f} s.")
    return Sent(seconds=seconds, statuses=statuses, own_cpu_seconds=cpu_seconds)


def _exchange(
    selector: selectors.BaseSelector,
    lines: Sequence[Line],
    waiting: Iterator[bytes],
    statuses: Counter[int],
    deadline: float,
) -> None:
    for each, first in zip(lines, waiting, strict=False):
        selector.register(each.socket, selectors.EVENT_READ, each)
        each.send(first)
    while selector.get_map() and time.perf_counter() < deadline:
        for key, _ in selector.select(timeout=1):
            line: Line = key.data
            answer = line.receive()
            if answer is None:
                continue
            statuses[answer.status] += 1
            request = next(waiting, None)
            if request is None:
                selector.unregister(line.socket)
            else:
                line.send(request)


class Line:
    """One kept connection."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = bytearray()

    def send(self, request: bytes) -> None:
        self.socket.sendall(request)

    def receive(self) -> Answer | None:
        """Read once; the answer when it is whole."""
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("The server has closed the connection.")
        self._read += piece
        head, end, body = self._read.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or length is None or len(body) < int(length[1]):
            return None
        self._read.clear()
        return Answer(int(head[9:12]), bytes(body))

    def ask(self, request: bytes) -> tuple[Answer, float]:
        """Send a request and wait for its answer; also how many seconds that took."""
        began = time.perf_counter()
        self.send(request)
        answer = self.receive()
        while answer is None:
            answer = self.receive()
        return answer, time.perf_counter() - began

    def close(self) -> None:
        self.socket.close()
