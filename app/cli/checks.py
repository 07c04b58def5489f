"""What is looked at before anything is started."""

from __future__ import annotations

from collections.abc import Mapping

from app.clock import SystemClock
from app.config import Settings
from app.db import migrate, overview
from app.db.session import Database
from app.errors import DatabaseUnusable
from app.reconciler.engine import read_configuration


def check_everything(env: Mapping[str, str]) -> Settings:
    """The settings, when they are complete and the database is ready; else raises ``ConfigurationError``,
    ``DatabaseUnusable`` or, when it is encrypted with other keys, ``StoredUnreadable``.

    An SQLite file is brought up to date here: it belongs to this app alone. A PostgreSQL database is not, because
    other versions of the app may be running on it.
    """
    settings, _ = read_configuration(env, SystemClock())
    database = Database(settings.database_url.get_secret_value(), keys=settings.keys)
    try:
        if database.is_sqlite:
            migrate.upgrade(database)
        elif problem := migrate.problem(database):
            raise DatabaseUnusable(problem)
        with database.reading() as connection:
            overview.check_keys(connection)
    finally:
        database.close()
    return settings
