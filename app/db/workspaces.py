"""What teams and the people in them have chosen, and who changed what."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Integer, bindparam, delete, select, update

from app.db.insert import insert_into
from app.db.types import UtcDateTime
from app.db.workspace_models import CHANGES, CHANNELS, PREFERENCES, WORKSPACES
from app.domain.workspaces import AccountKey, Enders, Preferences, Starters, WorkspaceSettings

_SETTINGS = select(WORKSPACES).where(WORKSPACES.c.team_id == bindparam("team_id"))
_CHANNEL = select(CHANNELS.c.account).where(
    CHANNELS.c.team_id == bindparam("team_id"), CHANNELS.c.channel_id == bindparam("channel_id")
)
_PREFERENCES = select(PREFERENCES.c.title_template).where(
    PREFERENCES.c.team_id == bindparam("team_id"), PREFERENCES.c.user_id == bindparam("user_id")
)
_DROP_CHANGES = delete(CHANGES).where(
    CHANGES.c.id.in_(
        select(CHANGES.c.id)
        .where(CHANGES.c.at < bindparam("before", type_=UtcDateTime()))
        .order_by(CHANGES.c.at)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(skip_locked=True)
    )
)


class What(StrEnum):
    """What somebody has changed."""

    ACCOUNT_ADDED = "account added"
    ACCOUNT_CHANGED = "account changed"
    ACCOUNT_REMOVED = "account removed"
    SETTINGS_CHANGED = "settings changed"
    CHANNEL_CHANGED = "channel changed"
    PREFERENCES_CHANGED = "own preferences changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """``about`` is the id of an account or a channel. ``details`` are names of settings and their new values; in the
    place of a secret stands that it was changed."""

    team_id: str
    user_id: str
    at: datetime
    what: What
    about: str | None
    details: Mapping[str, str]


def load_settings(connection: Connection, team_id: str, *, lock: bool = False) -> WorkspaceSettings:
    statement = _SETTINGS.with_for_update() if lock else _SETTINGS
    row = connection.execute(statement, {"team_id": team_id}).one_or_none()
    if row is None:
        return WorkspaceSettings()
    return WorkspaceSettings(
        default_account=AccountKey.read(row.default_account or ""),
        who_may_start=Starters(row.who_may_start),
        who_may_end=Enders(row.who_may_end),
        allows_guests=row.allows_guests,
        title_template=row.title_template,
    )


def save_settings(connection: Connection, team_id: str, settings: WorkspaceSettings) -> None:
    values = {
        "default_account": str(settings.default_account) if settings.default_account else None,
        "who_may_start": settings.who_may_start,
        "who_may_end": settings.who_may_end,
        "allows_guests": settings.allows_guests,
        "title_template": settings.title_template,
    }
    statement = insert_into(connection.dialect.name, WORKSPACES).values(team_id=team_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["team_id"], set_=values))


def channel_account(connection: Connection, team_id: str, channel_id: str) -> AccountKey | None:
    """Where the channel's calls are held; None where the workspace's are."""
    found = connection.execute(_CHANNEL, {"team_id": team_id, "channel_id": channel_id}).scalar_one_or_none()
    return AccountKey.read(found or "")


def channel_accounts(connection: Connection, team_id: str) -> Mapping[str, AccountKey]:
    """The channels whose calls are held at an account of their own, by id."""
    columns = (CHANNELS.c.channel_id, CHANNELS.c.account)
    rows = connection.execute(select(*columns).where(CHANNELS.c.team_id == team_id).order_by(CHANNELS.c.channel_id))
    read = {row.channel_id: AccountKey.read(row.account) for row in rows}
    return {channel_id: key for channel_id, key in read.items() if key}


def save_channel_account(connection: Connection, team_id: str, channel_id: str, key: AccountKey | None) -> None:
    if key is None:
        of_channel = (CHANNELS.c.team_id == team_id, CHANNELS.c.channel_id == channel_id)
        connection.execute(delete(CHANNELS).where(*of_channel))
        return
    statement = insert_into(connection.dialect.name, CHANNELS).values(
        team_id=team_id, channel_id=channel_id, account=str(key)
    )
    connection.execute(
        statement.on_conflict_do_update(index_elements=["team_id", "channel_id"], set_={"account": str(key)})
    )


def drop_account(connection: Connection, team_id: str, key: AccountKey) -> None:
    """No channel's, and no workspace's, any more."""
    connection.execute(delete(CHANNELS).where(CHANNELS.c.team_id == team_id, CHANNELS.c.account == str(key)))
    is_default = (WORKSPACES.c.team_id == team_id, WORKSPACES.c.default_account == str(key))
    connection.execute(update(WORKSPACES).where(*is_default).values(default_account=None))


def load_preferences(connection: Connection, team_id: str, user_id: str) -> Preferences:
    found = connection.execute(_PREFERENCES, {"team_id": team_id, "user_id": user_id}).scalar_one_or_none()
    return Preferences(title_template=found or "")


def save_preferences(connection: Connection, team_id: str, user_id: str, preferences: Preferences) -> None:
    values = {"title_template": preferences.title_template}
    statement = insert_into(connection.dialect.name, PREFERENCES).values(team_id=team_id, user_id=user_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["team_id", "user_id"], set_=values))


def record(connection: Connection, change: Change) -> None:
    values = {
        "id": f"chg-{secrets.token_hex(10)}",
        "team_id": change.team_id,
        "user_id": change.user_id,
        "at": change.at,
        "what": change.what,
        "about": change.about,
        "details": dict(change.details),
    }
    connection.execute(CHANGES.insert(), values)


def drop_changes(connection: Connection, before: datetime, most: int) -> int:
    """Drop what was noted ``before`` then. Returns how many."""
    return connection.execute(_DROP_CHANGES, {"before": before, "most": most}).rowcount


def list_changes(connection: Connection, team_id: str, *, most: int) -> list[Change]:
    """The team's, newest first."""
    statement = select(CHANGES).where(CHANGES.c.team_id == team_id).order_by(CHANGES.c.at.desc(), CHANGES.c.id)
    return [
        Change(
            team_id=row.team_id,
            user_id=row.user_id,
            at=row.at,
            what=What(row.what),
            about=row.about,
            details=row.details,
        )
        for row in connection.execute(statement.limit(most))
    ]
