"""How the processes on one SQLite file know that they are the first: they share the lock of a file beside it."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from app import logs
from app.db import work
from app.db.session import Database

SUFFIX = "-workers"
log = logs.get(__name__)


class FilePresence:
    """This process among others on the same machine. The system gives a lock back when its process ends, whatever
    ended it; so whoever gets the whole lock is alone, and need not wait for the leases of those who were here before.

    Nobody is woken: a process beside the one that serves looks by itself every few seconds.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._file: IO[bytes] | None = None

    def start(self) -> None:
        path = Path(f"{self._database.url.database}{SUFFIX}")
        try:
            self._file = path.open("wb")
            self._void_leases_if_alone(self._file)
            fcntl.flock(self._file, fcntl.LOCK_SH)
        except OSError as error:
            # Not every file system has locks. Leases run out by themselves.
            log.warning("cannot lock the file beside the database", why=type(error).__name__)

    def tell(self) -> None:
        """There is nobody to tell."""

    def stop(self) -> None:
        if self._file is not None:
            self._file.close()

    def _void_leases_if_alone(self, file: IO[bytes]) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        with self._database.transaction() as connection:
            work.void_all_leases(connection)
