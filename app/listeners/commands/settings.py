"""``/ring settings``: one's own preferences, in a form."""

from __future__ import annotations

from app.listeners.showing import show
from app.services.callers import Actor
from app.services.workspaces import WorkspaceService
from app.slack import modals, texts
from app.slack.clients import Clients


class PreferencesForm:
    def __init__(self, clients: Clients, workspaces: WorkspaceService) -> None:
        self._clients = clients
        self._workspaces = workspaces

    def show(self, actor: Actor, trigger_id: str) -> str:
        """Open the form. Returns what else the person is told: nothing, when it stands open."""
        form = modals.preferences_form(self._workspaces.preferences(actor))
        return "" if show(self._clients, actor, trigger_id, form) else texts.form_not_opened()
