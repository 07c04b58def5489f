"""Which accounts at providers there are, and which of them a new call is held at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from app.providers.base import DEFAULT_ACCOUNT, Provider


class Accounts(Protocol):
    """The accounts that calls are held at."""

    def find(self, provider: str, account_id: str) -> Provider | None:
        """The account of this id; None when it is no longer there."""

    def choose(self, team_id: str, enterprise_id: str | None, channel_id: str) -> Provider:
        """Where a call that somebody wants in this channel is held."""


class SettingsAccounts:
    """Those of the settings, one for each provider: every team may use them."""

    def __init__(self, providers: Mapping[str, Provider], default: str = "") -> None:
        """``default`` names the provider of new calls, for whoever makes some."""
        self._providers = providers
        self._default = default

    def find(self, provider: str, account_id: str) -> Provider | None:
        return self._providers.get(provider) if account_id == DEFAULT_ACCOUNT else None

    def choose(self, team_id: str, enterprise_id: str | None, channel_id: str) -> Provider:  # noqa: ARG002  # the same for all
        return self._providers[self._default]
