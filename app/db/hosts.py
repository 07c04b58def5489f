"""Which host holds which call, where a provider's meetings need one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select, update

from app.db import deliveries
from app.db.calls import RUNNING
from app.db.encryption import cipher_of
from app.db.models import CALLS


def allot(connection: Connection, call_id: str, provider: str, account: str, hosts: Sequence[str], most: int) -> bool:
    """Give the call the host that holds the fewest running calls; False when each holds ``most`` already.

    Of two who choose at the same moment one waits for the other, on all machines.
    """
    deliveries.lock_meeting(connection, provider, account, "")
    cipher = cipher_of(connection.dialect)
    counted = _held(connection, call_id, provider, account)
    held = {host: sum(counted.get(form, 0) for form in cipher.forms([host])) for host in hosts}
    host = min(hosts, key=held.__getitem__)
    if held[host] >= most:
        return False
    values = {"host": cipher.blind(host), "held_by": cipher.copy(host)}
    connection.execute(update(CALLS).where(CALLS.c.id == call_id).values(values))
    return True


def _held(connection: Connection, call_id: str, provider: str, account: str) -> dict[str, int]:
    """How many other running calls each host holds, by what stands in the column."""
    statement = (
        select(CALLS.c.host, func.count().label("calls"))
        .where(CALLS.c.provider == provider, CALLS.c.account == account, CALLS.c.host.is_not(None))
        .where(CALLS.c.id != call_id, CALLS.c.status.in_(RUNNING))
        .where(CALLS.c.ended_at.is_(None), CALLS.c.failure.is_(None))
        .group_by(CALLS.c.host)
    )
    return {row.host: row.calls for row in connection.execute(statement)}
