"""``work`` as processes that start at once: each is a fork of one that has loaded the app already.

``python -m tests.scenarios.nursery`` reads settings, one process to a line, starts it, and prints its id; and when it
has ended, its exit code. One runs at a time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, NoReturn

from app import logs
from app.cli import main
from app.cli import work as _loaded  # noqa: F401 - what a process would spend most of its start on
from tests.processes import ROOT, clean


class Nursery:
    """Use as a context manager; ``working(env)`` is a process of it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.scenarios.nursery"]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(
            command, env=clean({}), cwd=ROOT, stdin=pipe, stdout=pipe, stderr=nowhere, text=True
        )

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    @contextmanager
    def working(self, env: Mapping[str, str]) -> Iterator[Worker]:
        """Told to end when the block is left, unless it was killed in it."""
        worker = Worker(self._told(json.dumps(dict(env))), self._read)
        try:
            yield worker
        finally:
            worker.end(signal.SIGTERM)

    def _told(self, line: str) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())


class Worker:
    def __init__(self, pid: int, ended: Callable[[], int]) -> None:
        self._pid = pid
        self._ended = ended
        self._is_over = False

    def kill(self) -> None:
        """Returns when it is gone."""
        self.end(signal.SIGKILL)

    def end(self, number: signal.Signals) -> None:
        if not self._is_over:
            self._is_over = True
            os.kill(self._pid, number)
            assert self._ended() in (0, -signal.SIGKILL)


def _serve(lines: IO[str]) -> None:
    for line in lines:
        pid = os.fork()
        if not pid:
            _work(json.loads(line))
        _say(pid)
        _, status = os.waitpid(pid, 0)
        _say(os.waitstatus_to_exitcode(status))


def _work(env: Mapping[str, str]) -> NoReturn:
    """As ``python -m app work`` does; it leaves without what its parent would do at its end."""
    os.environ.update(env)
    logs.set_up("WARNING")
    code = 1
    try:
        code = main(["work"])
    finally:
        os._exit(code)


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.stdin)
