"""The app as processes of its own that are killed, and started again at once on the same port and database."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.load import request_bytes
from bench.servers import HOST, Server, app_server, free_port
from bench.soak.post import ask_once


@dataclass(slots=True)
class AppProcess:
    """``kill`` is for a thread of its own: it returns when the next one answers."""

    folder: Path
    env: Mapping[str, str]
    port: int = field(default_factory=free_port)
    starts: int = 0
    down_seconds: list[float] = field(default_factory=list)
    _server: Server | None = None
    _stack: ExitStack = field(default_factory=ExitStack)
    _one: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> tuple[str, int]:
        return HOST, self.port

    def start(self, **more: str) -> None:
        with self._one:
            self.starts += 1
            folder = self.folder / f"start-{self.starts}"
            folder.mkdir()
            self.env = {**self.env, **more}
            self._server = self._stack.enter_context(app_server(folder, self.env, port=self.port))

    def stop(self) -> None:
        """As a deployment stops it."""
        with self._one:
            self._stack.close()
            self._server = None

    def kill(self) -> None:
        """``kill -9`` for all its processes, in the middle of whatever they do."""
        began = time.monotonic()
        with self._one:
            assert self._server is not None
            pids = self._server.processes()
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            self._stack.close()
            self._server = None
        # A child may still hold the port for a moment.
        while any(map(_is_alive, pids)):
            time.sleep(0.01)
        self.start()
        while (answer := ask_once(self.address, request_bytes("GET", "/readyz", {}))) is None or answer.status != 200:
            time.sleep(0.05)
        self.down_seconds.append(time.monotonic() - began)

    def pids(self) -> list[int]:
        server = self._server
        return server.processes() if server else []

    def cpu_seconds(self) -> float:
        server = self._server
        return (server.cpu_seconds() if server else None) or 0.0

    def errors(self) -> list[str]:
        """What the app itself has logged as an error. The Slack SDK does so with each request that gets lost."""
        logs = sorted(self.folder.glob("start-*/server-*.log"))
        lines = [line for log in logs for line in log.read_text(errors="replace").splitlines()]
        return [line for line in lines if " ERROR app." in line]


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
