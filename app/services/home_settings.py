"""The settings on somebody's Home: everybody's own, and the workspace's for those who may change them."""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.models.blocks import Block

from app.errors import AdminsOnly
from app.services.account_settings import AccountService, AccountView
from app.services.callers import Actor
from app.services.workspaces import WorkspaceService
from app.slack.choices import AccountLine, ChangeLine, admin_blocks, personal_blocks

MOST_CHANGES = 3


class HomeSettings:
    def __init__(self, accounts: AccountService, workspaces: WorkspaceService) -> None:
        self._accounts = accounts
        self._workspaces = workspaces

    def blocks(self, actor: Actor) -> Sequence[Block]:
        """Raises ``CannotTell``."""
        return [*personal_blocks(), *self._for_admins(actor)]

    def _for_admins(self, actor: Actor) -> Sequence[Block]:
        try:
            accounts = self._accounts.list(actor)
        except AdminsOnly:
            return ()
        changes = self._workspaces.changes(actor, most=MOST_CHANGES)
        lines = [ChangeLine(at=change.at, user_id=change.user_id, what=change.what.value) for change in changes]
        return list(admin_blocks(list(map(_line, accounts)), self._workspaces.settings(actor.team_id), lines))


def _line(account: AccountView) -> AccountLine:
    return AccountLine(
        key=str(account.key),
        name=account.name,
        provider_name=account.provider_name,
        is_shared=account.is_shared,
        is_default=account.is_default,
        webhook_url=account.webhook_url,
        last_delivery_at=account.last_delivery_at,
    )
