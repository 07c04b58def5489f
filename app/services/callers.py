"""Somebody in Slack who wishes for something, and whether they may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.domain.permissions import Role, Wish, is_for_all, refusal
from app.domain.workspaces import WorkspaceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Ids of Slack. ``team_id`` is the workspace that it is about: all that they see or change is that one's.

    ``role`` asks Slack, and only when it matters; it may raise ``CannotTell``. ``home_team_id`` is where their account
    is, if the request says so; in channels that are shared it is another workspace.
    """

    team_id: str
    enterprise_id: str | None
    user_id: str
    role: Callable[[], Role]
    home_team_id: str | None = None

    @property
    def may_be_a_stranger(self) -> bool:
        """In an organisation people of one workspace can be members of another as well."""
        return bool(self.home_team_id) and self.home_team_id not in {self.team_id, self.enterprise_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller(Actor):
    """Somebody in a channel."""

    channel_id: str


def check(wish: Wish, actor: Actor, settings: WorkspaceSettings, *, is_starter: bool = False) -> None:
    """Raises the kind of ``WishRefused`` that says why they may not."""
    if not actor.may_be_a_stranger and is_for_all(wish, settings, is_starter=is_starter):
        return
    if refused := refusal(wish, actor.role(), settings, is_starter=is_starter):
        raise refused
