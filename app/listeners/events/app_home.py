"""``app_home_opened``: somebody looks at the app. https://docs.slack.dev/reference/events/app_home_opened"""

from __future__ import annotations

from pydantic import BaseModel
from slack_bolt import BoltContext

from app.services.homes import HomeService

HOME = "home"


class _Opened(BaseModel):
    user: str
    tab: str = HOME


class AppHome:
    def __init__(self, home_service: HomeService) -> None:
        self._homes = home_service

    def opened(self, event: dict[str, object], context: BoltContext) -> None:
        told = _Opened.model_validate(event)
        # The other tabs are Slack's: messages with the app, and what it says about itself.
        if told.tab == HOME and context.team_id:
            self._homes.opened(context.team_id, context.enterprise_id, told.user)
