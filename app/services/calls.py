"""What people wish for their calls."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app import logs
from app.clock import Clock
from app.db import calls
from app.db.calls import NewCall, StoredCall
from app.db.session import Database
from app.domain.calls import LONGEST_TITLE, Fact
from app.domain.fold import end
from app.errors import NothingRunning, NotYours, TitleMissing, TitleTooLong
from app.services import Nudge
from app.services.accounts import Accounts

CHOICES = 5
"""How often a call is chosen anew when the chosen one has just ended."""
log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The person who wishes, and where: ids of Slack. ``is_admin`` asks Slack, and only when it matters."""

    team_id: str
    enterprise_id: str | None
    channel_id: str
    user_id: str
    is_admin: Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A call that is wanted. ``request_key`` is the same when the same request comes twice (Slack's trigger_id);
    ``response_url`` is where the person can be answered later."""

    title: str
    request_key: str | None
    response_url: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that was ended. ``for_everybody`` is False where the provider cannot put people out."""

    title: str
    for_everybody: bool


class CallService:
    """Start, end, rename and list calls."""

    def __init__(self, database: Database, clock: Clock, accounts: Accounts, nudge: Nudge) -> None:
        self._database = database
        self._accounts = accounts
        self._clock = clock
        self._nudge = nudge

    def start(self, caller: Caller, wish: Start) -> int:
        """Want a call; the reconciler makes it. Returns how many others run in the channel. Raises ``TitleTooLong``."""
        _check(wish.title)
        new = self._new_call(caller, wish)
        with self._database.transaction() as connection:
            inserted = calls.insert_call(connection, new)
            running = calls.running_calls(connection, caller.team_id, caller.channel_id)
        if inserted:
            log.info("call wanted", call_id=new.id, team_id=new.team_id, channel_id=new.channel_id, by=new.created_by)
        self._nudge()
        # The call of this request is among them, also when the request comes a second time.
        return max(len(running) - 1, 0)

    def end(self, caller: Caller) -> Ended:
        """End the caller's newest call in the channel, or as an admin anybody's.

        Raises ``NothingRunning``, ``NotYours``.
        """
        now = self._clock.now()

        call = self._change(caller, lambda call: closed(call, now), now)
        return Ended(call.snapshot.title.value, for_everybody=self._ends_meetings(call))

    def rename(self, caller: Caller, title: str) -> str:
        """Give the caller's newest call in the channel another title, or as an admin anybody's. Returns the title.

        Raises ``NothingRunning``, ``NotYours``, ``TitleMissing``, ``TitleTooLong``.
        """
        if not title:
            raise TitleMissing
        _check(title)
        now = self._clock.now()

        def renamed(call: StoredCall) -> StoredCall:
            # Whoever types it sees the title of this moment, also one from a provider whose clock is ahead of ours.
            later = max(now, call.snapshot.title.at + timedelta(microseconds=1))
            return replace(call, snapshot=replace(call.snapshot, title=Fact(later, title)))

        return self._change(caller, renamed, now).snapshot.title.value

    def running(self, team_id: str, channel_id: str) -> list[StoredCall]:
        """The channel's calls that are not over, newest first."""
        with self._database.reading() as connection:
            return calls.running_calls(connection, team_id, channel_id)

    def now(self) -> datetime:
        """The moment that the ages of calls are told from."""
        return self._clock.now()

    def _new_call(self, caller: Caller, wish: Start) -> NewCall:
        now = self._clock.now()
        provider = self._accounts.choose(caller.team_id, caller.enterprise_id, caller.channel_id)
        limit = provider.limit_seconds
        return NewCall(
            id=f"call-{secrets.token_hex(10)}",
            team_id=caller.team_id,
            enterprise_id=caller.enterprise_id,
            channel_id=caller.channel_id,
            created_by=caller.user_id,
            request_key=wish.request_key,
            response_url=wish.response_url,
            provider=provider.name,
            account_id=provider.account_id,
            join_token=secrets.token_urlsafe(24),
            title=wish.title,
            at=now,
            deadline_at=None if limit is None else now + timedelta(seconds=limit),
        )

    def _ends_meetings(self, call: StoredCall) -> bool:
        known = self._accounts.find(call.provider, call.account_id)
        return known is not None and known.capabilities.ends_meetings

    def _change(self, caller: Caller, change: Callable[[StoredCall], StoredCall], now: datetime) -> StoredCall:
        # Slack may be asked who is an admin, so the choice is made before the transaction, and looked at again in it.
        for _ in range(CHOICES):
            if changed := self._change_chosen(self._choose(caller).id, change, now):
                self._nudge()
                return changed
        raise NothingRunning

    def _change_chosen(
        self, call_id: str, change: Callable[[StoredCall], StoredCall], now: datetime
    ) -> StoredCall | None:
        """The changed call; None when it has ended since it was chosen."""
        with self._database.transaction() as connection:
            call = calls.lock_call(connection, call_id)
            if call is None or call.snapshot.is_over:
                return None
            changed = change(call)
            calls.save_known(connection, call.snapshot, changed.snapshot, reconcile_after=now)
            return changed

    def _choose(self, caller: Caller) -> StoredCall:
        running = self.running(caller.team_id, caller.channel_id)
        if not running:
            raise NothingRunning
        for call in running:
            if call.snapshot.created_by == caller.user_id:
                return call
        if not caller.is_admin():
            raise NotYours
        return running[0]


def closed(call: StoredCall, now: datetime) -> StoredCall:
    """The call as it is once somebody has ended it."""
    return replace(call, snapshot=replace(end(call.snapshot, now), is_closed=True))


def end_overdue(connection: Connection, call: StoredCall, at: datetime) -> None:
    """End a call whose provider cannot tell that it is over, at the moment that was its limit."""
    calls.save_known(connection, call.snapshot, end(call.snapshot, at))
    log.info("call ended at its limit", call_id=call.id, team_id=call.team_id)


def _check(title: str) -> None:
    if len(title) > LONGEST_TITLE:
        raise TitleTooLong
