"""``/ring settings``: one's own preferences, in a form."""

from __future__ import annotations

from app import logs
from app.errors import RequestFailed
from app.listeners.roles import ANSWER_TIMEOUT_SECONDS
from app.services.callers import Actor
from app.services.workspaces import WorkspaceService
from app.slack import modals, texts, views
from app.slack.clients import Clients

log = logs.get(__name__)


class PreferencesForm:
    def __init__(self, clients: Clients, workspaces: WorkspaceService) -> None:
        self._clients = clients
        self._workspaces = workspaces

    def show(self, actor: Actor, trigger_id: str) -> str:
        """Open the form. Returns what else the person is told: nothing, when it stands open."""
        form = modals.preferences_form(self._workspaces.preferences(actor))
        try:
            client = self._clients.of(actor.team_id, actor.enterprise_id, timeout_seconds=ANSWER_TIMEOUT_SECONDS)
            views.open_modal(client, trigger_id, form)
        except RequestFailed as failure:
            log.warning("form not opened", team_id=actor.team_id, user_id=actor.user_id, why=failure.code)
            return texts.form_not_opened()
        return ""
