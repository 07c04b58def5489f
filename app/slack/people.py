"""Who somebody is in Slack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk import WebClient

from app.domain.permissions import Role
from app.errors import PermanentFailure
from app.slack.web_api import part, send

NOBODY = frozenset({"users_not_found", "invalid_email"})


def role_of(client: WebClient, user_id: str, team_id: str, enterprise_id: str | None) -> Role:
    """What somebody is in this workspace. Raises a kind of ``RequestFailed``.

    https://docs.slack.dev/reference/objects/user-object
    """
    user = part(send(client.users_info, user=user_id), "user")
    if user.get("is_stranger") or user.get("deleted") or not _is_of(user, team_id, enterprise_id):
        return Role.STRANGER
    if user.get("is_admin") or user.get("is_owner") or user.get("is_primary_owner"):
        return Role.ADMIN
    return Role.GUEST if user.get("is_restricted") or user.get("is_ultra_restricted") else Role.MEMBER


def _is_of(user: Mapping[str, Any], team_id: str, enterprise_id: str | None) -> bool:
    """In an organisation people belong to several workspaces, and to it."""
    teams = (user.get("enterprise_user") or {}).get("teams") or []
    return user.get("team_id") in {team_id, enterprise_id or team_id} or team_id in teams


def find_by_email(client: WebClient, email: str) -> str | None:
    """The id of the user with this e-mail address; None when it is nobody's. Raises a kind of ``RequestFailed``.

    https://docs.slack.dev/reference/methods/users.lookupByEmail
    """
    try:
        user = part(send(client.users_lookupByEmail, email=email), "user")
    except PermanentFailure as refusal:
        if refusal.code in NOBODY:
            return None
        raise
    # A person, and one who has not left: a deactivated account would be shown as somebody who is in.
    is_somebody = user.get("id") and not user.get("deleted") and not user.get("is_bot")
    return str(user["id"]) if is_somebody else None
