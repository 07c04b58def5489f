"""Opens and changes modals, and notes in each view which workspace it is about.

What Slack tells of that with a button or a form is where the app is installed: an organisation, or another of its
workspaces (https://github.com/slackapi/bolt-python/issues/1229).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk import WebClient

from app.slack.web_api import part, send


def about_team(view: Mapping[str, Any], team_id: str) -> dict[str, Any]:
    """The view with that note, which comes back with whatever is done in it."""
    return {**view, "private_metadata": f"{team_id} {view.get('private_metadata') or ''}".rstrip()}


def read_metadata(text: str) -> tuple[str, str]:
    """The team that a view is about, and what else is noted in it; ``""`` for what is not."""
    team_id, _, more = text.partition(" ")
    return team_id, more


def open_modal(client: WebClient, trigger_id: str, view: Mapping[str, Any]) -> str:
    """Within three seconds of what somebody did. Returns the id of the view. Raises a kind of ``RequestFailed``.

    https://docs.slack.dev/reference/methods/views.open
    """
    return str(part(send(client.views_open, trigger_id=trigger_id, view=dict(view)), "view").get("id", ""))


def update_modal(client: WebClient, view_id: str, view: Mapping[str, Any]) -> None:
    """Raises a kind of ``RequestFailed``. https://docs.slack.dev/reference/methods/views.update"""
    send(client.views_update, view_id=view_id, view=dict(view))
