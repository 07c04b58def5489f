"""Accounts at providers, as admins of a workspace add, test and remove them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import Connection

from app.clock import Clock
from app.db import accounts, workspaces
from app.db.accounts import StoredAccount
from app.db.session import Database
from app.db.workspaces import What
from app.domain.permissions import Wish
from app.domain.plain_text import one_line
from app.domain.workspaces import AccountKey, WorkspaceSettings
from app.errors import NoKeys, NoSuchAccount, NotAsEntered, RequestFailed, TooManyAccounts
from app.providers.base import DEFAULT_ACCOUNT, Provider
from app.providers.forms import ProviderForm, form_of, in_labels, problems_of
from app.providers.registry import BY_NAME
from app.services.accounts import StoredAccounts
from app.services.callers import Actor, check
from app.services.changes import Changes
from app.slack import texts

NAME_FIELD = "account_name"
"""Where problems with the account's own name stand: providers have fields of their own called ``name``."""
LONGEST_NAME = 50
LONGEST_ENTRY = 10_000
MOST_ACCOUNTS = 20
"""Of one team."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account as its workspace may see it: never with a secret.

    ``is_shared`` is set for those of the app's own settings, which no workspace can change. ``entered`` are the
    settings that are no secrets, as they were entered, by name of the field; ``secrets_set`` names the secrets that
    there are. ``webhook_url`` is to be pasted at the vendor, ``""`` where none are taken; ``last_delivery_at`` tells
    within a minute when one came.
    """

    key: AccountKey
    name: str
    provider_name: str
    is_shared: bool
    is_default: bool
    webhook_url: str
    registers_webhooks: bool
    entered: Mapping[str, str]
    secrets_set: frozenset[str]
    last_delivery_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What a test has proven, a sentence each, and what is wrong; ``""`` when nothing is."""

    account: AccountView
    proven: Sequence[str]
    problem: str = ""


class AccountService:
    """For admins: everything here raises ``AdminsOnly`` for others, and knows the accounts of the actor's team alone.

    What is about one account raises ``NoSuchAccount`` where the team has none of that id.
    """

    def __init__(self, database: Database, clock: Clock, stored: StoredAccounts, changes: Changes) -> None:
        self._database = database
        self._clock = clock
        self._accounts = stored
        self._changes = changes

    def list(self, actor: Actor) -> Sequence[AccountView]:
        """The team's own, oldest first, and behind them those of the app's settings."""
        self._check(actor)
        with self._database.reading() as connection:
            default = workspaces.load_settings(connection, actor.team_id).default_account
            own = accounts.list_of_team(connection, actor.team_id)
        shared = [_shared(provider, default) for provider in self._accounts.shared.values()]
        return [*(self._view(account, default) for account in own if account.provider in BY_NAME), *shared]

    def check_may_add(self, actor: Actor) -> None:
        """Also raises ``NoKeys`` where secrets would stand in the database as they are."""
        self._check(actor)
        self._check_keys()

    def find(self, actor: Actor, account_id: str) -> AccountView:
        self._check(actor)
        with self._database.reading() as connection:
            return self._found(connection, actor, account_id)

    def add(self, actor: Actor, provider: str, name: str, entered: Mapping[str, str]) -> AccountView:
        """``entered`` are texts by name of the field; empty ones count as not entered. Raises what ``check_may_add``
        does, ``NotAsEntered`` and ``TooManyAccounts``."""
        self.check_may_add(actor)
        if provider not in BY_NAME:
            raise NoSuchAccount
        now = self._clock.now()
        account = StoredAccount(
            id=accounts.new_id(),
            team_id=actor.team_id,
            enterprise_id=actor.enterprise_id,
            provider=provider,
            name=one_line(name),
            settings=_given(form_of(BY_NAME[provider]), entered),
            revision=1,
            created_by=actor.user_id,
            created_at=now,
        )
        opened = self._opened(account, entered)
        with self._changes.transaction() as connection:
            own = accounts.list_of_team(connection, actor.team_id)
            if len(own) >= MOST_ACCOUNTS:
                raise TooManyAccounts
            _check_name(account, own)
            accounts.insert(connection, account)
            details = {"provider": opened.display_name, "name": account.name, **_told(account, {})}
            self._changes.record(connection, actor, What.ACCOUNT_ADDED, account.id, details)
            return self._found(connection, actor, account.id)

    def change(
        self,
        actor: Actor,
        account_id: str,
        name: str,
        entered: Mapping[str, str],
        *,
        forget: Collection[str] = (),
    ) -> AccountView:
        """Give it these settings in the place of the old ones. A secret that is left empty stays, unless ``forget``
        names it. Raises ``NotAsEntered`` and ``NoKeys``."""
        self._check(actor)
        self._check_keys()
        with self._changes.transaction() as connection:
            before = _own(accounts.find_of_team(connection, actor.team_id, account_id, lock=True))
            account = replace(before, name=one_line(name), settings=_merged(before, entered, forget))
            self._opened(account, entered)
            _check_name(account, accounts.list_of_team(connection, actor.team_id))
            accounts.change(connection, account_id, name=account.name, settings=account.settings or {})
            details = {"name": account.name, **_told(account, before.settings or {})}
            self._changes.record(connection, actor, What.ACCOUNT_CHANGED, account_id, details)
            view = self._found(connection, actor, account_id)
        self._accounts.forget(account_id)
        return view

    def remove(self, actor: Actor, account_id: str) -> None:
        """New calls are held elsewhere. Its secrets are deleted, at once or when the last of its calls is over."""
        self._check(actor)
        with self._changes.transaction() as connection:
            account = _own(accounts.find_of_team(connection, actor.team_id, account_id, lock=True))
            workspaces.drop_account(connection, actor.team_id, account.key)
            accounts.remove(connection, account_id, self._clock.now())
            self._changes.record(connection, actor, What.ACCOUNT_REMOVED, account_id, {"name": account.name})
        self._accounts.forget(account_id)

    def test(self, actor: Actor, account_id: str) -> Tested:
        """Ask the vendor whether the credentials work, and have it send its webhooks here where it can be told so.
        Takes some seconds."""
        self._check(actor)
        with self._database.reading() as connection:
            view = self._found(connection, actor, account_id)
        provider = self._accounts.find(view.key.provider, account_id)
        if provider is None:
            raise NoSuchAccount
        try:
            set_up = [provider.set_up_webhooks()] if view.registers_webhooks else []
            proven = [*set_up, *provider.check()]
        except RequestFailed as failure:
            return Tested(account=view, proven=(), problem=in_labels(type(provider), failure.said))
        return Tested(account=view, proven=[in_labels(type(provider), sentence) for sentence in proven])

    def make_default(self, actor: Actor, key: AccountKey) -> AccountView:
        """Calls of this workspace are held there, unless their channel says otherwise."""
        self._check(actor)
        with self._changes.transaction() as connection:
            check_known(connection, self._accounts, actor.team_id, key)
            settings = workspaces.load_settings(connection, actor.team_id, lock=True)
            workspaces.save_settings(connection, actor.team_id, replace(settings, default_account=key))
            details = {"default_account": str(key)}
            self._changes.record(connection, actor, What.SETTINGS_CHANGED, None, details)
            if key.account_id == DEFAULT_ACCOUNT:
                return _shared(self._accounts.shared[key.provider], key)
            return self._found(connection, actor, key.account_id)

    def _check(self, actor: Actor) -> None:
        """Before a transaction: Slack may be asked who somebody is. No workspace chooses who manages it."""
        check(Wish.MANAGE, actor, WorkspaceSettings())

    def _check_keys(self) -> None:
        if not self._database.is_encrypted:
            raise NoKeys

    def _opened(self, account: StoredAccount, entered: Mapping[str, str]) -> Provider:
        """Raises ``NotAsEntered`` where the settings make no account."""
        problems = {
            name: texts.entered_too_long(LONGEST_ENTRY) for name in entered if len(entered[name]) > LONGEST_ENTRY
        }
        if not 1 <= len(account.name) <= LONGEST_NAME:
            problems[NAME_FIELD] = texts.name_needed(LONGEST_NAME)
        try:
            opened = self._accounts.open(account, account.settings or {})
        except ValidationError as error:
            raise NotAsEntered({**problems_of(BY_NAME[account.provider], error), **problems}) from None
        if problems:
            raise NotAsEntered(problems)
        return opened

    def _found(self, connection: Connection, actor: Actor, account_id: str) -> AccountView:
        account = _own(accounts.find_of_team(connection, actor.team_id, account_id))
        return self._view(account, workspaces.load_settings(connection, actor.team_id).default_account)

    def _view(self, account: StoredAccount, default: AccountKey | None) -> AccountView:
        form = form_of(BY_NAME[account.provider])
        settings = account.settings or {}
        return AccountView(
            key=account.key,
            name=account.name,
            provider_name=form.display_name,
            is_shared=False,
            is_default=account.key == default,
            webhook_url=self._accounts.webhook_url(account.key) if form.sends_events else "",
            registers_webhooks=form.registers_webhooks,
            entered={name: value for name, value in settings.items() if name not in form.secret_names},
            secrets_set=form.secret_names & settings.keys(),
            last_delivery_at=account.last_delivery_at,
        )


def check_known(connection: Connection, stored: StoredAccounts, team_id: str, key: AccountKey) -> None:
    """Raises ``NoSuchAccount`` where the team may hold no calls at this account."""
    if key.account_id == DEFAULT_ACCOUNT:
        if key.provider not in stored.shared:
            raise NoSuchAccount
    elif _own(accounts.find_of_team(connection, team_id, key.account_id)).key != key:
        raise NoSuchAccount


def _own(account: StoredAccount | None) -> StoredAccount:
    if account is None or account.provider not in BY_NAME:
        raise NoSuchAccount
    return account


def _given(form: ProviderForm, entered: Mapping[str, str]) -> dict[str, str]:
    names = {field.name for field in form.fields}
    return {name: text.strip() for name, text in entered.items() if name in names and text.strip()}


def _merged(account: StoredAccount, entered: Mapping[str, str], forget: Collection[str]) -> dict[str, str]:
    form = form_of(BY_NAME[account.provider])
    old = account.settings or {}
    kept = {name: old[name] for name in form.secret_names if name in old and name not in forget}
    return {**kept, **_given(form, entered)}


def _check_name(account: StoredAccount, own: Sequence[StoredAccount]) -> None:
    if any(other.id != account.id and other.name.casefold() == account.name.casefold() for other in own):
        raise NotAsEntered({NAME_FIELD: texts.name_taken()})


def _told(account: StoredAccount, before: Mapping[str, str]) -> dict[str, str]:
    """What is different from ``before``, for the record: of a secret only that it is."""
    now, secret = account.settings or {}, form_of(BY_NAME[account.provider]).secret_names
    changed = [name for name in sorted({*now, *before}) if now.get(name) != before.get(name)]
    return {name: ("changed" if name in secret else now[name]) if name in now else "removed" for name in changed}


def _shared(provider: Provider, default: AccountKey | None) -> AccountView:
    key = AccountKey(provider.name, DEFAULT_ACCOUNT)
    return AccountView(
        key=key,
        name=provider.display_name,
        provider_name=type(provider).display_name,
        is_shared=True,
        is_default=key == default,
        webhook_url="",
        registers_webhooks=False,
        entered={},
        secrets_set=frozenset(),
    )
