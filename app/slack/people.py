"""Who somebody is in Slack."""

from __future__ import annotations

from slack_sdk import WebClient

from app.errors import PermanentFailure
from app.slack.web_api import part, send

NOBODY = frozenset({"users_not_found", "invalid_email"})


def is_admin(client: WebClient, user_id: str) -> bool:
    """Whether the person is an admin or owner of the workspace. Raises a kind of ``RequestFailed``."""
    user = part(send(client.users_info, user=user_id), "user")
    return bool(user.get("is_admin") or user.get("is_owner") or user.get("is_primary_owner"))


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
