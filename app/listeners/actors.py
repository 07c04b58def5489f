"""Who has pressed a button or sent a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from slack_bolt import BoltContext

from app.listeners.roles import role_of
from app.services.callers import Actor
from app.slack.clients import Clients
from app.slack.views import read_metadata


class _Person(BaseModel):
    id: str
    team_id: str | None = None


class _View(BaseModel):
    private_metadata: str = ""


class _Interaction(BaseModel):
    """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""

    user: _Person
    view: _View = _View()


def actor_of(body: Mapping[str, Any], context: BoltContext, clients: Clients) -> Actor:
    told = _Interaction.model_validate(body)
    user, (noted, _) = told.user, read_metadata(told.view.private_metadata)
    team_id, enterprise_id = noted or context.team_id or "", context.enterprise_id
    return Actor(
        team_id=team_id,
        enterprise_id=enterprise_id,
        user_id=user.id,
        home_team_id=user.team_id,
        role=role_of(clients, team_id, enterprise_id, user.id),
    )
