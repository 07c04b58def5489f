"""Where our app is installed, and with which tokens.

A refresh token is good for one exchange, so whoever exchanges it takes a lease on the row first: no transaction is open
while Slack is asked. The tokens of before stay in the row until the new ones are stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, Update, and_, delete, or_, select, update

from app.db.insert import insert_into
from app.db.installation_models import EVERYWHERE, INSTALLATIONS, NO_ENTERPRISE
from app.db.work import retry_delay

LEASE = timedelta(seconds=15)
"""For one exchange. Who dies in it leaves the old refresh token, which Slack takes for a short while longer."""
EARLY = timedelta(minutes=120)
"""So long before its end a token is exchanged, as Slack's own SDK does: time enough for Slack to come back."""


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace, or with ``EVERYWHERE`` as its team all workspaces of an organisation."""

    team_id: str
    enterprise_id: str = NO_ENTERPRISE

    @classmethod
    def of(cls, team_id: str | None, enterprise_id: str | None) -> Place:
        return cls(team_id or EVERYWHERE, enterprise_id or NO_ENTERPRISE)

    @property
    def is_everywhere(self) -> bool:
        return self.team_id == EVERYWHERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """``refresh`` and ``expire_at`` are None for a token that lasts."""

    bot: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expire_at: datetime | None = None

    def are_dead(self, now: datetime) -> bool:
        return self.expire_at is not None and self.expire_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInstallation:
    """``installed_by`` is a user's id. ``tokens`` is None where only the bot was deleted. An exchange of
    them that has failed is not tried again before ``exchange_after``."""

    place: Place
    installed_by: str
    installed_at: datetime
    tokens: Tokens | None
    team_name: str | None = None
    enterprise_name: str | None = None
    app_id: str | None = None
    bot_id: str | None = None
    bot_user_id: str | None = None
    bot_scopes: tuple[str, ...] = ()
    exchange_after: datetime | None = None

    def is_to_be_exchanged(self, now: datetime) -> bool:
        """Whether it is time for that, and not too early after it has failed."""
        if self.tokens is None or self.tokens.refresh is None or self.tokens.expire_at is None:
            return False
        return self.tokens.expire_at - EARLY <= now and (self.exchange_after is None or self.exchange_after <= now)


_NO_TOKENS: dict[str, Any] = {
    "bot_token": None,
    "bot_refresh_token": None,
    "bot_token_expires_at": None,
    "refresh_after": None,
    "refresh_failures": 0,
    "lease_token": None,
    "lease_until": None,
}
_AS_THEY_ARE = {each.name for each in fields(StoredInstallation)} - {"place", "tokens", "bot_scopes", "exchange_after"}
_STANDING = select(INSTALLATIONS).where(INSTALLATIONS.c.removed_at.is_(None))


def save(connection: Connection, installation: StoredInstallation) -> None:
    """Store a new installation, or one that replaces an older one in the same place. The newest counts."""
    given = asdict(installation)
    values = _NO_TOKENS | {name: given[name] for name in _AS_THEY_ARE} | _tokens(installation.tokens)
    values |= {"bot_scopes": ",".join(installation.bot_scopes), "removed_at": None, "removed_why": None}
    statement = insert_into(connection.dialect.name, INSTALLATIONS).values(values | asdict(installation.place))
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["team_id", "enterprise_id"],
            set_=values,
            where=INSTALLATIONS.c.installed_at <= installation.installed_at,
        )
    )


def find(connection: Connection, place: Place) -> StoredInstallation | None:
    """The installation in exactly this place."""
    return _one(connection, _STANDING.where(_is(place)))


def find_for(connection: Connection, team_id: str, enterprise_id: str | None) -> StoredInstallation | None:
    """The installation whose bot works in this team: its own, or else its organisation's. A team is the same one after
    it has joined an organisation."""
    return _one(connection, _works_in(team_id, enterprise_id))


def is_in(connection: Connection, team_id: str, enterprise_id: str | None) -> bool:
    """Whether there is one; reads no token."""
    statement = _works_in(team_id, enterprise_id).with_only_columns(INSTALLATIONS.c.team_id)
    return connection.execute(statement).first() is not None


def _works_in(team_id: str, enterprise_id: str | None) -> Select[Any]:
    own = and_(INSTALLATIONS.c.team_id == team_id, INSTALLATIONS.c.team_id != EVERYWHERE)
    everywhere = and_(INSTALLATIONS.c.team_id == EVERYWHERE, INSTALLATIONS.c.enterprise_id == enterprise_id)
    return (
        _STANDING.where(INSTALLATIONS.c.bot_token.is_not(None))
        .where(or_(own, everywhere) if enterprise_id else own)
        .order_by(INSTALLATIONS.c.team_id.desc(), INSTALLATIONS.c.installed_at.desc())
        .limit(1)
    )


def teams_of_their_own(connection: Connection, enterprise_id: str) -> list[str]:
    """The teams of an organisation that have installed the app for themselves."""
    own = _STANDING.where(INSTALLATIONS.c.enterprise_id == enterprise_id, INSTALLATIONS.c.team_id != EVERYWHERE)
    return list(connection.execute(own.with_only_columns(INSTALLATIONS.c.team_id)).scalars())


def find_due(connection: Connection, now: datetime, most: int) -> list[Place]:
    """Where tokens are to be exchanged, the most urgent first."""
    due = _STANDING.where(*_may_be_exchanged(now)).order_by(INSTALLATIONS.c.bot_token_expires_at).limit(most)
    places = due.with_only_columns(INSTALLATIONS.c.team_id, INSTALLATIONS.c.enterprise_id)
    return [Place(row.team_id, row.enterprise_id) for row in connection.execute(places)]


def forget_bot(connection: Connection, place: Place) -> None:
    """Forget the bot's tokens, and nothing else."""
    connection.execute(_update(place).values(_NO_TOKENS))


def remove(connection: Connection, place: Place, now: datetime, why: str, *, installed_at: datetime) -> bool:
    """What was installed there at that time is no longer: its tokens are deleted. Returns whether it was there."""
    removed = _update(place).where(INSTALLATIONS.c.installed_at == installed_at)
    values = _NO_TOKENS | {"removed_at": now, "removed_why": why}
    return connection.execute(removed.values(values)).rowcount == 1


def drop_removed(connection: Connection, before: datetime, most: int) -> int:
    """Drop installations that were removed ``before`` then. Returns how many."""
    old = (
        select(INSTALLATIONS.c.team_id, INSTALLATIONS.c.enterprise_id)
        .where(INSTALLATIONS.c.removed_at < before)
        .limit(most)
    )
    rows = connection.execute(old).all()
    for row in rows:
        place = Place(row.team_id, row.enterprise_id)
        connection.execute(delete(INSTALLATIONS).where(_is(place), INSTALLATIONS.c.removed_at < before))
    return len(rows)


# --- The exchange of tokens ------------------------------------------------------------------------------------


def claim_exchange(connection: Connection, place: Place, now: datetime, lease_token: str) -> StoredInstallation | None:
    """Take the exchange of the tokens of a place; None when it is not due, not to be tried yet, or somebody has it."""
    lease = {"lease_token": lease_token, "lease_until": now + LEASE}
    claimed = connection.execute(_update(place).where(*_may_be_exchanged(now)).values(lease)).rowcount == 1
    return find(connection, place) if claimed else None


def save_exchanged(connection: Connection, place: Place, lease_token: str, tokens: Tokens) -> bool:
    """Store new tokens, unless somebody else has the exchange by now, or the app was installed anew or removed."""
    return _give_back(connection, place, lease_token, _tokens(tokens))


def postpone_exchange(connection: Connection, place: Place, lease_token: str, now: datetime, seconds: float) -> bool:
    """The exchange has failed; it is tried again after so long, and longer each time. Returns whether it was still the
    caller's."""
    row = connection.execute(select(INSTALLATIONS.c.refresh_failures).where(_is(place))).one_or_none()
    failures = (row.refresh_failures if row else 0) + 1
    delay = max(timedelta(seconds=seconds), retry_delay(failures))
    values = {"refresh_after": now + delay, "refresh_failures": failures}
    return _give_back(connection, place, lease_token, values)


def rest(connection: Connection, place: Place, until: datetime) -> None:
    """Nobody tries to exchange these tokens before."""
    connection.execute(_update(place).values(refresh_after=until))


def wear_out(connection: Connection, place: Place, bot_token: str, now: datetime) -> None:
    """Slack refuses this token before its time: it is exchanged at once, if it is still the one that is used."""
    # Locked: others may just be storing its successor, which is not worn out.
    stored = _one(connection, _STANDING.where(_is(place)).with_for_update())
    if stored is not None and stored.tokens is not None and stored.tokens.bot == bot_token and stored.tokens.refresh:
        connection.execute(_update(place).values(bot_token_expires_at=now))


def _give_back(connection: Connection, place: Place, lease_token: str, values: dict[str, Any]) -> bool:
    own = _update(place).where(INSTALLATIONS.c.lease_token == lease_token)
    ended = {"lease_token": None, "lease_until": None}
    return connection.execute(own.values(values | ended)).rowcount == 1


def _may_be_exchanged(now: datetime) -> Sequence[Any]:
    columns = INSTALLATIONS.c
    return (
        columns.bot_refresh_token.is_not(None),
        columns.bot_token_expires_at <= now + EARLY,
        or_(columns.refresh_after.is_(None), columns.refresh_after <= now),
        or_(columns.lease_until.is_(None), columns.lease_until <= now),
    )


def _tokens(tokens: Tokens | None) -> dict[str, Any]:
    if tokens is None:
        return _NO_TOKENS
    return {
        "bot_token": tokens.bot,
        "bot_refresh_token": tokens.refresh,
        "bot_token_expires_at": tokens.expire_at,
        "refresh_after": None,
        "refresh_failures": 0,
    }


def _is(place: Place) -> Any:
    return and_(INSTALLATIONS.c.team_id == place.team_id, INSTALLATIONS.c.enterprise_id == place.enterprise_id)


def _update(place: Place) -> Update:
    return update(INSTALLATIONS).where(_is(place), INSTALLATIONS.c.removed_at.is_(None))


def _one(connection: Connection, statement: Select[*tuple[Any, ...]]) -> StoredInstallation | None:
    row = connection.execute(statement).one_or_none()
    return _stored(row) if row else None


def _stored(row: Row[*tuple[Any, ...]]) -> StoredInstallation:
    tokens = None
    if row.bot_token is not None:
        tokens = Tokens(bot=row.bot_token, refresh=row.bot_refresh_token, expire_at=row.bot_token_expires_at)
    return StoredInstallation(
        place=Place(row.team_id, row.enterprise_id),
        tokens=tokens,
        bot_scopes=tuple(filter(None, row.bot_scopes.split(","))),
        exchange_after=row.refresh_after,
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
    )
