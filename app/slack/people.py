"""Who somebody is in Slack."""

from __future__ import annotations

from slack_sdk import WebClient

from app.slack.web_api import send


def is_admin(client: WebClient, user_id: str) -> bool:
    """Whether the person is an admin or owner of the workspace. Raises a kind of ``RequestFailed``."""
    user = send(client.users_info, user=user_id).get("user") or {}
    return bool(user.get("is_admin") or user.get("is_owner") or user.get("is_primary_owner"))
