"""The app's tokens: what Slack says of them, and what they open."""

from __future__ import annotations

from slack_sdk import WebClient

from app.errors import TemporaryFailure
from app.slack.web_api import send


def socket_address(client: WebClient, app_token: str) -> str:
    """Where one WebSocket can be opened, once and soon. Raises a kind of ``RequestFailed``.

    https://docs.slack.dev/reference/methods/apps.connections.open
    """
    address = send(client.apps_connections_open, app_token=app_token).get("url")
    if not isinstance(address, str) or not address.startswith(("wss://", "ws://")):
        raise TemporaryFailure("malformed_answer")
    return address
