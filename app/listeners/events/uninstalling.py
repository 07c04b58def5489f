"""``app_uninstalled``, ``tokens_revoked`` and ``team_access_revoked``: the app is no longer wanted somewhere.

https://docs.slack.dev/reference/events/app_uninstalled. Slack promises no order: the second may come after the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel, Field
from slack_bolt import BoltContext

from app.services.uninstalling import UninstallService


class _Revoked(BaseModel):
    bot: list[str] = []


class _Event(BaseModel):
    type: str
    tokens: _Revoked = Field(default_factory=_Revoked)
    team_ids: list[str] = []


class _Envelope(BaseModel):
    """https://docs.slack.dev/apis/events-api#event-structure"""

    event: _Event
    event_time: int

    @property
    def at(self) -> datetime:
        # Slack tells whole seconds: what else happened in this one was before.
        return datetime.fromtimestamp(self.event_time + 1, UTC)


@dataclass(frozen=True, slots=True)
class _Where:
    team_id: str
    enterprise_id: str | None
    everywhere: bool


class Uninstalling:
    def __init__(self, service: UninstallService) -> None:
        self._service = service

    def app_uninstalled(self, body: dict[str, object], context: BoltContext) -> None:
        told, where = _Envelope.model_validate(body), _where(context)
        self._service.uninstalled(
            where.team_id, where.enterprise_id, told.at, told.event.type, everywhere=where.everywhere
        )

    def tokens_revoked(self, body: dict[str, object], context: BoltContext) -> None:
        told, where = _Envelope.model_validate(body), _where(context)
        # Those of people are not ours: the app asks for none.
        if told.event.tokens.bot:
            self._service.tokens_revoked(
                where.team_id, where.enterprise_id, told.at, told.event.type, everywhere=where.everywhere
            )

    def team_access_revoked(self, body: dict[str, object]) -> None:
        told = _Envelope.model_validate(body)
        self._service.access_revoked(told.event.team_ids, told.at, told.event.type)


def _where(context: BoltContext) -> _Where:
    return _Where(context.team_id or "", context.enterprise_id, bool(context.is_enterprise_install))
