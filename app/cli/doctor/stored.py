"""The database: whether it can be used and read, and whether somebody does the work that is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.cli.doctor.findings import Finding, ok, skipped, unsure, wrong
from app.config import Settings
from app.db import accounts, alive, gauges, migrate, overview
from app.db.session import Database
from app.errors import StoredUnreadable

STUCK_SECONDS = 60.0
"""Workers take up what is due within five seconds, and what has to wait is not due."""

UPGRADE = "python -m app db upgrade"


@dataclass(frozen=True, slots=True)
class Work:
    """Whether any process of the app is alive, and for how long the call that has been due longest has waited."""

    is_anybody_alive: bool
    lag_seconds: float


def check_file(database: Database) -> Finding | None:
    """What there is to say before the database is opened, which would make the file."""
    path = Path(database.url.database or "")
    if not database.is_sqlite or path.exists():
        return None
    if not path.parent.is_dir():
        says = f"The folder {path.parent} of the database does not exist."
        return wrong("database", says, f"Make the folder {path.parent}, or set DATABASE_URL to another.")
    return unsure("database", f"There is no database {path} yet. `python -m app serve` makes it.")


def check_tables(database: Database) -> list[Finding]:
    """Whether the database answers, and has the tables that this code needs."""
    return judge_tables(migrate.problem(database), is_sqlite=database.is_sqlite)


def check_keys(settings: Settings, database: Database) -> Finding:
    try:
        with database.reading() as connection:
            overview.check_keys(connection)
            overview.installed_tokens(connection)
            accounts.list_all(connection)
    except StoredUnreadable as error:
        return judge_keys(error.detail, has_keys=bool(settings.keys))
    return judge_keys(None, has_keys=bool(settings.keys))


def check_work(database: Database, now: datetime) -> Finding:
    with database.reading() as connection:
        lag = gauges.read_gauges(connection, now).lag_seconds
    return judge_work(Work(alive.is_anybody_alive(database), lag))


def skip_all(because: str) -> Iterator[Finding]:
    for check in ("migrations", "encryption", "worker"):
        yield skipped(check, because)


# --- Judgement ---------------------------------------------------------------------------------------------------


def judge_tables(problem: str | None, *, is_sqlite: bool) -> list[Finding]:
    """``problem`` as ``migrate.problem`` tells it."""
    if problem == migrate.NOT_REACHED:
        what = "Look whether the file may be read and written" if is_sqlite else "Look whether its server runs"
        fix = f"{what}, and whether DATABASE_URL is right."
        return [wrong("database", problem, fix), skipped("migrations", "the database cannot be reached")]
    reached = ok("database", "The database answers.")
    if problem is not None:
        return [reached, wrong("migrations", "The tables are not those that this version needs.", f"Run `{UPGRADE}`.")]
    return [reached, ok("migrations", "The tables are those that this version needs.")]


def judge_keys(unreadable: str | None, *, has_keys: bool) -> Finding:
    """``unreadable`` is why something of what is stored cannot be read."""
    if unreadable is not None:
        says = f"What is stored cannot be read. {unreadable}"
        return wrong("encryption", says, "Put the key that is missing among ENCRYPTION_KEYS, and start the app again.")
    if not has_keys:
        says = "What is stored can be read by whoever has the database: ENCRYPTION_KEYS is not set."
        return unsure("encryption", says, "Make a key with `python -m app db key`; docs/operating.md says the rest.")
    return ok("encryption", "What is stored can be read with ENCRYPTION_KEYS.")


def judge_work(work: Work) -> Finding:
    if not work.is_anybody_alive:
        says = "No process of the app is running with this database."
        return wrong("worker", says, "Start one with `python -m app serve`, or `python -m app work` beside it.")
    if work.lag_seconds > STUCK_SECONDS:
        says = f"A call has been due for {work.lag_seconds:.0f} seconds, and no worker takes it up."
        fix = "Look whether WORKERS is 1 or more in one of the processes, and into their logs; then start them again."
        return wrong("worker", says, fix)
    return ok("worker", "A process is running, and nothing that is due waits.")
