"""What somebody is in a workspace, asked of Slack while they wait for an answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from app import logs
from app.domain.permissions import Role
from app.errors import CannotTell, RequestFailed
from app.slack import people
from app.slack.clients import Clients

# Slack shows an error to the person after three seconds.
ANSWER_TIMEOUT_SECONDS = 2
log = logs.get(__name__)


def role_of(clients: Clients, team_id: str, enterprise_id: str | None, user_id: str) -> Callable[[], Role]:
    """For ``Actor.role``: asks when it is called, and once. Raises ``CannotTell``."""

    @cache
    def ask() -> Role:
        try:
            client = clients.of(team_id, enterprise_id, timeout_seconds=ANSWER_TIMEOUT_SECONDS)
            return people.role_of(client, user_id, team_id, enterprise_id)
        except RequestFailed as failure:
            log.warning("cannot tell who somebody is", team_id=team_id, user_id=user_id, why=failure.code)
            raise CannotTell from failure

    return ask
