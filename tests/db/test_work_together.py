"""Many workers, one work list."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import timedelta

from app.db import work
from app.db.session import Database
from app.domain.calls import CallStatus
from app.errors import LeaseLost
from tests.clocks import START
from tests.databases import ROOT
from tests.db.given import LEASE_SECONDS, at_once, claimed, finished, found, given_call, lease_on, told

THREADS = 8
CALLS = 50


def test_each_call_is_claimed_by_one_of_many(database: Database) -> None:
    for number in range(CALLS):
        given_call(database, f"call-{number}")

    def claim_until_none_is_left(_: int) -> list[str]:
        mine = []
        # Who finds all that is due locked by others may look again: those others are about to take it.
        for _attempt in range(3 * CALLS):
            if lease := claimed(database):
                mine.append(lease.call_id)
        return mine

    claims = Counter(call_id for mine in at_once(THREADS, claim_until_none_is_left) for call_id in mine)
    assert set(claims.values()) == {1}
    assert len(claims) == CALLS


def test_one_call_is_claimed_by_one_of_many(database: Database) -> None:
    given_call(database)
    leases = at_once(THREADS, lambda _: claimed(database))
    assert len([lease for lease in leases if lease]) == 1


def test_a_lease_is_taken_over_by_one_of_many(database: Database) -> None:
    given_call(database)
    lease_on(database)
    after = START + timedelta(seconds=LEASE_SECONDS)
    leases = at_once(THREADS, lambda _: claimed(database, after))
    assert len([lease for lease in leases if lease]) == 1


def test_of_a_takeover_and_a_late_save_one_wins(database: Database) -> None:
    given_call(database)
    slept = lease_on(database)
    after = START + timedelta(seconds=LEASE_SECONDS)

    def take_over_or_save(number: int) -> bool:
        if number:
            return claimed(database, after) is not None
        try:
            with database.transaction() as connection:
                work.renew(connection, slept, after, in_flight=None)
        except LeaseLost:
            return False
        return True

    assert sum(at_once(2, take_over_or_save)) == 1


def test_whatever_is_told_while_workers_work_is_worked_on(database: Database) -> None:
    """In the end every call is in step with the last that was told."""
    for number in range(4):
        given_call(database, f"call-{number}")

    def tell_or_work(thread: int) -> None:
        for _ in range(20):
            if thread < 4:
                told(database, f"call-{thread}", reconcile_after=START)
            elif lease := claimed(database):
                generation = found(database, lease.call_id).generation
                with database.transaction() as connection:
                    work.finish(connection, lease, generation=generation, status=CallStatus.LIVE)

    at_once(THREADS, tell_or_work)
    while lease := claimed(database, START + timedelta(minutes=1)):
        finished(database, lease)
    assert all(found(database, f"call-{number}").is_in_step for number in range(4))
    assert [found(database, f"call-{number}").generation for number in range(4)] == [21] * 4


WORKER = """
import sys
from app.db.session import Database
from tests.clocks import START
from tests.db.given import at_once, claimed, finished, given_call, told

database = Database(sys.argv[1])

def work(thread):
    mine = []
    for turn in range(25):
        given_call(database, f"call-{sys.argv[2]}-{thread}-{turn}")
        if lease := claimed(database):
            told(database, lease.call_id)
            finished(database, lease)
            mine.append(lease.call_id)
    return mine

print(*sum(at_once(4, work), []))
"""


def test_two_processes_share_one_database(database_url: str, database: Database) -> None:
    """On SQLite that is one file, and nobody is told that it is locked."""
    command = [sys.executable, "-c", WORKER, database_url]
    workers = [
        subprocess.Popen([*command, name], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name in ("one", "two")
    ]
    said = [worker.communicate(timeout=120) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], [errors for _, errors in said]
    done = Counter(call_id for lines, _ in said for call_id in lines.split())
    while lease := claimed(database):
        done[lease.call_id] += 1
    assert set(done.values()) == {1}
    assert len(done) == 2 * 4 * 25
