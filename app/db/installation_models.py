"""The tables of installations: where our app is installed, with which tokens, and who is just installing it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base, table_of
from app.db.types import Private

EVERYWHERE = ""
"""The team of an installation that is for all workspaces of an organisation."""
NO_ENTERPRISE = ""


class InstallationRow(Base):
    """Our app in one workspace, or in a whole organisation. The tokens are gone as soon as it is removed; the rest
    stays, so that a late word about it is known to be old."""

    __tablename__ = "installations"

    team_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    enterprise_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    team_name: Mapped[str | None] = mapped_column(Private)
    enterprise_name: Mapped[str | None] = mapped_column(Private)
    app_id: Mapped[str | None] = mapped_column(String(40))
    installed_by: Mapped[str] = mapped_column(String(40))
    installed_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    # Slack's word: the event, or the code that it refuses the token with.
    removed_why: Mapped[str | None] = mapped_column(String(100))

    bot_id: Mapped[str | None] = mapped_column(String(40))
    bot_user_id: Mapped[str | None] = mapped_column(String(40))
    # Separated by commas.
    bot_scopes: Mapped[str]
    bot_token: Mapped[str | None] = mapped_column(Private)
    # The next three are empty for tokens that last.
    bot_refresh_token: Mapped[str | None] = mapped_column(Private)
    bot_token_expires_at: Mapped[datetime | None]
    refresh_after: Mapped[datetime | None]
    refresh_failures: Mapped[int] = mapped_column(default=0)
    # Whoever exchanges the tokens just now. A refresh token is good for one exchange.
    lease_token: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]


class OAuthStateRow(Base):
    """An installation that somebody has begun. Hashes: whoever reads them here can finish nothing."""

    __tablename__ = "oauth_states"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


INSTALLATIONS = table_of(InstallationRow)
OAUTH_STATES = table_of(OAuthStateRow)
