"""The slash commands."""

from __future__ import annotations

from slack_bolt import App

from app.config import Settings
from app.listeners.commands.ring import RingCommand
from app.services.calls import CallService
from app.slack.web_api import make_client

# Slack shows an error to the person after three seconds.
ANSWER_TIMEOUT_SECONDS = 2


def register(bolt_app: App, settings: Settings, call_service: CallService) -> None:
    token = settings.slack_bot_token.get_secret_value()
    client = make_client(token, settings.slack_api_url, timeout_seconds=ANSWER_TIMEOUT_SECONDS)
    ring = RingCommand(settings.slash_command, client, call_service)
    bolt_app.command(settings.slash_command)(ring.answer)
