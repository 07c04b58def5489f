"""Opens a modal before whoever has just done something."""

from __future__ import annotations

from collections.abc import Mapping

from app import logs
from app.errors import RequestFailed, StoredUnreadable
from app.listeners.roles import ANSWER_TIMEOUT_SECONDS
from app.services.callers import Actor
from app.slack import views
from app.slack.clients import Clients

log = logs.get(__name__)


def show(clients: Clients, actor: Actor, trigger_id: str, view: Mapping[str, object]) -> str:
    """Returns the id of the view; ``""`` when Slack does not take it, or not in time: they can only try again."""
    try:
        client = clients.of(actor.team_id, actor.enterprise_id, timeout_seconds=ANSWER_TIMEOUT_SECONDS)
        return views.open_modal(client, trigger_id, views.about_team(view, actor.team_id))
    except (RequestFailed, StoredUnreadable) as failure:
        log.warning("modal not opened", team_id=actor.team_id, user_id=actor.user_id, why=str(failure))
        return ""
