"""Taking the app out of a workspace: it hears of that, and then nothing more.

https://docs.slack.dev/reference/events/app_uninstalled
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.emulator.errors import JsonObject, SlackError
from app.emulator.events import happened
from app.emulator.workspace import Workspace

if TYPE_CHECKING:
    from app.emulator.slack import Slack


def uninstall(slack: Slack, workspace: Workspace) -> None:
    """Revoke every token of the app there, and tell it with `tokens_revoked` and `app_uninstalled`."""
    with workspace.lock:
        if workspace.bot_id is None:
            raise SlackError("app_not_installed")
        tokens: JsonObject = {"oauth": [], "bot": []}
        for grant in workspace.grants.values():
            users = tokens["bot" if grant.bot_id else "oauth"]
            if grant.user_id not in users:
                users.append(grant.user_id)
        happened(slack, workspace, {"type": "tokens_revoked", "tokens": tokens})
        happened(slack, workspace, {"type": "app_uninstalled"})
    slack.installs.uninstall(workspace)
