"""What a workspace chooses for all, and what somebody in it chooses for themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from sqlalchemy import Connection

from app.db import workspaces
from app.db.session import Database
from app.db.workspaces import Change, What
from app.domain.permissions import Wish
from app.domain.plain_text import one_line
from app.domain.titles import LONGEST_TEMPLATE, PLACEHOLDERS, unknown_in
from app.domain.workspaces import AccountKey, Preferences, WorkspaceSettings, settled
from app.errors import NoSuchAccount, NotAsEntered
from app.services.account_settings import check_known
from app.services.accounts import StoredAccounts
from app.services.callers import Actor, check
from app.services.changes import Changes
from app.slack import texts

TEMPLATE_FIELD = "title_template"


class WorkspaceService:
    """Settings of the actor's own team, whatever else they ask for."""

    def __init__(
        self, database: Database, stored: StoredAccounts, changes: Changes, *, allow_guests: bool, signs_in: bool
    ) -> None:
        """``allow_guests`` is what counts where a workspace has not chosen."""
        self._database = database
        self._accounts = stored
        self._changes = changes
        self._allow_guests = allow_guests
        self._signs_in = signs_in

    def settings(self, team_id: str) -> WorkspaceSettings:
        """What counts in this workspace; where it has not chosen, what counts instead."""
        with self._database.reading() as connection:
            return self._settled(workspaces.load_settings(connection, team_id))

    def may(self, wish: Wish, actor: Actor, *, is_starter: bool = False) -> None:
        """Raises the kind of ``WishRefused`` that says why they may not."""
        check(wish, actor, self.settings(actor.team_id), is_starter=is_starter)

    def change(self, actor: Actor, wanted: WorkspaceSettings) -> WorkspaceSettings:
        """For admins. Raises ``AdminsOnly``, and ``NotAsEntered`` with problems by the name that the setting has."""
        self.may(Wish.MANAGE, actor)
        wanted = replace(wanted, title_template=one_line(wanted.title_template))
        with self._changes.transaction() as connection:
            self._check_settings(connection, actor.team_id, wanted)
            before = workspaces.load_settings(connection, actor.team_id, lock=True)
            workspaces.save_settings(connection, actor.team_id, wanted)
            if changed := _changed(self._settled(before), wanted):
                self._changes.record(connection, actor, What.SETTINGS_CHANGED, None, changed)
        return self._settled(wanted)

    def channel_accounts(self, actor: Actor) -> Mapping[str, AccountKey]:
        """The channels that have an account of their own, by id. For admins."""
        self.may(Wish.MANAGE, actor)
        with self._database.reading() as connection:
            return workspaces.channel_accounts(connection, actor.team_id)

    def choose_for_channel(self, actor: Actor, channel_id: str, key: AccountKey | None) -> None:
        """For admins. With None its calls are held where the workspace's are. Raises ``NoSuchAccount``."""
        self.may(Wish.MANAGE, actor)
        with self._changes.transaction() as connection:
            if key is not None:
                check_known(connection, self._accounts, actor.team_id, key)
            workspaces.save_channel_account(connection, actor.team_id, channel_id, key)
            details = {"account": str(key) if key else "as in the workspace"}
            self._changes.record(connection, actor, What.CHANNEL_CHANGED, channel_id, details)

    def preferences(self, actor: Actor) -> Preferences:
        """The actor's own."""
        self.may(Wish.PREFER, actor)
        with self._database.reading() as connection:
            return workspaces.load_preferences(connection, actor.team_id, actor.user_id)

    def prefer(self, actor: Actor, wanted: Preferences) -> Preferences:
        """Raises ``NotAsEntered``."""
        self.may(Wish.PREFER, actor)
        wanted = replace(wanted, title_template=one_line(wanted.title_template))
        if problems := _template_problems(wanted.title_template):
            raise NotAsEntered(problems)
        with self._changes.transaction() as connection:
            workspaces.save_preferences(connection, actor.team_id, actor.user_id, wanted)
            # Not what: that is nobody else's business.
            self._changes.record(connection, actor, What.PREFERENCES_CHANGED, None, {})
        return wanted

    def changes(self, actor: Actor, *, most: int = 20) -> Sequence[Change]:
        """Who has changed what, newest first. For admins."""
        self.may(Wish.MANAGE, actor)
        with self._database.reading() as connection:
            return workspaces.list_changes(connection, actor.team_id, most=most)

    def _settled(self, settings: WorkspaceSettings) -> WorkspaceSettings:
        return settled(settings, allow_guests=self._allow_guests)

    def _check_settings(self, connection: Connection, team_id: str, wanted: WorkspaceSettings) -> None:
        problems = _template_problems(wanted.title_template)
        if wanted.allows_guests is False and not self._signs_in:
            problems["allows_guests"] = texts.guests_needed()
        if wanted.default_account is not None:
            try:
                check_known(connection, self._accounts, team_id, wanted.default_account)
            except NoSuchAccount:
                problems["default_account"] = texts.account_gone()
        if problems:
            raise NotAsEntered(problems)


def _template_problems(template: str) -> dict[str, str]:
    if len(template) > LONGEST_TEMPLATE:
        return {TEMPLATE_FIELD: texts.template_too_long(LONGEST_TEMPLATE)}
    if unknown := unknown_in(template):
        return {TEMPLATE_FIELD: texts.template_unknown(unknown, PLACEHOLDERS)}
    return {}


def _changed(before: WorkspaceSettings, after: WorkspaceSettings) -> dict[str, str]:
    """The settings that differ, with their new values."""
    names = [field.name for field in fields(WorkspaceSettings)]
    return {name: str(getattr(after, name)) for name in names if getattr(after, name) != getattr(before, name)}
