"""The app and the floors as processes of their own, on the loopback address, ended by their id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.cli.serve import server_options
from app.config import Settings, read_settings
from app.web.front import THREADS

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 30
SECRETS = {"SLACK_BOT_TOKEN": "xoxb-local", "SLACK_SIGNING_SECRET": "local-secret"}
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. ``log`` is what it has written."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def processes(self) -> list[int]:
        """The ids of all its processes, where the system tells them (Linux)."""
        return _with_children(self.process.pid)

    def cpu_seconds(self) -> float | None:
        """Processor time of all its processes so far; None where the system does not tell."""
        try:
            return sum(map(_cpu_seconds, self.processes()))
        except OSError:
            return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def app_server(folder: Path, env: Mapping[str, str], *, port: int = 0) -> Iterator[Server]:
    """``python -m app serve`` with these settings, ready to be asked. ``env`` names the database; ``port`` is any free
    one when it is not given."""
    port = port or free_port()
    own = {**SECRETS, "HOST": HOST, "PORT": str(port), "PUBLIC_URL": f"http://{HOST}:{port}", "LOG_LEVEL": "WARNING"}
    with _server(["-m", "app", "serve"], folder, {**own, **env}, port) as server:
        yield server


@contextmanager
def floor_server(folder: Path, target: str, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A bare WSGI app behind the same server with the same options as the app's."""
    port = free_port()
    settings = read_settings(Settings, {**SECRETS, "PUBLIC_URL": "http://floor", "HOST": HOST, "PORT": str(port)})
    _apps_own_target, *options = server_options(settings)
    bare = ["--interface=wsgi", f"--blocking-threads={THREADS}"]
    with _server(["-m", "granian", target, *options, *bare], folder, env or {}, port) as server:
        yield server


@contextmanager
def gunicorn_server(folder: Path, target: str, env: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The same bare app behind gunicorn with as many threads."""
    port = free_port()
    options = ["--worker-class=gthread", "--workers=1", f"--threads={THREADS}", f"--bind={HOST}:{port}"]
    arguments = ["-m", "gunicorn", f"{target}()", *options, "--keep-alive=30", "--log-level=error"]
    with _server(arguments, folder, env or {}, port) as server:
        yield server


@contextmanager
def _server(arguments: Sequence[str], folder: Path, env: Mapping[str, str], port: int) -> Iterator[Server]:
    # Nothing of the caller's settings and proxies gets in; a .env of the checkout is not read from another folder.
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    log = folder / f"server-{port}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env={**kept, "PYTHONPATH": paths, **env},
            stdout=written,
            stderr=written,
        )
    server = Server(port, process, log)
    try:
        _wait_until_it_listens(server)
        yield server
    finally:
        _stop(process)


def _wait_until_it_listens(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            socket.create_connection((HOST, server.port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"A server did not start:\n{server.log.read_text(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        for pid in reversed(_with_children(process.pid)):
            os.kill(pid, 9)
        process.wait()


def _with_children(pid: int) -> list[int]:
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return [pid]
    return [pid, *(each for child in told.split() for each in _with_children(int(child)))]


def _cpu_seconds(pid: int) -> float:
    # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: utime and stime, counted behind the name in brackets.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
