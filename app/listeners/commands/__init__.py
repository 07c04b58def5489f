"""The slash commands."""

from __future__ import annotations

from slack_bolt import App
from slack_sdk import WebClient

from app.config import Settings
from app.listeners.commands.ring import RingCommand
from app.services.calls import CallService


def register(bolt_app: App, settings: Settings, client: WebClient, call_service: CallService) -> None:
    ring = RingCommand(settings.slash_command, client, call_service)
    bolt_app.command(settings.slash_command)(ring.answer)
