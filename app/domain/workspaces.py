"""What a workspace has chosen for all, and what somebody in it has chosen for themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Starters(StrEnum):
    """Who may start calls."""

    EVERYBODY = "everybody"
    MEMBERS = "members"
    """Everybody but the workspace's guests."""
    ADMINS = "admins"


class Enders(StrEnum):
    """Who may end and rename a call; admins always may."""

    STARTER = "starter"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class AccountKey:
    """Which account at which provider. As a text, ``zoom/acc-…``, it stands in forms and in the database."""

    provider: str
    account_id: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.account_id}"

    @classmethod
    def read(cls, text: str) -> AccountKey | None:
        """None for what names no account."""
        provider, _, account_id = text.partition("/")
        return cls(provider, account_id) if provider and account_id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceSettings:
    """``allows_guests`` is about the join page; None is whatever the app's own settings say.
    ``title_template`` is for calls without a title; ``""`` where there is none (``titles``)."""

    default_account: AccountKey | None = None
    who_may_start: Starters = Starters.EVERYBODY
    who_may_end: Enders = Enders.STARTER
    allows_guests: bool | None = None
    title_template: str = ""


def settled(settings: WorkspaceSettings, *, allow_guests: bool) -> WorkspaceSettings:
    """With what the app's own settings say of guests, where the workspace has not chosen."""
    return settings if settings.allows_guests is not None else replace(settings, allows_guests=allow_guests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What somebody has chosen for the calls they start. ``title_template`` comes before the workspace's."""

    title_template: str = ""
