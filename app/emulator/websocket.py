"""The server's side of a WebSocket, as far as Socket Mode needs it: text, pings and goodbyes.

Protocol: https://www.rfc-editor.org/rfc/rfc6455
"""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
import threading
from contextlib import suppress
from typing import BinaryIO

MAX_MESSAGE = 1024 * 1024
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


def accept_key(key: str) -> str:
    """The server's answer to a client's `Sec-WebSocket-Key`."""
    return base64.b64encode(hashlib.sha1((key + _GUID).encode(), usedforsecurity=False).digest()).decode()


class WebSocket:
    """One connection, after the client has asked for the upgrade. Many threads may send, one receives."""

    def __init__(self, connection: socket.socket, reader: BinaryIO) -> None:
        self._connection = connection
        self._reader = reader
        self._sending = threading.Lock()

    def accept(self, key: str) -> None:
        """Agree to the upgrade."""
        lines = (
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept_key(key)}",
        )
        self._connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def send(self, text: str) -> None:
        """Send a text; OSError if the client has gone."""
        self._send(_TEXT, text.encode())

    def close(self) -> None:
        """Say goodbye, and wake whoever receives."""
        try:
            self._send(_CLOSE, struct.pack("!H", 1000))
            self._connection.shutdown(socket.SHUT_RD)
        except OSError:
            return  # the client has already gone

    def hang_up(self) -> None:
        """End the connection without a goodbye, as a broken line does."""
        with suppress(OSError):  # the client has already gone
            self._connection.shutdown(socket.SHUT_RDWR)

    def receive(self) -> str | None:
        """The next text, None when the connection has come to its end. Pings are answered on the way."""
        message = b""
        try:
            while True:
                is_last, kind, data = self._frame()
                if kind == _CLOSE:
                    self._send(_CLOSE, data[:2])
                    return None
                if kind == _PING:
                    self._send(_PONG, data)
                elif kind in (_TEXT, _BINARY, _CONTINUATION):
                    message += data
                    if is_last:
                        return message.decode()
        except (OSError, ValueError):
            return None

    def _frame(self) -> tuple[bool, int, bytes]:
        first, second = self._read(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._read(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._read(8))
        if not second & 0x80 or length > MAX_MESSAGE:
            raise ValueError("a client must mask its frames and be brief")
        mask = self._read(4)
        data = bytes(byte ^ mask[index % 4] for index, byte in enumerate(self._read(length)))
        return bool(first & 0x80), first & 0x0F, data

    def _read(self, size: int) -> bytes:
        data = self._reader.read(size)
        if len(data) < size:
            raise ConnectionError("the client hung up")
        return data

    def _send(self, kind: int, data: bytes) -> None:
        size = len(data)
        if size < 126:
            head = struct.pack("!BB", 0x80 | kind, size)
        elif size < 65_536:
            head = struct.pack("!BBH", 0x80 | kind, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 127, size)
        with self._sending:
            self._connection.sendall(head + data)
