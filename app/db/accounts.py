"""Accounts of teams at providers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, Row, Select, bindparam, delete, or_, select, update

from app.db.models import CALLS
from app.db.types import UtcDateTime
from app.db.workspace_models import ACCOUNTS, CHANNELS, HOMES, PREFERENCES, WORKSPACES
from app.domain.workspaces import AccountKey

ACCOUNT_ID = re.compile(r"acc-[0-9a-f]{20}")
SECRETS_LAST = timedelta(days=1)
"""So long after it was removed an account's settings are kept for calls that will not end."""
ENDING_LASTS = timedelta(minutes=10)
"""So long after the end of a call they are kept for telling the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccount:
    """``settings`` are texts by the name of the field, some of them secret; None once they are gone."""

    id: str
    team_id: str
    enterprise_id: str | None
    provider: str
    name: str
    settings: Mapping[str, str] | None = field(repr=False)
    revision: int
    created_by: str
    created_at: datetime
    removed_at: datetime | None = None
    last_delivery_at: datetime | None = None

    @property
    def key(self) -> AccountKey:
        return AccountKey(self.provider, self.id)


_COLUMNS = tuple(ACCOUNTS.c[name] for name in StoredAccount.__dataclass_fields__)
_ACCOUNT = select(*_COLUMNS).where(ACCOUNTS.c.id == bindparam("account_id"))
_REVISION = select(ACCOUNTS.c.revision).where(ACCOUNTS.c.id == bindparam("account_id"))
_NOT_SINCE = bindparam("not_since", type_=UtcDateTime())
_NOTE_DELIVERY = (
    update(ACCOUNTS)
    .where(ACCOUNTS.c.id == bindparam("account_id"))
    .where(or_(ACCOUNTS.c.last_delivery_at.is_(None), ACCOUNTS.c.last_delivery_at < _NOT_SINCE))
    .values(last_delivery_at=bindparam("now", type_=UtcDateTime()))
)
_BEFORE = bindparam("before", type_=UtcDateTime())
_RECENTLY = bindparam("recently", type_=UtcDateTime())
_CALLS_THERE = (
    select(CALLS.c.id)
    .where(CALLS.c.provider == ACCOUNTS.c.provider, CALLS.c.account == ACCOUNTS.c.id)
    .correlate(ACCOUNTS)
)
_HAS_RUNNING = _CALLS_THERE.where(CALLS.c.ended_at.is_(None), CALLS.c.failure.is_(None)).exists()
# The provider may still have to be told that it is over.
_HAS_ENDED_JUST_NOW = _CALLS_THERE.where(
    CALLS.c.ended_at > _RECENTLY, CALLS.c.generation != CALLS.c.shown_generation
).exists()
_FORGET = update(ACCOUNTS).values(settings=None, revision=ACCOUNTS.c.revision + 1)
_FORGET_REMOVED = (
    _FORGET.where(ACCOUNTS.c.removed_at.is_not(None), ACCOUNTS.c.settings.is_not(None))
    .where(~_HAS_ENDED_JUST_NOW)
    .where(or_(~_HAS_RUNNING, ACCOUNTS.c.removed_at < _BEFORE))
)
_OF_TEAM = ACCOUNTS.c.team_id == bindparam("of_team")
_REMOVE_ALL = (
    update(ACCOUNTS)
    .where(_OF_TEAM, ACCOUNTS.c.removed_at.is_(None))
    .values(removed_at=bindparam("now", type_=UtcDateTime()))
)
_FORGET_ALL = _FORGET.where(_OF_TEAM, ACCOUNTS.c.settings.is_not(None), ~_HAS_ENDED_JUST_NOW)


_DROP_REMOVED = delete(ACCOUNTS).where(
    ACCOUNTS.c.id.in_(
        select(ACCOUNTS.c.id)
        .where(ACCOUNTS.c.removed_at < _BEFORE, ACCOUNTS.c.settings.is_(None))
        .order_by(ACCOUNTS.c.removed_at)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(skip_locked=True)
    )
)


def new_id() -> str:
    return f"acc-{secrets.token_hex(10)}"


def insert(connection: Connection, account: StoredAccount) -> None:
    values = {name: getattr(account, name) for name in StoredAccount.__dataclass_fields__}
    connection.execute(ACCOUNTS.insert(), values)


def find(connection: Connection, account_id: str) -> StoredAccount | None:
    """Any team's, also one that is removed."""
    return _one(connection.execute(_ACCOUNT, {"account_id": account_id}).one_or_none())


def revision_of(connection: Connection, account_id: str) -> int | None:
    """Whether it is as it was, without what is secret in it; None when there is no such account."""
    return connection.execute(_REVISION, {"account_id": account_id}).scalar_one_or_none()


def find_of_team(connection: Connection, team_id: str, account_id: str, *, lock: bool = False) -> StoredAccount | None:
    """The team's account, unless it is removed."""
    statement = _of_team(team_id).where(ACCOUNTS.c.id == account_id)
    row = connection.execute(statement.with_for_update() if lock else statement).one_or_none()
    return _one(row)


def list_of_team(connection: Connection, team_id: str) -> list[StoredAccount]:
    """Those that are not removed, oldest first."""
    statement = _of_team(team_id).order_by(ACCOUNTS.c.created_at, ACCOUNTS.c.id)
    return [_account(row) for row in connection.execute(statement)]


def list_all(connection: Connection) -> list[StoredAccount]:
    """Those of all teams that are not removed, oldest first."""
    statement = select(*_COLUMNS).where(ACCOUNTS.c.removed_at.is_(None))
    rows = connection.execute(statement.order_by(ACCOUNTS.c.team_id, ACCOUNTS.c.created_at, ACCOUNTS.c.id))
    return [_account(row) for row in rows]


def change(connection: Connection, account_id: str, *, name: str, settings: Mapping[str, str]) -> None:
    values = {"name": name, "settings": dict(settings), "revision": ACCOUNTS.c.revision + 1}
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(values))


def remove(connection: Connection, account_id: str, now: datetime) -> None:
    """New calls are held elsewhere from now on. The settings stay while calls at it go on."""
    values = {"removed_at": now, "revision": ACCOUNTS.c.revision + 1}
    connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(values))
    forget_removed(connection, now)


def forget_removed(connection: Connection, now: datetime) -> int:
    """Delete the settings of removed accounts that no call needs any more. Returns of how many."""
    given = {"before": now - SECRETS_LAST, "recently": now - ENDING_LASTS}
    return connection.execute(_FORGET_REMOVED, given).rowcount


def forget_team(connection: Connection, team_id: str, now: datetime) -> int:
    """Delete what the team has entered and chosen, secrets before all: the app was taken out of it. Returns of how many
    accounts.

    An account that a call has ended at just now keeps its settings for the minute in which the provider is told
    (``forget_removed``). Its calls, and who changed what, go with their time.
    """
    connection.execute(_REMOVE_ALL, {"of_team": team_id, "now": now})
    forgotten = connection.execute(_FORGET_ALL, {"of_team": team_id, "recently": now - ENDING_LASTS}).rowcount
    for table in (CHANNELS, HOMES, PREFERENCES, WORKSPACES):
        connection.execute(delete(table).where(table.c.team_id == team_id))
    return forgotten


def drop_removed(connection: Connection, before: datetime, most: int) -> int:
    """Drop what is left of accounts that were removed ``before`` then. Returns how many."""
    return connection.execute(_DROP_REMOVED, {"before": before, "most": most}).rowcount


def note_delivery(connection: Connection, account_id: str, now: datetime, *, not_since: datetime) -> None:
    """A genuine webhook has come; noted unless one was since then."""
    connection.execute(_NOTE_DELIVERY, {"account_id": account_id, "now": now, "not_since": not_since})


def _of_team(team_id: str) -> Select[*tuple[Any, ...]]:
    return select(*_COLUMNS).where(ACCOUNTS.c.team_id == team_id, ACCOUNTS.c.removed_at.is_(None))


def _one(row: Row[*tuple[Any, ...]] | None) -> StoredAccount | None:
    return _account(row) if row else None


def _account(row: Row[*tuple[Any, ...]]) -> StoredAccount:
    return StoredAccount(**row._mapping)
