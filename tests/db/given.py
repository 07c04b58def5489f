"""Calls, deliveries and what workspaces have entered, as tests find them in the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, select, true, update

from app.db import accounts, calls, installations, work
from app.db.accounts import StoredAccount
from app.db.calls import Learned, NewCall, StoredCall
from app.db.deliveries import Delivery
from app.db.installations import Place, StoredInstallation, Tokens
from app.db.models import CALLS
from app.db.session import Database
from app.db.work import SET_ASIDE_AFTER, Lease
from app.domain.calls import CallSnapshot, CallStatus
from app.domain.meetings import Meeting
from tests.clocks import START

T = TypeVar("T")
LEASE_SECONDS = 15.0
ACCOUNT = "default"
ADDED = "acc-0123456789abcdef0123"
"""An account that a workspace has added."""


def new_call(call_id: str = "call-1", *, at: datetime = START, **changes: Any) -> NewCall:
    call = NewCall(
        id=call_id,
        team_id="T1",
        enterprise_id=None,
        channel_id="C1",
        created_by="U1",
        request_key=None,
        response_url=None,
        provider="vendor",
        account_id=ACCOUNT,
        join_token=f"join-{call_id}",
        title="Weekly sync",
        at=at,
        deadline_at=None,
    )
    return replace(call, **changes)


def given_call(database: Database, call_id: str = "call-1", *, meeting_id: str | None = None, **changes: Any) -> str:
    """A call that is wanted; with ``meeting_id`` its meeting is known."""
    with database.transaction() as connection:
        assert calls.insert_call(connection, new_call(call_id, **changes))
        if meeting_id:
            learn(connection, call_id, meeting=Meeting(id=meeting_id))
    return call_id


def set_aside(database: Database, *call_ids: str) -> None:
    """As calls are that have failed again and again; all of them, when none is named."""
    which = CALLS.c.id.in_(call_ids) if call_ids else true()
    with database.transaction() as connection:
        connection.execute(update(CALLS).where(which).values(failures=SET_ASIDE_AFTER))


def learn(
    connection: Connection,
    call_id: str,
    *,
    reconcile_after: datetime | None = None,
    at_latest: datetime | None = None,
    **news: Any,
) -> None:
    """What a webhook or a wish does to the call."""
    call = calls.lock_call(connection, call_id)
    assert call is not None
    known = replace(call.snapshot, **news)
    learned = Learned(before=call.snapshot, known=known, reconcile_after=reconcile_after, at_latest=at_latest)
    calls.save_all_known(connection, [learned])


def told(database: Database, call_id: str = "call-1", **news: Any) -> None:
    with database.transaction() as connection:
        learn(connection, call_id, **news)


def found(database: Database, call_id: str = "call-1") -> StoredCall:
    with database.reading() as connection:
        call = calls.find_call(connection, call_id)
        assert call is not None
        return calls.load_participants(connection, call)


def known(database: Database, call_id: str = "call-1") -> CallSnapshot:
    return found(database, call_id).snapshot


def stored_row(database: Database, call_id: str = "call-1") -> dict[str, Any]:
    with database.reading() as connection:
        return dict(connection.execute(select(CALLS).where(CALLS.c.id == call_id)).one()._mapping)


def claimed(database: Database, now: datetime = START) -> Lease | None:
    with database.transaction() as connection:
        return work.claim(connection, now, LEASE_SECONDS)


def lease_on(database: Database, call_id: str = "call-1", now: datetime = START) -> Lease:
    lease = claimed(database, now)
    assert lease is not None
    assert lease.call_id == call_id
    return lease


def finished(database: Database, lease: Lease) -> None:
    """All that is known now has been shown."""
    generation = found(database, lease.call_id).generation
    with database.transaction() as connection:
        work.finish(connection, lease, generation=generation, status=CallStatus.LIVE)


def next_due(database: Database, now: datetime = START) -> datetime | None:
    with database.reading() as connection:
        return work.next_due(connection, now)


def delivery(dedupe_key: str = "d-1", *, meeting_id: str | None = "m-1", **changes: Any) -> Delivery:
    told_once = Delivery(
        provider="vendor",
        account_id=ACCOUNT,
        dedupe_key=dedupe_key,
        meeting_id=meeting_id,
        received_at=START,
        headers={"content-type": "application/json"},
        body=b'{"event": "\xe2\x82\xac"}',
    )
    return replace(told_once, **changes)


def given_account(database: Database, account_id: str = ADDED, team_id: str = "T1", **changes: Any) -> StoredAccount:
    added = StoredAccount(
        id=account_id,
        team_id=team_id,
        enterprise_id=None,
        provider="livekit",
        name="The Berlin server",
        settings={"api_secret": "swordfish"},
        revision=1,
        created_by="U1",
        created_at=START,
    )
    account = replace(added, **changes)
    with database.transaction() as connection:
        accounts.insert(connection, account)
    return account


def given_installation(database: Database, team_id: str = "T1", token: str = "xoxb-1", *, at: datetime = START) -> None:
    """The app is there, with a token that lasts."""
    installation = StoredInstallation(
        place=Place(team_id), installed_by="U1", installed_at=at, tokens=Tokens(bot=token)
    )
    with database.transaction() as connection:
        installations.save(connection, installation)


def at_once(threads: int, do: Callable[[int], T]) -> list[T]:
    """``do(0)``, ``do(1)``, … by as many threads, all let go in the same moment. What one raises is raised here."""
    gate = threading.Barrier(threads, timeout=30)

    def wait_and_do(number: int) -> T:
        gate.wait()
        return do(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(wait_and_do, range(threads)))
