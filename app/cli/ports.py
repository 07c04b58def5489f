"""Whether a port of this machine can be had."""

from __future__ import annotations

import socket


def is_taken(port: int) -> bool:
    """Looked at before a server is started: whatever listens there would be taken for ours."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return True
    return False


def taken(port: int, option: str) -> str:
    return f"Port {port} is taken by another program. Choose another one with {option}."
