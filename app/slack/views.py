"""Opens and changes modals. Every function raises a kind of ``RequestFailed``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_sdk import WebClient

from app.slack.web_api import part, send


def open_modal(client: WebClient, trigger_id: str, view: Mapping[str, Any]) -> str:
    """Within three seconds of what somebody did. Returns the id of the view.

    https://docs.slack.dev/reference/methods/views.open
    """
    return str(part(send(client.views_open, trigger_id=trigger_id, view=dict(view)), "view").get("id", ""))


def update_modal(client: WebClient, view_id: str, view: Mapping[str, Any]) -> None:
    """https://docs.slack.dev/reference/methods/views.update"""
    send(client.views_update, view_id=view_id, view=dict(view))
