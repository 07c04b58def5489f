"""The Bolt app: Slack's requests to our listeners."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult

from app.config import Settings
from app.listeners import commands
from app.services.calls import CallService
from app.slack.clients import Clients
from app.slack.web_api import make_client


@contextmanager
def _bolt_blind_to_the_environment() -> Iterator[None]:
    """Bolt reads SLACK_* by itself: a client id and secret there would turn it to OAuth and drop our token."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("SLACK_")}
    try:
        yield
    finally:
        os.environ.update(hidden)


def make_bolt_app(settings: Settings, clients: Clients, call_service: CallService) -> App:
    """A Bolt app that answers every request in the thread that brought it.

    Bolt's own way, a pool of five threads that is looked at every 10 ms, makes the sixth slow command a 404. Requests
    are verified before they come here (``web.slack``), because Bolt loses commands that contain the word "payload".
    """

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        # No auth.test: it would be one more request to Slack inside the three seconds of the first command.
        return AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token=clients.of(team_id or "", enterprise_id).token
        )

    with _bolt_blind_to_the_environment():
        bolt_app = App(
            client=make_client(None, settings.slack_api_url),
            signing_secret=settings.slack_signing_secret.get_secret_value(),
            authorize=authorize,
            process_before_response=True,
            token_verification_enabled=False,
        )
    commands.register(bolt_app, settings.slash_command, clients, call_service)
    return bolt_app
