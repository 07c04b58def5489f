"""Slack says that the app was taken out of a workspace: once, twice, late or in any order.

What was installed again since then stays. Slack's clock and ours may differ, so where the two moments are close
together Slack is asked whether the token is still good.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app import logs
from app.db import installations
from app.db.installations import Place, StoredInstallation
from app.db.session import Database
from app.errors import RequestFailed
from app.services.installed_clients import NOT_INSTALLED
from app.services.removal import Removal
from app.slack.clients import TOKEN_REFUSED, Clients
from app.slack.web_api import send

CLOCKS_DIFFER = timedelta(minutes=2)
log = logs.get(__name__)


class UninstallService:
    """What Slack's events about the end of an installation come to."""

    def __init__(self, database: Database, clients: Clients, removal: Removal) -> None:
        self._database = database
        self._clients = clients
        self._removal = removal

    def uninstalled(self, team_id: str, enterprise_id: str | None, at: datetime, why: str, *, everywhere: bool) -> None:
        """The app was taken out at that time: of the team, or ``everywhere`` in its organisation. Raises a kind of
        ``RequestFailed`` when Slack has to be asked and does not say."""
        place = self._place(team_id, enterprise_id, everywhere=everywhere)
        with self._database.reading() as connection:
            standing = installations.find(connection, place)
        if self._is_in(standing, team_id, place.enterprise_id or None, at):
            log.info("installed again since", team_id=team_id, enterprise_id=enterprise_id, event=why)
        else:
            self._removal.remove(place, why, installed_at=standing.installed_at if standing else None)

    def tokens_revoked(
        self, team_id: str, enterprise_id: str | None, at: datetime, why: str, *, everywhere: bool
    ) -> None:
        """A token of the bot is worth nothing any more; it may be an old one. Raises a kind of ``RequestFailed`` when
        Slack does not say."""
        if not self._has_good_token(team_id, enterprise_id):
            self.uninstalled(team_id, enterprise_id, at, why, everywhere=everywhere)

    def access_revoked(self, team_ids: Sequence[str], at: datetime, why: str) -> None:
        """An organisation has taken the app out of these teams. Those that have installed it themselves keep it."""
        with self._database.reading() as connection:
            left = [team_id for team_id in team_ids if installations.find_for(connection, team_id, None) is None]
        self._removal.leave(left, at, why)

    def _place(self, team_id: str, enterprise_id: str | None, *, everywhere: bool) -> Place:
        if everywhere:
            return Place.of(None, enterprise_id)
        with self._database.reading() as connection:
            own = installations.find_for(connection, team_id, None)
        # A team that has joined an organisation since is still stored without it.
        return own.place if own else Place.of(team_id, enterprise_id)

    def _is_in(
        self, standing: StoredInstallation | None, team_id: str, enterprise_id: str | None, at: datetime
    ) -> bool:
        """Whether the app is in there all the same: it was installed after that time."""
        if standing is not None and abs(at - standing.installed_at) > CLOCKS_DIFFER:
            return at < standing.installed_at
        # Or it is the one token of the settings, or its organisation's.
        return self._has_good_token(team_id, enterprise_id)

    def _has_good_token(self, team_id: str, enterprise_id: str | None) -> bool:
        try:
            send(self._clients.of(team_id, enterprise_id).auth_test)
        except RequestFailed as failure:
            if failure.code in TOKEN_REFUSED or failure.code == NOT_INSTALLED:
                return False
            raise
        return True
