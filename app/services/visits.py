"""Somebody at the join page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.db import calls
from app.db.calls import StoredCall
from app.db.session import Database
from app.domain.meetings import Visitor
from app.providers.base import Provider

# What ``secrets.token_urlsafe`` makes; anything else need not trouble the database.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")


class Door(StrEnum):
    """What a visitor finds."""

    OPEN = "open"
    STARTING = "starting"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Visit:
    """A call as somebody with its join token may see it."""

    title: str
    door: Door


class VisitService:
    """Lets people in by their own names."""

    def __init__(self, database: Database, providers: Mapping[str, Provider]) -> None:
        self._database = database
        self._providers = providers

    def find(self, join_token: str) -> Visit | None:
        """The call of this token; None when there is none."""
        call = self._call(join_token)
        if call is None:
            return None
        door = Door.OVER if call.snapshot.is_over else Door.OPEN if call.snapshot.meeting else Door.STARTING
        return Visit(call.snapshot.title.value, door)

    def link(self, join_token: str, visitor: Visitor) -> str | None:
        """The visitor's own link into the meeting; None when there is nothing to join. Raises ``RequestFailed``."""
        call = self._call(join_token)
        if call is None or call.snapshot.is_over or call.snapshot.meeting is None:
            return None
        provider = self._providers.get(call.provider)
        if provider is None or not provider.capabilities.personal_links:
            return call.snapshot.join_url
        return provider.personal_link(call.snapshot.meeting, visitor).url

    def _call(self, join_token: str) -> StoredCall | None:
        if not _TOKEN.fullmatch(join_token):
            return None
        with self._database.reading() as connection:
            return calls.find_by_join_token(connection, join_token)
