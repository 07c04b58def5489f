"""The slash commands."""

from __future__ import annotations

from slack_bolt import App

from app.listeners.commands.ring import RingCommand
from app.listeners.commands.settings import PreferencesForm
from app.services.calls import CallService
from app.slack.clients import Clients


def register(
    bolt_app: App, slash_command: str, clients: Clients, call_service: CallService, preferences: PreferencesForm
) -> None:
    bolt_app.command(slash_command)(RingCommand(slash_command, clients, call_service, preferences).answer)
