"""The app beneath its web server: settings, database, providers, and the reconciler with its threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from app import config
from app.clock import Clock
from app.config import Settings
from app.db.file_presence import FilePresence
from app.db.notify import Presence
from app.db.session import Database, database_url
from app.errors import ConfigurationError
from app.providers.base import Provider
from app.providers.registry import load_providers
from app.reconciler.apply import Apply
from app.reconciler.bell import Bell
from app.reconciler.homes import Homes
from app.reconciler.sweep import Sweep
from app.reconciler.worker import Reconciler
from app.services.account_settings import AccountService
from app.services.accounts import SettingsAccounts, StoredAccounts
from app.services.changes import Changes
from app.services.home_settings import HomeSettings
from app.services.homes import HomeService
from app.services.installations import Installations, make_installations
from app.services.workspaces import WorkspaceService
from app.slack.clients import Clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The parts that every process has, also one that serves no requests."""

    settings: Settings
    database: Database
    clients: Clients
    installations: Installations
    accounts: StoredAccounts
    account_service: AccountService
    workspace_service: WorkspaceService
    home_service: HomeService
    providers: Mapping[str, Provider]
    bell: Bell
    home_bell: Bell
    presence: Presence | FilePresence
    reconciler: Reconciler
    sweep: Sweep
    homes: Homes

    def nudge(self) -> None:
        """There is work: wakes a worker here, and one in each other process."""
        self.bell.ring()
        self.home_bell.ring()
        self.presence.tell()

    def start(self) -> list[threading.Thread]:
        """Threads that reconcile and sweep until ``stop``. Call it after the fork: threads and locks survive
        none."""
        self.presence.start()
        names = [f"reconciler-{number}" for number in range(self.settings.workers)]
        threads = [threading.Thread(target=self.reconciler.run, name=name) for name in names]
        threads.append(threading.Thread(target=self.sweep.run, name="sweep"))
        threads.append(threading.Thread(target=self.homes.run, name="homes"))
        for thread in threads:
            thread.start()
        return threads

    def stop(self, threads: Sequence[threading.Thread]) -> None:
        """What is begun is finished first; until then the others must take this process for alive."""
        self.reconciler.stop()
        self.sweep.stop()
        self.homes.stop()
        for thread in threads:
            thread.join()
        self.presence.stop()
        self.database.close()


def build_engine(env: Mapping[str, str], clock: Clock) -> Engine:
    """The engine for the settings in ``env``. Raises ``ConfigurationError`` once, with all that is wrong."""
    settings, providers = read_configuration(env, clock)
    database = Database(settings.database_url.get_secret_value(), keys=settings.keys)
    bell, home_bell = Bell(), Bell()
    installations = make_installations(settings, database, clock, bell.ring)
    accounts = StoredAccounts(
        database,
        clock,
        SettingsAccounts(providers, settings.default_provider or next(iter(providers), "")),
        public_url=settings.public_url,
        allow_private_addresses=settings.allow_private_addresses,
    )
    reconciler = Reconciler(
        database,
        clock,
        Apply(installations.clients, accounts),
        bell,
        public_url=settings.public_url,
        lease_seconds=settings.lease_seconds,
    )
    changes = Changes(database, clock, home_bell.ring)
    account_service = AccountService(database, clock, accounts, changes)
    workspace_service = WorkspaceService(
        database, accounts, changes, allow_guests=settings.allow_guests, signs_in=settings.signs_in
    )
    parts = HomeSettings(account_service, workspace_service)
    home_service = HomeService(
        database, clock, accounts, workspace_service, home_bell.ring, command=settings.slash_command, settings=parts
    )
    return Engine(
        settings=settings,
        database=database,
        clients=installations.clients,
        installations=installations,
        accounts=accounts,
        account_service=account_service,
        workspace_service=workspace_service,
        home_service=home_service,
        providers=providers,
        bell=bell,
        home_bell=home_bell,
        presence=_make_presence(settings, database, clock, bell),
        reconciler=reconciler,
        sweep=_make_sweep(settings, database, clock, (*installations.chores, accounts.forget_removed)),
        homes=Homes(database, clock, installations.clients, home_service, home_bell),
    )


def _make_presence(settings: Settings, database: Database, clock: Clock, bell: Bell) -> Presence | FilePresence:
    if database.is_sqlite:
        return FilePresence(database)
    return Presence(database, clock, bell.ring, lease_seconds=settings.lease_seconds)


def _make_sweep(settings: Settings, database: Database, clock: Clock, chores: Sequence[Callable[[], bool]]) -> Sweep:
    return Sweep(
        database,
        clock,
        keep_deliveries=timedelta(days=settings.keep_deliveries_days),
        keep_calls=timedelta(days=settings.keep_calls_days),
        keep_changes=timedelta(days=settings.keep_changes_days),
        chores=chores,
    )


def read_configuration(env: Mapping[str, str], clock: Clock) -> tuple[Settings, dict[str, Provider]]:
    """The settings and the providers that are set up. Raises ``ConfigurationError`` once, with all that is wrong."""
    problems: list[str] = []
    settings, providers = None, {}
    try:
        settings = config.read_settings(Settings, env)
    except ConfigurationError as error:
        problems.append(error.detail)
    try:
        providers = load_providers(env, clock, public_url=settings.public_url if settings else "")
    except ConfigurationError as error:
        problems.append(error.detail)
    if settings is not None:
        problems += _check_database(settings)
    if settings is not None and not problems:
        problems += _check_default(settings, providers)
    if settings is None or problems:
        raise ConfigurationError("".join(problems))
    return settings, providers


def _check_database(settings: Settings) -> list[str]:
    try:
        database_url(settings.database_url.get_secret_value())
    except ConfigurationError as error:
        return [error.detail]
    return []


def _check_default(settings: Settings, providers: Mapping[str, Provider]) -> list[str]:
    known = ", ".join(sorted(providers))
    if settings.default_provider and settings.default_provider not in providers:
        return [f"\n  DEFAULT_PROVIDER: {settings.default_provider} is not set up; these are: {known}."]
    # Without any, each workspace brings its own.
    if not settings.default_provider and len(providers) > 1:
        return [f"\n  DEFAULT_PROVIDER: is missing. Choose one of: {known}."]
    return []
