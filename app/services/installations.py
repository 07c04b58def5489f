"""The two ways in which the app is in Slack: with the one token of the settings, or installed by whoever wants it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.clock import Clock
from app.config import Settings
from app.db.session import Database
from app.services.installed_clients import InstalledClients
from app.services.installing import InstallService
from app.services.removal import Removal
from app.services.uninstalling import UninstallService
from app.slack.clients import Clients, OneToken
from app.slack.oauth import SlackOAuth

INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installations:
    """``install`` is None for an app with one token. ``chores`` are for the sweep."""

    clients: Clients
    uninstall: UninstallService
    install: InstallService | None = None
    chores: Sequence[Callable[[], bool]] = ()


def make_installations(
    settings: Settings, database: Database, clock: Clock, nudge: Callable[[], None]
) -> Installations:
    removal = Removal(database, clock, nudge)
    if not settings.is_installable:
        token = OneToken(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
        return Installations(clients=token, uninstall=UninstallService(database, token, removal))
    slack = SlackOAuth(
        settings.slack_api_url,
        settings.slack_client_id,
        settings.slack_client_secret.get_secret_value(),
        settings.public_url + REDIRECT_PATH,
        clock,
    )
    clients = InstalledClients(database, clock, slack, removal, settings.slack_api_url)
    return Installations(
        clients=clients,
        uninstall=UninstallService(database, clients, removal),
        install=InstallService(database, clock, slack),
        chores=(clients.exchange.exchange_due,),
    )
