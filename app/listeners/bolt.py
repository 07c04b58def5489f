"""The Bolt app: Slack's requests to our listeners."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult

from app import logs
from app.config import Settings
from app.listeners import actions, commands, events, views
from app.listeners.actions.calls import CallButtons
from app.listeners.actions.pressed import Buttons
from app.listeners.actions.settings import SettingsButtons
from app.listeners.commands.settings import PreferencesForm
from app.listeners.views.settings import SettingsForms
from app.services.account_settings import AccountService
from app.services.calls import CallService
from app.services.homes import HomeService
from app.services.installations import INSTALL_PATH
from app.services.uninstalling import UninstallService
from app.services.workspaces import WorkspaceService
from app.slack.clients import Clients
from app.slack.install_texts import not_installed
from app.slack.web_api import make_client

log = logs.get(__name__)


@contextmanager
def _bolt_blind_to_the_environment() -> Iterator[None]:
    """Bolt reads SLACK_* by itself: a client id and secret there would turn it to OAuth and drop our token."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("SLACK_")}
    try:
        yield
    finally:
        os.environ.update(hidden)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What people can have done from Slack."""

    calls: CallService
    accounts: AccountService
    workspaces: WorkspaceService
    homes: HomeService
    uninstall: UninstallService


def make_bolt_app(settings: Settings, clients: Clients, services: Services) -> App:
    """A Bolt app that answers every request in the thread that brought it.

    Bolt's own way, a pool of five threads that is looked at every 10 ms, makes the sixth slow command a 404. Requests
    are verified before they come here (``web.slack``), because Bolt loses commands that contain the word "payload".
    """

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        # No auth.test, and no token either: whoever needs one asks for it, and Slack waits three seconds only.
        if not clients.has(team_id or "", enterprise_id):
            log.warning("request from where the app is not installed", team_id=team_id, enterprise_id=enterprise_id)
            return None
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)

    install_url = settings.public_url + INSTALL_PATH if settings.is_installable else ""
    with _bolt_blind_to_the_environment():
        bolt_app = App(
            client=make_client(None, settings.slack_api_url),
            signing_secret=settings.slack_signing_secret.get_secret_value(),
            authorize=authorize,  # type: ignore[arg-type]  # None is what Bolt documents for "not installed"
            process_before_response=True,
            token_verification_enabled=False,
            user_facing_authorize_error_message=not_installed(install_url),
        )
    _register(bolt_app, settings.slash_command, clients, services)
    return bolt_app


def _register(bolt_app: App, command: str, clients: Clients, services: Services) -> None:
    buttons = Buttons(clients, command)
    accounts, workspaces = services.accounts, services.workspaces
    commands.register(bolt_app, command, clients, services.calls, PreferencesForm(clients, workspaces))
    events.register(bolt_app, services.homes, services.uninstall)
    actions.register(bolt_app, CallButtons(buttons, services.calls), SettingsButtons(buttons, accounts, workspaces))
    views.register(bolt_app, SettingsForms(clients, accounts, workspaces, command))
