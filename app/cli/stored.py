"""The database, for commands that look into it or change something in it while the app runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from app import config
from app.clock import Clock, SystemClock
from app.config import Settings
from app.db import migrate
from app.db.session import Database
from app.errors import ConfigurationError, DatabaseUnusable
from app.providers.base import Provider
from app.providers.registry import load_providers


@contextmanager
def open_database(env: Mapping[str, str]) -> Iterator[Database]:
    """The app's database, if its tables are those this code needs. Raises ``ConfigurationError`` or
    ``DatabaseUnusable``."""
    url = config.read_setting(Settings, "database_url", env)
    keys = config.split_keys(config.read_setting(Settings, "encryption_keys", env))
    database = Database(url.get_secret_value(), keys=keys)
    try:
        if problem := migrate.problem(database):
            raise DatabaseUnusable(problem)
        yield database
    finally:
        database.close()


def clock_of(database: Database) -> Clock:
    """A clock that agrees with those of the app."""
    clock = SystemClock()
    clock.agree_with(database.now())
    return clock


def providers_or_none(env: Mapping[str, str]) -> dict[str, Provider]:
    """The providers that are set up; none where their settings are wrong, for commands that can do without."""
    try:
        return load_providers(env, SystemClock())
    except ConfigurationError:
        return {}
