"""The Calls API. Nothing else in the app talks to ``calls.*``, and only the reconciler uses this.

https://docs.slack.dev/apis/web-api/using-the-calls-api
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_sdk import WebClient

from app.domain.card import CallCard, CardUser
from app.errors import PermanentFailure
from app.slack.web_api import malformed, part, send


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSlackCall:
    """What ``calls.add`` is told once and for all. ``external_unique_id`` is ours; ``started_at`` cannot be changed
    later, and Slack counts the duration from it."""

    external_unique_id: str
    created_by: str
    started_at: datetime
    display_id: str | None
    card: CallCard


@dataclass(frozen=True, slots=True)
class SlackCall:
    """What ``calls.info`` tells: where the card was posted (channel ids), who is on it now, and its title and links,
    each None where it says nothing of them."""

    channels: frozenset[str]
    users: frozenset[CardUser]
    title: str | None = None
    join_url: str | None = None
    desktop_app_join_url: str | None = None


class CallsApi:
    """The Calls API for one token. Every method raises a kind of ``RequestFailed``."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def add(self, new: NewSlackCall) -> str:
        """Register a call; returns Slack's id for it (``R…``)."""
        arguments = {
            "external_unique_id": new.external_unique_id,
            "created_by": new.created_by,
            "date_start": int(new.started_at.timestamp()),
            "external_display_id": new.display_id,
            "join_url": new.card.join_url,
            "desktop_app_join_url": new.card.desktop_app_join_url,
            "title": new.card.title,
            "users": _users(sorted(new.card.present)) or None,
        }
        try:
            answer = send(self._client.calls_add, **arguments)
        except PermanentFailure as refusal:
            if refusal.code != "invalid_created_by":
                raise
            # Somebody from a connected workspace: Slack then shows the app as the one who started it.
            answer = send(self._client.calls_add, **{**arguments, "created_by": None})
        slack_call_id = part(answer, "call").get("id")
        if not slack_call_id:
            raise malformed()
        return str(slack_call_id)

    def update(self, slack_call_id: str, *, title: str, join_url: str, desktop_app_join_url: str | None) -> None:
        send(
            self._client.calls_update,
            id=slack_call_id,
            title=title,
            join_url=join_url,
            desktop_app_join_url=desktop_app_join_url,
        )

    def end(self, slack_call_id: str, duration_seconds: int) -> None:
        send(self._client.calls_end, id=slack_call_id, duration=duration_seconds)

    def info(self, slack_call_id: str) -> SlackCall:
        call = part(send(self._client.calls_info, id=slack_call_id), "call")
        # Both keys may be missing: a call that nobody is in, a card that nobody has posted.
        return SlackCall(
            channels=frozenset(map(str, call.get("channels") or [])),
            users=frozenset(_card_users(call.get("users") or [])),
            title=_text(call, "title"),
            join_url=_text(call, "join_url"),
            desktop_app_join_url=_text(call, "desktop_app_join_url"),
        )

    def add_participants(self, slack_call_id: str, users: Sequence[CardUser]) -> None:
        send(self._client.calls_participants_add, id=slack_call_id, users=_users(users))

    def remove_participants(self, slack_call_id: str, users: Sequence[CardUser]) -> None:
        send(self._client.calls_participants_remove, id=slack_call_id, users=_users(users))


def _users(users: Iterable[CardUser]) -> list[dict[str, str]]:
    """Slack has ignored removals whose object was not the one that was added, so it is built in one place."""
    return [_user(user) for user in users]


def _user(user: CardUser) -> dict[str, str]:
    if user.slack_id:
        return {"slack_id": user.slack_id}
    told = {"external_id": user.external_id, "display_name": user.display_name}
    return {**told, "avatar_url": user.avatar_url} if user.avatar_url else told


def _text(call: dict[str, Any], name: str) -> str | None:
    value = call.get(name)
    return value if isinstance(value, str) and value else None


def _card_users(users: Iterable[dict[str, Any]]) -> Iterable[CardUser]:
    for user in users:
        if user.get("slack_id"):
            yield CardUser(slack_id=str(user["slack_id"]))
        elif user.get("external_id"):
            yield CardUser(
                external_id=str(user["external_id"]),
                display_name=str(user.get("display_name") or ""),
                avatar_url=str(user.get("avatar_url") or ""),
            )
