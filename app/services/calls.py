"""What people wish for their calls."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app import logs
from app.clock import Clock
from app.db import calls, workspaces
from app.db.calls import NewCall, StoredCall
from app.db.session import Database
from app.domain.calls import LONGEST_TITLE, Fact
from app.domain.fold import end
from app.domain.permissions import Wish
from app.domain.titles import title_from
from app.errors import NoSuchCall, NothingRunning, TitleMissing, TitleTooLong
from app.services import Nudge
from app.services.accounts import Accounts
from app.services.callers import Actor, Caller, check
from app.slack import texts

CHOICES = 5
"""How often a call is chosen anew when the chosen one has just ended."""
log = logs.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A call that is wanted. ``title`` may be empty; ``channel_name`` is Slack's word for the conversation.
    ``request_key`` is the same when the same request comes twice (Slack's trigger_id); ``response_url`` is where the
    person can be answered later."""

    title: str
    request_key: str | None
    response_url: str | None
    channel_name: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """A call that will be there in a moment. ``others`` is how many more run in the channel."""

    title: str
    others: int


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

    def start(self, caller: Caller, wish: Start) -> Started:
        """Want a call; the reconciler makes it. One without a title gets that of the person's template, of the
        workspace's, or of its channel.

        Raises ``TitleTooLong``, ``MayNotStart``, ``OfAnotherTeam``, ``NoAccount``, ``NoDefaultAccount``.
        """
        with self._database.reading() as connection:
            settings = workspaces.load_settings(connection, caller.team_id)
            own = workspaces.load_preferences(connection, caller.team_id, caller.user_id)
        check(Wish.START, caller, settings)
        title = wish.title or self._title(wish.channel_name, [own.title_template, settings.title_template])
        _check(title)
        new = self._new_call(caller, wish, title)
        with self._database.transaction() as connection:
            inserted = calls.insert_call(connection, new)
            running = calls.running_calls(connection, caller.team_id, caller.channel_id)
        if inserted:
            log.info("call wanted", call_id=new.id, team_id=new.team_id, channel_id=new.channel_id, by=new.created_by)
        self._nudge()
        # The call of this request is among them, also when the request comes a second time.
        return Started(title, max(len(running) - 1, 0))

    def end(self, caller: Caller) -> Ended:
        """End the caller's newest call in the channel; else anybody's, if they may.

        Raises ``NothingRunning``, ``NotYours``, ``OfAnotherTeam``, ``CannotTell``.
        """
        now = self._clock.now()

        call = self._change(Wish.END, caller, lambda call: closed(call, now), now)
        return Ended(call.snapshot.title.value, for_everybody=self._ends_meetings(call))

    def rename(self, caller: Caller, title: str) -> str:
        """Give the caller's newest call in the channel another title; else anybody's, if they may. Returns the title.

        Raises ``NothingRunning``, ``NotYours``, ``OfAnotherTeam``, ``CannotTell``, ``TitleMissing``, ``TitleTooLong``.
        """
        if not title:
            raise TitleMissing
        _check(title)
        now = self._clock.now()

        def renamed(call: StoredCall) -> StoredCall:
            # Whoever types it sees the title of this moment, also one from a provider whose clock is ahead of ours.
            later = max(now, call.snapshot.title.at + timedelta(microseconds=1))
            return replace(call, snapshot=replace(call.snapshot, title=Fact(later, title)))

        return self._change(Wish.RENAME, caller, renamed, now).snapshot.title.value

    def end_call(self, actor: Actor, call_id: str) -> Ended:
        """End a call of the actor's team, wherever it is. Raises ``NoSuchCall``, ``NotYours``, ``OfAnotherTeam``,
        ``CannotTell``."""
        now = self._clock.now()
        self._check_call(Wish.END, actor, call_id)
        ended = self._change_chosen(call_id, lambda call: closed(call, now), now)
        if ended is None:
            raise NoSuchCall
        self._nudge()
        return Ended(ended.snapshot.title.value, for_everybody=self._ends_meetings(ended))

    def running(self, caller: Caller) -> list[StoredCall]:
        """The channel's calls that are not over, newest first. Raises ``OfAnotherTeam``."""
        with self._database.reading() as connection:
            settings = workspaces.load_settings(connection, caller.team_id)
            running = calls.running_calls(connection, caller.team_id, caller.channel_id)
        check(Wish.SEE, caller, settings)
        return running

    def now(self) -> datetime:
        """The moment that the ages of calls are told from."""
        return self._clock.now()

    def _title(self, channel_name: str, templates: Sequence[str]) -> str:
        channel, today = texts.channel_title(channel_name), self._clock.now().date()
        titles = (title_from(template, channel=channel, on=today) for template in templates)
        return next(filter(None, titles), None) or texts.default_title(channel_name)

    def _new_call(self, caller: Caller, wish: Start, title: str) -> NewCall:
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
            is_private=not texts.channel_title(wish.channel_name),
            join_token=secrets.token_urlsafe(24),
            title=title,
            at=now,
            deadline_at=None if limit is None else now + timedelta(seconds=limit),
        )

    def _ends_meetings(self, call: StoredCall) -> bool:
        known = self._accounts.find(call.provider, call.account_id)
        return known is not None and known.capabilities.ends_meetings

    def _change(
        self, wish: Wish, caller: Caller, change: Callable[[StoredCall], StoredCall], now: datetime
    ) -> StoredCall:
        # Slack may be asked who somebody is, so the choice is made before the transaction, and looked at again in it.
        for _ in range(CHOICES):
            if changed := self._change_chosen(self._choose(wish, caller).id, change, now):
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

    def _check_call(self, wish: Wish, actor: Actor, call_id: str) -> None:
        """That it runs, is the team's own, and that they may."""
        with self._database.reading() as connection:
            call = calls.find_call(connection, call_id)
            settings = workspaces.load_settings(connection, actor.team_id)
        if call is None or call.team_id != actor.team_id or call.snapshot.is_over:
            raise NoSuchCall
        check(wish, actor, settings, is_starter=call.snapshot.created_by == actor.user_id)

    def _choose(self, wish: Wish, caller: Caller) -> StoredCall:
        """Their own newest call in the channel, else anybody's newest, if they may."""
        with self._database.reading() as connection:
            running = calls.running_calls(connection, caller.team_id, caller.channel_id)
            settings = workspaces.load_settings(connection, caller.team_id)
        if not running:
            raise NothingRunning
        own = next((call for call in running if call.snapshot.created_by == caller.user_id), None)
        check(wish, caller, settings, is_starter=own is not None)
        return own or running[0]


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
