"""The database, for commands that look into it or change something in it while the app runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from app import config
from app.clock import Clock, SystemClock
from app.config import Settings
from app.db import migrate
from app.db.calls import StoredCall
from app.db.session import Database
from app.errors import ConfigurationError, DatabaseUnusable
from app.providers.base import Provider
from app.providers.registry import load_providers
from app.services.accounts import SettingsAccounts, StoredAccounts


@contextmanager
def open_database(env: Mapping[str, str]) -> Iterator[Database]:
    """The app's database, if its tables are those this code needs. Makes no file. Raises ``ConfigurationError`` or
    ``DatabaseUnusable``."""
    url = config.read_setting(Settings, "database_url", env)
    keys = config.split_keys(config.read_setting(Settings, "encryption_keys", env))
    database = Database(url.get_secret_value(), keys=keys)
    try:
        path = Path(database.url.database or "")
        if database.is_sqlite and not path.exists():
            raise DatabaseUnusable(f"There is no {path} yet. Run: python -m app db upgrade")
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


def accounts_in(
    database: Database, env: Mapping[str, str], providers: Mapping[str, Provider], clock: Clock
) -> StoredAccounts:
    """The accounts of the settings, which are ``providers``, and those that teams have added."""
    try:
        public_url = config.read_setting(Settings, "public_url", env)
    except ConfigurationError:
        # Only the addresses of webhooks would miss it.
        public_url = ""
    return StoredAccounts(
        database,
        clock,
        SettingsAccounts(providers),
        public_url=public_url,
        allow_private_addresses=config.read_setting(Settings, "allow_private_addresses", env),
    )


def providers_or_none(env: Mapping[str, str]) -> dict[str, Provider]:
    """The providers that are set up; none where their settings are wrong, for commands that can do without."""
    try:
        return load_providers(env, SystemClock())
    except ConfigurationError:
        return {}


def provider_of(database: Database, env: Mapping[str, str], call: StoredCall) -> Provider | None:
    """The account that a call is held at; None where it is no longer there, or its settings are wrong."""
    accounts = accounts_in(database, env, providers_or_none(env), SystemClock())
    return accounts.find(call.provider, call.account_id)
