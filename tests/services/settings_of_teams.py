"""Two teams with accounts of their own, and who is who in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.db.session import Database
from app.domain.permissions import Role
from app.errors import CannotTell
from app.providers.registry import load_providers
from app.services.account_settings import AccountService, AccountView
from app.services.accounts import SettingsAccounts, StoredAccounts
from app.services.callers import Actor, Caller
from app.services.calls import CallService
from app.services.changes import Changes
from app.services.workspaces import WorkspaceService
from tests.clocks import MovedClock

OURS, THEIRS = "T0LOCAL", "T0OTHER"
LIVEKIT = {"url": "wss://livekit.example.com", "api_key": "key", "api_secret": "swordfish" * 4}
SHARED = {"LINK_TEMPLATE": "https://meet.example.com/{slug}"}
PUBLIC_URL = "https://calls.example.com"


def actor(
    role: Role = Role.ADMIN, team_id: str = OURS, user_id: str = "U0ADA", home_team_id: str | None = None
) -> Actor:
    return Actor(team_id=team_id, enterprise_id=None, user_id=user_id, role=lambda: role, home_team_id=home_team_id)


def caller(
    role: Callable[[], Role] = lambda: Role.MEMBER,
    *,
    team_id: str = OURS,
    user_id: str = "U0GRACE",
    channel_id: str = "C0GENERAL",
    home_team_id: str | None = None,
) -> Caller:
    return Caller(
        team_id=team_id,
        enterprise_id=None,
        user_id=user_id,
        role=role,
        channel_id=channel_id,
        home_team_id=home_team_id,
    )


def nobody_answers() -> Role:
    """Slack, when it must not be asked, or does not answer."""
    raise CannotTell


ADA = actor()
GRACE = actor(Role.MEMBER, user_id="U0GRACE")
EVE = actor(Role.ADMIN, THEIRS, "U0EVE")
"""An admin of the other team."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """All services of one process, on one database."""

    clock: MovedClock
    stored: StoredAccounts
    accounts: AccountService
    workspaces: WorkspaceService
    calls: CallService

    def livekit(self, who: Actor = ADA, name: str = "Berlin", **changes: str) -> AccountView:
        return self.accounts.add(who, "livekit", name, {**LIVEKIT, **changes})


def services_on(
    database: Database,
    clock: MovedClock,
    *,
    shared: dict[str, str] | None = None,
    default: str = "",
    allow_private_addresses: bool = False,
    signs_in: bool = True,
) -> Services:
    of_settings = SettingsAccounts(load_providers(shared or {}, clock, public_url=PUBLIC_URL), default)
    stored = StoredAccounts(
        database, clock, of_settings, public_url=PUBLIC_URL, allow_private_addresses=allow_private_addresses
    )
    changes = Changes(database, clock, lambda: None)
    return Services(
        clock=clock,
        stored=stored,
        accounts=AccountService(database, clock, stored, changes),
        workspaces=WorkspaceService(database, stored, changes, allow_guests=True, signs_in=signs_in),
        calls=CallService(database, clock, stored, lambda: None),
    )
