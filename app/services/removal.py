"""The app is taken out of a workspace: what has to be forgotten at once, and which calls are over by that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from app import logs
from app.clock import Clock
from app.db import accounts, cutting_off, installations
from app.db.installations import Place
from app.db.session import Database

log = logs.get(__name__)


class Removal:
    """Deletes tokens and secrets, and ends calls; ``nudge`` wakes who ends their meetings."""

    def __init__(self, database: Database, clock: Clock, nudge: Callable[[], None]) -> None:
        self._database = database
        self._clock = clock
        self._nudge = nudge

    def remove(
        self, place: Place, why: str, *, installed_at: datetime | None = None, keeps_accounts: bool = False
    ) -> None:
        """The app is no longer in this place, and ``why`` is Slack's word for it. Nothing is done if what was installed
        there at ``installed_at`` has been replaced in the meantime; there is none for the token of the settings.

        ``keeps_accounts`` is for a token that Slack refuses while the app may still be installed: who installs it again
        finds their providers as they were.
        """
        with self._database.transaction() as connection:
            now = self._clock.now()
            if installed_at and not installations.remove(connection, place, now, why, installed_at=installed_at):
                return
            team_ids = _teams_of(connection, place)
            self._leave(connection, team_ids, now, () if keeps_accounts else team_ids)
        self._nudge()
        log.warning("taken out", team_id=place.team_id, enterprise_id=place.enterprise_id, why=why)

    def leave(self, team_ids: Sequence[str], at: datetime, why: str) -> None:
        """An organisation has taken the app out of these of its teams ``at`` that time, and goes on with its token.

        The event may be old, and nothing tells that a team was let in again, but that the app is used there.
        """
        with self._database.transaction() as connection:
            left = [team_id for team_id in team_ids if not cutting_off.is_used_since(connection, team_id, at)]
            self._leave(connection, team_ids, at, left)
        self._nudge()
        for team_id in left:
            log.warning("taken out", team_id=team_id, why=why)

    def _leave(
        self, connection: Connection, team_ids: Sequence[str], started_by: datetime, forgotten: Sequence[str]
    ) -> None:
        now = self._clock.now()
        cutting_off.cut_off(connection, team_ids, started_by, now)
        for team_id in forgotten:
            accounts.forget_team(connection, team_id, now)


def _teams_of(connection: Connection, place: Place) -> list[str]:
    """Whose calls and accounts are meant; not those of a team that has installed the app for itself as well."""
    if not place.is_everywhere:
        return [place.team_id]
    own = installations.teams_of_their_own(connection, place.enterprise_id)
    return sorted(cutting_off.teams_of(connection, place.enterprise_id) - set(own))
