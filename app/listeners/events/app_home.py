"""``app_home_opened``: somebody looks at the app. https://docs.slack.dev/reference/events/app_home_opened"""

from __future__ import annotations

from pydantic import BaseModel
from slack_bolt import BoltContext

from app.services.homes import HomeService

HOME = "home"


class _Opened(BaseModel):
    user: str
    tab: str = HOME


class _Envelope(BaseModel):
    """``team_id`` is where it happened. Bolt's is where the app is installed, which is no team where an organisation
    has installed it for all of its own. https://docs.slack.dev/apis/events-api#event-structure"""

    event: _Opened
    team_id: str


class AppHome:
    def __init__(self, home_service: HomeService) -> None:
        self._homes = home_service

    def opened(self, body: dict[str, object], context: BoltContext) -> None:
        told = _Envelope.model_validate(body)
        # The other tabs are Slack's: messages with the app, and what it says about itself.
        if told.event.tab == HOME:
            self._homes.opened(context.team_id or told.team_id, context.enterprise_id, told.event.user)
