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

    def remove(self, place: Place, at: datetime, why: str, *, keeps_accounts: bool = False) -> None:
        """The app was taken out of this place ``at`` that time, and ``why`` is Slack's word for it.

        ``keeps_accounts`` is for a token that Slack refuses while the app may still be installed: who installs it again
        finds their providers as they were.
        """
        with self._database.transaction() as connection:
            installations.remove(connection, place, self._clock.now(), why)
            team_ids = _teams_of(connection, place)
            self._leave(connection, team_ids, at, keeps_accounts=keeps_accounts)
        self._nudge()
        log.warning("taken out", team_id=place.team_id, enterprise_id=place.enterprise_id, why=why)

    def leave(self, team_ids: Sequence[str], at: datetime, why: str) -> None:
        """An organisation has taken the app out of these of its teams; what installed it there keeps its tokens."""
        with self._database.transaction() as connection:
            self._leave(connection, team_ids, at, keeps_accounts=False)
        self._nudge()
        for team_id in team_ids:
            log.warning("taken out", team_id=team_id, why=why)

    def _leave(self, connection: Connection, team_ids: Sequence[str], at: datetime, *, keeps_accounts: bool) -> None:
        now = self._clock.now()
        cutting_off.cut_off(connection, team_ids, at, now)
        if not keeps_accounts:
            for team_id in team_ids:
                accounts.forget_team(connection, team_id, now)


def _teams_of(connection: Connection, place: Place) -> list[str]:
    """Whose calls and accounts are meant; not those of a team that has installed the app for itself as well."""
    if not place.is_everywhere:
        return [place.team_id]
    own = installations.teams_of_their_own(connection, place.enterprise_id)
    return sorted(cutting_off.teams_of(connection, place.enterprise_id) - set(own))
