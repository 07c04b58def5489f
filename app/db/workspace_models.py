"""The tables of workspaces: their accounts at providers, what they have chosen, who changed what, and who looks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base, table_of
from app.db.types import Json, Private


class AccountRow(Base):
    """A team's account at a provider. Its settings are gone once it is removed and the last call there is over; the
    rest stays, so that its calls can still be told where they were held."""

    __tablename__ = "accounts"
    __table_args__ = (Index("ix_accounts_team", "team_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    team_id: Mapped[str] = mapped_column(String(40))
    enterprise_id: Mapped[str | None] = mapped_column(String(40))
    provider: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(Private)
    # As they would stand in the environment: the provider's model reads them each time.
    settings: Mapped[dict[str, str] | None] = mapped_column(Json[dict[str, str]](dict[str, str], is_private=True))
    # Goes up with each change, so that every process notices.
    revision: Mapped[int]
    created_by: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    # Not of each delivery: within a minute.
    last_delivery_at: Mapped[datetime | None]


class WorkspaceRow(Base):
    """What a team has chosen. A team without a row has chosen nothing yet."""

    __tablename__ = "workspaces"

    team_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    default_account: Mapped[str | None] = mapped_column(String(81))
    who_may_start: Mapped[str] = mapped_column(String(20))
    who_may_end: Mapped[str] = mapped_column(String(20))
    allows_guests: Mapped[bool | None]
    title_template: Mapped[str] = mapped_column(Private)


class ChannelRow(Base):
    """Where the calls of a channel are held, if not where the workspace's are."""

    __tablename__ = "channels"

    team_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    account: Mapped[str] = mapped_column(String(81))


class PreferencesRow(Base):
    """What somebody has chosen for the calls they start."""

    __tablename__ = "preferences"

    team_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title_template: Mapped[str] = mapped_column(Private)


class ChangeRow(Base):
    """Somebody has changed something, and when. Never a secret."""

    __tablename__ = "changes"
    __table_args__ = (Index("ix_changes_team", "team_id", "at"), Index("ix_changes_at", "at"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    team_id: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(40))
    # The account or the channel, where it is about one.
    about: Mapped[str | None] = mapped_column(String(81))
    details: Mapped[dict[str, str]] = mapped_column(Json[dict[str, str]](dict[str, str], is_private=True))


class HomeRow(Base):
    """Somebody has looked at the app's Home."""

    __tablename__ = "homes"
    __table_args__ = (Index("ix_homes_opened", "opened_at"),)

    team_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    enterprise_id: Mapped[str | None] = mapped_column(String(40))
    opened_at: Mapped[datetime]
    # Stands for how things were when it was published; empty when it must be published again.
    shows: Mapped[str | None] = mapped_column(String(80))
    publish_after: Mapped[datetime]
    # Its place in the lane, while it waits for that.
    place: Mapped[datetime | None]
    failures: Mapped[int]
    role: Mapped[str | None] = mapped_column(String(20))
    role_at: Mapped[datetime | None]


ACCOUNTS = table_of(AccountRow)
WORKSPACES = table_of(WorkspaceRow)
CHANNELS = table_of(ChannelRow)
PREFERENCES = table_of(PreferencesRow)
CHANGES = table_of(ChangeRow)
HOMES = table_of(HomeRow)
