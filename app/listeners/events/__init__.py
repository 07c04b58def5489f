"""Slack's events: what happens in a workspace. Each is done with before it is acknowledged; else it comes again."""

from __future__ import annotations

from slack_bolt import App

from app.listeners.events.app_home import AppHome
from app.listeners.events.uninstalling import Uninstalling
from app.services.homes import HomeService
from app.services.uninstalling import UninstallService


def register(bolt_app: App, home_service: HomeService, uninstall_service: UninstallService) -> None:
    uninstalling = Uninstalling(uninstall_service)
    bolt_app.event("app_home_opened")(AppHome(home_service).opened)
    bolt_app.event("app_uninstalled")(uninstalling.app_uninstalled)
    bolt_app.event("tokens_revoked")(uninstalling.tokens_revoked)
    bolt_app.event("team_access_revoked")(uninstalling.team_access_revoked)
