"""The clients of an app that is installed in many workspaces: each with the tokens of its own."""

from __future__ import annotations

import threading

from slack_sdk import WebClient

from app.clock import Clock
from app.db import installations
from app.db.installations import Place, StoredInstallation, Tokens
from app.db.session import Database
from app.errors import PermanentFailure, RequestFailed, TemporaryFailure
from app.services.removal import Removal
from app.services.token_exchange import TokenExchange
from app.slack.clients import TOKEN_REFUSED, RenewingClient
from app.slack.oauth import SlackOAuth
from app.slack.web_api import TIMEOUT_SECONDS

NOT_INSTALLED = "not_installed"
UNINSTALLED = "account_inactive"
PATIENCE_SECONDS = 2.0
"""For an exchange while the old token is still good: Slack waits three seconds for an answer to a command."""
LOOK_SECONDS = 0.05
"""Between two looks whether somebody else has exchanged a token that is dead."""


class InstalledClients:
    """Clients with the tokens of the database. A token is exchanged when its end comes near, by whoever needs it and by
    the sweep; meanwhile the others use the old one."""

    def __init__(self, database: Database, clock: Clock, slack: SlackOAuth, removal: Removal, api_url: str) -> None:
        self._database = database
        self._clock = clock
        self._slack = slack
        self._removal = removal
        self._api_url = api_url
        self._never = threading.Event()
        self.exchange = TokenExchange(database, clock, slack, self._lost)

    def of(self, team_id: str, enterprise_id: str | None = None, *, timeout_seconds: float | None = None) -> WebClient:
        with self._database.reading() as connection:
            found = installations.find_for(connection, team_id, enterprise_id)
        if found is None or found.tokens is None:
            raise PermanentFailure(NOT_INSTALLED, f"team_id={team_id}")
        place = found.place
        tokens = self._fresh(found, min(timeout_seconds or TIMEOUT_SECONDS, TIMEOUT_SECONDS))
        return RenewingClient(
            tokens.bot,
            self._api_url,
            lambda token, code: self._renew(place, token, code),
            team_id=team_id or None if place.is_everywhere else None,
            timeout_seconds=timeout_seconds or TIMEOUT_SECONDS,
        )

    def has(self, team_id: str, enterprise_id: str | None = None) -> bool:
        with self._database.reading() as connection:
            return installations.is_in(connection, team_id, enterprise_id)

    def _fresh(self, found: StoredInstallation, patience_seconds: float) -> Tokens:
        """Tokens that are good now. Raises a kind of ``RequestFailed`` when there are none."""
        assert found.tokens is not None
        now = self._clock.now()
        if found.tokens.are_dead(now):
            return self._exchanged(found.place, patience_seconds)
        if found.is_to_be_exchanged(now):
            is_tried = self.exchange.exchange(found.place, timeout_seconds=min(PATIENCE_SECONDS, patience_seconds))
            return self._find(found.place).tokens or found.tokens if is_tried else found.tokens
        return found.tokens

    def _exchanged(self, place: Place, patience_seconds: float = TIMEOUT_SECONDS) -> Tokens:
        """The tokens after those that are dead: exchanged here, or by whoever is about it already."""
        for _ in range(int(patience_seconds / LOOK_SECONDS)):
            is_tried = self.exchange.exchange(place, timeout_seconds=patience_seconds)
            found, now = self._find(place), self._clock.now()
            assert found.tokens is not None
            if not found.tokens.are_dead(now):
                return found.tokens
            if is_tried or not found.is_to_be_exchanged(now):
                break
            self._never.wait(LOOK_SECONDS)
        raise TemporaryFailure("token_expired", "It cannot be exchanged at the moment.")

    def _find(self, place: Place) -> StoredInstallation:
        with self._database.reading() as connection:
            found = installations.find(connection, place)
        if found is None or found.tokens is None:
            raise PermanentFailure(NOT_INSTALLED, f"team_id={place.team_id}")
        return found

    def _renew(self, place: Place, token: str, code: str) -> str | None:
        """Another token after Slack has refused this one; None when there is none."""
        with self._database.transaction() as connection:
            installations.wear_out(connection, place, token, self._clock.now())
            found = installations.find(connection, place)
        if found is None or found.tokens is None:
            return None
        if found.tokens.bot != token:
            return found.tokens.bot
        if found.tokens.refresh is not None and code != UNINSTALLED:
            return self._exchanged(place).bot
        self._doubt(found)
        return None

    def _doubt(self, installation: StoredInstallation) -> None:
        """Much is deleted with an installation, so Slack is asked once more whether its token is worth nothing."""
        assert installation.tokens is not None
        try:
            self._slack.bot_id(installation.tokens.bot)
        except RequestFailed as failure:
            # Whatever else is wrong, the next request will tell.
            if failure.code in TOKEN_REFUSED:
                self._lost(installation, failure.code)

    def _lost(self, installation: StoredInstallation, code: str) -> None:
        self._removal.remove(
            installation.place,
            code,
            installed_at=installation.installed_at,
            keeps_accounts=code != UNINSTALLED,
        )
