"""Whose e-mail address something is in Slack, remembered: also that it is nobody's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from app.db.insert import insert_into
from app.db.models import EMAILS

SOMEBODYS = timedelta(days=1)
NOBODYS = timedelta(hours=1)
"""How long an answer is believed. Whoever is new in the workspace is found an hour later."""


def recall(connection: Connection, team_id: str, emails: Iterable[str], now: datetime) -> dict[str, str | None]:
    """What is known of ``emails``: the id of a user, or None for nobody's. What has to be asked is left out."""
    by_hash = {_hash(team_id, email): email for email in emails}
    statement = select(EMAILS).where(EMAILS.c.team_id == team_id, EMAILS.c.email_hash.in_(by_hash))
    return {
        by_hash[row.email_hash]: row.user_id or None
        for row in connection.execute(statement)
        if now - row.asked_at <= (SOMEBODYS if row.user_id else NOBODYS)
    }


def remember(connection: Connection, team_id: str, email: str, user_id: str | None, now: datetime) -> None:
    """Slack was asked ``now``; ``user_id`` is None when the address is nobody's there."""
    found = {"user_id": user_id or "", "asked_at": now}
    statement = insert_into(connection.dialect.name, EMAILS).values(
        team_id=team_id, email_hash=_hash(team_id, email), **found
    )
    connection.execute(statement.on_conflict_do_update(index_elements=["team_id", "email_hash"], set_=found))


def _hash(team_id: str, email: str) -> str:
    """Of a team, so that two teams' rows cannot be compared; in one spelling, as Slack looks addresses up."""
    return hashlib.sha256(f"{team_id} {email.strip().lower()}".encode()).hexdigest()
