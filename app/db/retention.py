"""What is not kept for ever: old deliveries, calls that are long over, and secrets that are of no more use.

Everything is dropped in small batches, oldest first. A row that somebody else holds is left for the next time, so that
nobody waits for this, and this for nobody.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Integer, Select, bindparam, delete, func, or_, select, tuple_, update

from app.db.insert import insert_or_ignore
from app.db.models import CALLS, DELIVERIES, EMAILS, TIMERS
from app.db.types import UtcDateTime

_BEFORE = bindparam("before", type_=UtcDateTime())
_MOST = bindparam("most", type_=Integer())
_OLD_DELIVERIES = (
    select(DELIVERIES.c.id).where(DELIVERIES.c.received_at < _BEFORE).order_by(DELIVERIES.c.received_at).limit(_MOST)
)
_OLD_CALLS = (
    select(CALLS.c.id)
    # A call ends after it started: the first condition is what the index is for.
    .where(CALLS.c.started_at < _BEFORE, func.coalesce(CALLS.c.ended_at, CALLS.c.started_at) < _BEFORE)
    .where(or_(CALLS.c.ended_at.is_not(None), CALLS.c.failure.is_not(None)))
    .order_by(CALLS.c.started_at)
    .limit(_MOST)
)
_OLD_RESPONSE_URLS = (
    select(CALLS.c.id)
    .where(CALLS.c.response_url.is_not(None), CALLS.c.started_at < _BEFORE)
    .order_by(CALLS.c.started_at)
    .limit(_MOST)
)


def _free(old: Select[tuple[str]]) -> Select[tuple[str]]:
    return old.with_for_update(skip_locked=True)


_DROP_DELIVERIES = delete(DELIVERIES).where(DELIVERIES.c.id.in_(_free(_OLD_DELIVERIES)))
_DROP_CALLS = delete(CALLS).where(CALLS.c.id.in_(_free(_OLD_CALLS)))
_FORGET_RESPONSE_URLS = update(CALLS).where(CALLS.c.id.in_(_free(_OLD_RESPONSE_URLS))).values(response_url=None)
_DROP_EMAILS = delete(EMAILS).where(
    tuple_(EMAILS.c.team_id, EMAILS.c.email_hash).in_(
        select(EMAILS.c.team_id, EMAILS.c.email_hash)
        .where(EMAILS.c.asked_at < _BEFORE)
        .order_by(EMAILS.c.asked_at)
        .limit(_MOST)
    )
)
_SET_TURN = (
    update(TIMERS).where(TIMERS.c.name == bindparam("of_name")).values(next_at=bindparam("until", type_=UtcDateTime()))
)
_TAKE_TURN = _SET_TURN.where(TIMERS.c.next_at <= bindparam("now", type_=UtcDateTime()))


def take_turn(connection: Connection, name: str, now: datetime, until: datetime) -> bool:
    """Whether it is the caller's turn to do what one process does for all; the next turn of ``name`` is ``until``."""
    given = {"of_name": name, "now": now, "until": until}
    is_mine = connection.execute(_TAKE_TURN, given).rowcount == 1
    return is_mine or insert_or_ignore(connection, TIMERS, {"name": name, "next_at": until})


def set_turn(connection: Connection, name: str, at: datetime) -> None:
    """The next turn of ``name`` is at that moment."""
    connection.execute(_SET_TURN, {"of_name": name, "until": at})


def drop_deliveries(connection: Connection, before: datetime, most: int) -> int:
    """Drop deliveries that were received ``before`` then. Returns how many; ``most`` when there may be more."""
    return connection.execute(_DROP_DELIVERIES, {"before": before, "most": most}).rowcount


def drop_calls(connection: Connection, before: datetime, most: int) -> int:
    """Drop calls that were over ``before`` then, with all that is known of them. Returns how many."""
    return connection.execute(_DROP_CALLS, {"before": before, "most": most}).rowcount


def forget_response_urls(connection: Connection, before: datetime, most: int) -> int:
    """Forget the response_urls of calls that were asked for ``before`` then. Returns how many."""
    return connection.execute(_FORGET_RESPONSE_URLS, {"before": before, "most": most}).rowcount


def drop_emails(connection: Connection, before: datetime, most: int) -> int:
    """Drop what Slack told ``before`` then of e-mail addresses. Returns how many."""
    return connection.execute(_DROP_EMAILS, {"before": before, "most": most}).rowcount
