"""The settings on somebody's Home: everybody's own, and the workspace's for those who may change them."""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.models.blocks import Block

from app.domain.workspaces import WorkspaceSettings
from app.errors import AdminsOnly
from app.services.account_settings import AccountService, AccountView
from app.services.callers import Actor
from app.services.workspaces import WorkspaceService
from app.slack.choices import AccountLine, ChangeLine, ChannelLine, admin_blocks, personal_blocks

MOST_CHANGES = 3
MOST_CHANNELS = 30
"""Of those with accounts of their own."""


class HomeSettings:
    def __init__(self, accounts: AccountService, workspaces: WorkspaceService) -> None:
        self._accounts = accounts
        self._workspaces = workspaces

    def blocks(self, actor: Actor, settings: WorkspaceSettings) -> Sequence[Block]:
        """``settings`` are those of the actor's workspace. Raises ``CannotTell``."""
        return [*personal_blocks(), *self._for_admins(actor, settings)]

    def _for_admins(self, actor: Actor, settings: WorkspaceSettings) -> Sequence[Block]:
        try:
            accounts = self._accounts.list(actor)
        except AdminsOnly:
            return ()
        channels = self._channels(actor, accounts)
        changes = self._workspaces.changes(actor, most=MOST_CHANGES)
        lines = [ChangeLine(at=change.at, user_id=change.user_id, what=change.what.value) for change in changes]
        return list(admin_blocks(list(map(_line, accounts)), channels, settings, lines))

    def _channels(self, actor: Actor, accounts: Sequence[AccountView]) -> Sequence[ChannelLine]:
        names = {account.key: account.name for account in accounts}
        chosen = self._workspaces.channel_accounts(actor).items()
        lines = [ChannelLine(channel_id=id_, account=names[key]) for id_, key in chosen if key in names]
        return lines[:MOST_CHANNELS]


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
