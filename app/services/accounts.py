"""Which accounts at providers there are, and which of them a new call is held at."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from app import logs
from app.clock import Clock
from app.db import accounts, workspaces
from app.db.accounts import ACCOUNT_ID, StoredAccount
from app.db.session import Database
from app.domain.workspaces import AccountKey
from app.errors import NoAccount, NoDefaultAccount
from app.providers.base import DEFAULT_ACCOUNT, Provider
from app.providers.forms import problems_of
from app.providers.registry import BY_NAME, open_account, webhook_address

LOOK_AGAIN = timedelta(seconds=1)
"""An account that is in use is looked at so often for what another process has changed."""
NOTE_DELIVERY = timedelta(minutes=1)
"""How exact an account's last delivery is."""
MOST_OPEN = 1000
"""Accounts that are kept open, with their connections; those unused for longest are closed."""
log = logs.get(__name__)


class Accounts(Protocol):
    """The accounts that calls are held at."""

    def find(self, provider: str, account_id: str) -> Provider | None:
        """The account of this id; None when it is no longer there."""

    def choose(self, team_id: str, enterprise_id: str | None, channel_id: str) -> Provider:
        """Where a call that somebody wants in this channel is held. Raises a kind of ``WishRefused`` when nowhere."""

    def note_delivery(self, provider: Provider) -> None:
        """A genuine webhook has come for this account."""


class SettingsAccounts:
    """Those of the settings, one for each provider: every team may use them."""

    def __init__(self, providers: Mapping[str, Provider], default: str = "") -> None:
        """``default`` names the provider of new calls, where there is one."""
        self.providers = providers
        self._default = default

    def find(self, provider: str, account_id: str) -> Provider | None:
        return self.providers.get(provider) if account_id == DEFAULT_ACCOUNT else None

    def choose(self, team_id: str, enterprise_id: str | None, channel_id: str) -> Provider:  # noqa: ARG002  # the same for all
        if self._default not in self.providers:
            raise NoAccount
        return self.providers[self._default]

    def note_delivery(self, provider: Provider) -> None:
        """Nobody asks: the settings are those of whoever reads the log."""


@dataclass(frozen=True, slots=True)
class _Open:
    """An account as it was at its ``revision``; None where its settings are gone, or no longer understood."""

    revision: int
    provider: Provider | None
    looked_at: datetime


class StoredAccounts:
    """Those of the settings, and those that teams have added for themselves. May be used from many threads."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        shared: SettingsAccounts,
        *,
        public_url: str,
        allow_private_addresses: bool = False,
    ) -> None:
        """``shared`` are every team's."""
        self._database = database
        self._clock = clock
        self._shared = shared
        self._public_url = public_url
        self._only_public = not allow_private_addresses
        self._lock = threading.Lock()
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._noted: dict[str, datetime] = {}

    @property
    def shared(self) -> Mapping[str, Provider]:
        """The accounts of the settings, by provider."""
        return self._shared.providers

    def find(self, provider: str, account_id: str) -> Provider | None:
        """Also one that was removed, while calls there go on."""
        if account_id == DEFAULT_ACCOUNT:
            return self._shared.find(provider, account_id)
        found = self._find_stored(account_id)
        return found if found is not None and found.name == provider else None

    def choose(self, team_id: str, enterprise_id: str | None, channel_id: str) -> Provider:
        """The channel's account, else the workspace's, else its only one, else that of the settings."""
        with self._database.reading() as connection:
            chosen = _chosen(connection, team_id, channel_id)
            own = accounts.list_of_team(connection, team_id)
        only = [account.key for account in own] if len(own) == 1 else []
        for key in (*chosen, *only):
            if (found := self._find_for(own, key)) is not None:
                return found
        try:
            return self._shared.choose(team_id, enterprise_id, channel_id)
        except NoAccount:
            raise (NoDefaultAccount if own else NoAccount) from None

    def open(self, account: StoredAccount, settings: Mapping[str, str]) -> Provider:
        """The account with other settings than those that are stored. Raises pydantic's ``ValidationError``."""
        return open_account(
            BY_NAME[account.provider],
            settings,
            self._clock,
            account_id=account.id,
            public_url=self._public_url,
            only_public=self._only_public,
        )

    def webhook_url(self, key: AccountKey) -> str:
        """The address that the vendor sends an account's webhooks to."""
        return webhook_address(self._public_url, key.provider, key.account_id)

    def forget(self, account_id: str) -> None:
        """It has changed: look at it again, whenever that was done last."""
        with self._lock:
            self._open.pop(account_id, None)

    def forget_removed(self) -> bool:
        """Delete the secrets of removed accounts that no call needs any more. Never leaves more to do."""
        now = self._clock.now()
        with self._database.transaction() as connection:
            forgotten = accounts.forget_removed(connection, now)
        if forgotten:
            log.info("secrets of removed accounts deleted", accounts=forgotten)
        return False

    def note_delivery(self, provider: Provider) -> None:
        now, account_id = self._clock.now(), provider.account_id
        noted_at = self._noted.get(account_id)
        if account_id == DEFAULT_ACCOUNT or (noted_at is not None and now - noted_at < NOTE_DELIVERY):
            return
        self._noted[account_id] = now
        try:
            with self._database.transaction() as connection:
                accounts.note_delivery(connection, account_id, now, not_since=now - NOTE_DELIVERY)
        except SQLAlchemyError as error:
            # The delivery itself has been taken in.
            log.warning("delivery not noted", account_id=account_id, why=type(error).__name__)

    def _find_for(self, own: list[StoredAccount], key: AccountKey) -> Provider | None:
        """One of the settings, or of the team's own: never another team's, whatever stands in its choices."""
        if key.account_id == DEFAULT_ACCOUNT:
            return self._shared.find(key.provider, key.account_id)
        found = next((account for account in own if account.key == key), None)
        return self._open_stored(found) if found else None

    def _find_stored(self, account_id: str) -> Provider | None:
        if not ACCOUNT_ID.fullmatch(account_id):
            return None
        now, known = self._clock.now(), self._known(account_id)
        if known is not None and now - known.looked_at < LOOK_AGAIN:
            return known.provider
        with self._database.reading() as connection:
            if known is not None and accounts.revision_of(connection, account_id) == known.revision:
                self._keep(account_id, _Open(known.revision, known.provider, now))
                return known.provider
            account = accounts.find(connection, account_id)
        if account is None:
            self.forget(account_id)
            return None
        return self._open_stored(account)

    def _open_stored(self, account: StoredAccount) -> Provider | None:
        """Made once for each revision: it keeps connections, and tokens that the vendor has given."""
        now, known = self._clock.now(), self._known(account.id)
        is_same = known is not None and known.revision == account.revision
        provider = known.provider if known is not None and is_same else self._read(account)
        self._keep(account.id, _Open(account.revision, provider, now))
        return provider

    def _read(self, account: StoredAccount) -> Provider | None:
        if account.settings is None or account.provider not in BY_NAME:
            return None
        try:
            return self.open(account, account.settings)
        except ValidationError as error:
            fields = sorted(problems_of(BY_NAME[account.provider], error))
            log.error("stored account not understood", account_id=account.id, team_id=account.team_id, fields=fields)  # noqa: TRY400  # the stack would show its settings
            return None

    def _known(self, account_id: str) -> _Open | None:
        with self._lock:
            return self._open.get(account_id)

    def _keep(self, account_id: str, opened: _Open) -> None:
        with self._lock:
            self._open[account_id] = opened
            self._open.move_to_end(account_id)
            if len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)


def _chosen(connection: Connection, team_id: str, channel_id: str) -> list[AccountKey]:
    """What the channel has chosen, and what the workspace has."""
    of_channel = workspaces.channel_account(connection, team_id, channel_id)
    of_workspace = workspaces.load_settings(connection, team_id).default_account
    return [key for key in (of_channel, of_workspace) if key is not None]
