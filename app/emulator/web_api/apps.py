"""apps.connections.open and apps.uninstall."""

from __future__ import annotations

from app.emulator.errors import JsonObject, SlackError
from app.emulator.rate_limits import SPECIAL, TIER_3
from app.emulator.uninstalling import uninstall
from app.emulator.web_api.context import Context
from app.emulator.web_api.method import Method


def open_connection(context: Context) -> JsonObject:
    """The address for one socket: https://docs.slack.dev/reference/methods/apps.connections.open"""
    slack = context.slack
    if slack.manifest is not None and not slack.manifest.socket_mode:
        raise SlackError("socket_mode_not_enabled")
    base = slack.base_url.replace("http", "ws", 1)
    return {"url": f"{base}/link/?ticket={slack.socket_mode.ticket()}&app_id={slack.app.app_id}"}


def uninstall_app(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/apps.uninstall"""
    app = context.slack.app
    if context.args.text("client_id") != app.client_id:
        raise SlackError("invalid_client_id")
    if context.args.text("client_secret") != app.client_secret:
        raise SlackError("bad_client_secret")
    uninstall(context.slack, context.workspace)
    return {}


METHODS = (
    Method(
        "apps.connections.open",
        open_connection,
        ("connections:write",),
        SPECIAL,
        asker="app",
    ),
    Method("apps.uninstall", uninstall_app, (), TIER_3, ("client_id", "client_secret"), allows_get=True),
)
