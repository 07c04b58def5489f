"""The methods of Slack's Web API that the code calls, and the scopes that they need."""

from __future__ import annotations

import ast
from pathlib import Path

from slack_sdk import WebClient

APP = Path(__file__).resolve().parents[2] / "app"
KNOWN = {name for name in vars(WebClient) if not name.startswith("_")}
"""As the SDK spells them: ``calls_participants_add``."""

# The scope that each method's page asks for: https://docs.slack.dev/reference/methods
SCOPES: dict[str, set[str]] = {
    "api_test": set(),
    # By these the app gets a token, and learns what one is worth.
    "auth_test": set(),
    "oauth_v2_access": set(),
    # With the app-level token, which has a scope of its own.
    "apps_connections_open": set(),
    "calls_add": {"calls:write"},
    "calls_end": {"calls:write"},
    "calls_info": {"calls:read"},
    "calls_participants_add": {"calls:write"},
    "calls_participants_remove": {"calls:write"},
    "calls_update": {"calls:write"},
    "chat_postEphemeral": {"chat:write"},
    # In a public channel that the bot has not joined it needs the second.
    "chat_postMessage": {"chat:write", "chat:write.public"},
    # With the client's secret in the place of a token.
    "openid_connect_token": set(),
    "users_info": {"users:read"},
    "users_lookupByEmail": {"users:read.email"},
    # Home and modals are the app's own.
    "views_open": set(),
    "views_publish": set(),
    "views_update": set(),
}


def dotted(method: str) -> str:
    """The method as Slack spells it."""
    return method.replace("_", ".")


def methods_used() -> set[str]:
    """What anything in the app that speaks to Slack asks of a client, by attribute or by name."""
    modules = (path for path in APP.rglob("*.py") if path.relative_to(APP).parts[0] not in {"emulator", "room"})
    return {name for module in modules for name in methods_in(module.read_text("utf-8"))}


def methods_in(source: str) -> set[str]:
    nodes = list(ast.walk(ast.parse(source)))
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)} & KNOWN
    asked = [
        argument.value
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "api_call"
        for argument in [*node.args[:1], *(keyword.value for keyword in node.keywords)]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    return attributes | {name.replace(".", "_") for name in asked}
