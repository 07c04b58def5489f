"""All the checks, one after the other. What one of them needs from another that failed is skipped, not guessed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from app.cli.doctor import address, slack, stored, vendors
from app.cli.doctor.findings import Finding, State, ok, skipped, unsure, wrong
from app.cli.doctor.slack import Token
from app.cli.doctor.vendors import Account
from app.cli.stored import clock_of
from app.clock import Clock, SystemClock
from app.config import Settings, read_settings
from app.db import accounts, overview
from app.db.accounts import StoredAccount
from app.db.session import Database, database_url
from app.errors import ConfigurationError
from app.providers.base import Provider
from app.reconciler.engine import read_configuration
from app.services.accounts import SettingsAccounts, StoredAccounts
from app.services.installations import INSTALL_PATH
from app.slack.web_api import make_client
from app.web.health import KEY
from app.web.seals import derived_key

ASKED_OF_SLACK = ("token", "scopes", "client", "socket_mode")
OF_ALL = (
    "database",
    "migrations",
    "encryption",
    "worker",
    "slack",
    "clock",
    "signing_secret",
    *ASKED_OF_SLACK,
    address.HOST,
    address.ANSWER,
)
"""Beside ``settings``, and one for each provider, whatever the settings say."""


def examine(env: Mapping[str, str]) -> Iterator[Finding]:
    """What is found, in the order in which it should be mended."""
    system = SystemClock()
    settings: Settings | None
    try:
        settings, providers = read_configuration(env, system)
    except ConfigurationError as error:
        yield _settings_are_wrong(error)
        settings, providers = _settings_alone(env), {}
    else:
        yield ok("settings", "All that is needed is there.")
    if settings is None:
        yield from (skipped(check, "the settings are not right") for check in OF_ALL)
        return
    database = Database(settings.database_url.get_secret_value(), keys=settings.keys)
    try:
        yield from _Examination(settings, providers, database, system).all()
    finally:
        database.close()


def _settings_are_wrong(error: ConfigurationError) -> Finding:
    problems = "; ".join(line.strip().rstrip(".") for line in error.detail.splitlines() if line.strip())
    return wrong("settings", f"{problems}.", "Set them as docs/settings.md says, and start the app again.")


def _settings_alone(env: Mapping[str, str]) -> Settings | None:
    """The app's own, where only those of a provider are wrong."""
    try:
        settings = read_settings(Settings, env)
        database_url(settings.database_url.get_secret_value())
    except ConfigurationError:
        return None
    return settings


class _Examination:
    def __init__(self, settings: Settings, providers: Mapping[str, Provider], database: Database, clock: Clock) -> None:
        self._settings = settings
        self._providers = providers
        self._database = database
        self._clock = clock
        self._is_readable = False
        """Whether what is stored can be looked at."""
        self._by_socket = bool(settings.slack_app_token.get_secret_value())

    def all(self) -> Iterator[Finding]:
        yield from self._stored()
        yield from self._slack()
        yield address.judge_host(self._settings.public_url, self._settings.slack_api_url, by_socket=self._by_socket)
        key = derived_key(self._settings.own_secret, KEY)
        answers = address.judge_answer(self._settings.public_url, address.ask(self._settings.public_url, key))
        yield answers
        yield from self._vendors(is_reachable=answers.state is State.OK)

    def _stored(self) -> Iterator[Finding]:
        if finding := stored.check_file(self._database):
            yield finding
            yield from stored.skip_all("there is no database")
            return
        database, migrations = stored.check_tables(self._database)
        yield database
        yield migrations
        if database.state is State.OK:
            self._clock = clock_of(self._database)
        if migrations.state is not State.OK:
            yield from (skipped(check, "the tables cannot be used") for check in ("encryption", "worker"))
            return
        encryption = stored.check_keys(self._settings, self._database)
        yield encryption
        self._is_readable = encryption.state is not State.WRONG
        yield stored.check_work(self._database, self._clock.now())

    def _slack(self) -> Iterator[Finding]:
        settings = self._settings
        client = make_client(None, settings.slack_api_url)
        client_secret = settings.slack_client_secret.get_secret_value()
        reached, clock = slack.check_reach(client, self._clock.now(), of_database=not self._database.is_sqlite)
        yield reached
        yield clock
        yield slack.judge_secret(
            settings.slack_signing_secret.get_secret_value(),
            {"SLACK_CLIENT_SECRET": client_secret},
            self._last_command(),
            self._clock.now(),
            by_socket=self._by_socket,
        )
        if reached.state is State.WRONG:
            yield from (skipped(check, "Slack does not answer") for check in ASKED_OF_SLACK)
            return
        yield from slack.check_tokens(tokens) if (tokens := self._tokens()) else self._no_tokens()
        yield slack.check_client(client, settings.slack_client_id, client_secret)
        yield slack.check_socket(client, settings.slack_app_token.get_secret_value())

    def _tokens(self) -> Sequence[Token]:
        """Those that the app uses: the one of the settings, or those of the workspaces that it is installed in."""
        api_url = self._settings.slack_api_url
        if not self._settings.is_installable:
            token = self._settings.slack_bot_token.get_secret_value()
            return [Token("", "SLACK_BOT_TOKEN", make_client(token, api_url))]
        if not self._is_readable:
            return ()
        with self._database.reading() as connection:
            installed = overview.installed_tokens(connection)
        install = self._settings.public_url + INSTALL_PATH
        return [Token(one.id, f"{one.id}'s token", make_client(one.bot, api_url), install) for one in installed]

    def _no_tokens(self) -> Iterator[Finding]:
        if not self._is_readable:
            yield from (skipped(check, "what is stored cannot be looked at") for check in ("token", "scopes"))
            return
        fix = f"Install it: {self._settings.public_url}{INSTALL_PATH}."
        yield unsure("token", "No workspace has installed the app yet.", fix)
        yield skipped("scopes", "there is no token")

    def _last_command(self) -> datetime | None:
        if not self._is_readable:
            return None
        with self._database.reading() as connection:
            return overview.last_wish_at(connection)

    def _vendors(self, *, is_reachable: bool) -> Iterator[Finding]:
        for account in self._accounts():
            if isinstance(account, Finding):
                yield account
                continue
            yield vendors.check_credentials(account)
            yield vendors.check_webhooks(account, self._clock.now(), is_reachable=is_reachable)

    def _accounts(self) -> Iterator[Account | Finding]:
        """Those of the settings, and those that workspaces have added."""
        for provider in self._providers.values():
            yield vendors.of_settings(provider, self._last_delivery(provider))
        opened = StoredAccounts(
            self._database,
            self._clock,
            SettingsAccounts(self._providers),
            public_url=self._settings.public_url,
            allow_private_addresses=self._settings.allow_private_addresses,
        )
        for stored_account in self._stored_accounts():
            found = opened.find(stored_account.provider, stored_account.id)
            if found is None:
                yield vendors.not_understood(stored_account)
            else:
                yield vendors.of_team(stored_account, found, self._last_delivery(found))

    def _stored_accounts(self) -> Sequence[StoredAccount]:
        if not self._is_readable:
            return ()
        with self._database.reading() as connection:
            return accounts.list_all(connection)

    def _last_delivery(self, provider: Provider) -> datetime | None:
        if not self._is_readable:
            return None
        with self._database.reading() as connection:
            return overview.last_delivery_at(connection, provider.name, provider.account_id)
