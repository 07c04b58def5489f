"""The work list: who may work on what, and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from app.db import work
from app.db.session import Database
from app.db.work import Lease
from app.domain.calls import CallStatus, Fact
from app.errors import LeaseLost
from tests.clocks import START
from tests.db.given import LEASE_SECONDS, claimed, finished, found, given_call, lease_on, next_due, stored_row, told

LEASE = timedelta(seconds=LEASE_SECONDS)
TINY = timedelta(microseconds=1)
LATER = START + timedelta(minutes=1)


def seconds(number: float) -> datetime:
    return START + timedelta(seconds=number)


def retried(database: Database, lease: Lease, now: datetime = START) -> None:
    with database.transaction() as connection:
        work.retry_later(connection, lease, now, status=CallStatus.STARTING)


def postpone(connection: Connection, lease: Lease, until: datetime, news_until: datetime | None = None) -> None:
    news = news_until or until
    work.postpone(connection, lease, until=until, news_until=news, generation=1, status=CallStatus.LIVE)


def postponed(database: Database, lease: Lease, until: datetime, news_until: datetime | None = None) -> None:
    with database.transaction() as connection:
        postpone(connection, lease, until, news_until)


def call_in_step(database: Database, call_id: str = "call-1", **given: Any) -> str:
    """A call with nothing to do."""
    given_call(database, call_id, **given)
    finished(database, lease_on(database, call_id))
    return call_id


# Claiming


def test_nothing_wanted_is_nothing_to_claim(database: Database) -> None:
    assert claimed(database) is None


def test_a_new_call_is_due_at_once(database: Database) -> None:
    given_call(database)
    assert lease_on(database).call_id == "call-1"


def test_what_is_not_due_yet_is_left_alone(database: Database) -> None:
    given_call(database, at=seconds(10))
    assert claimed(database, seconds(10) - TINY) is None
    assert claimed(database, seconds(10)) is not None


def test_what_has_been_due_longest_comes_first(database: Database) -> None:
    for number in (3, 1, 2):
        given_call(database, f"call-{number}", at=seconds(number))
    order = [lease.call_id for lease in (claimed(database, seconds(5)) for _ in range(3)) if lease]
    assert order == ["call-1", "call-2", "call-3"]


def test_a_call_that_is_held_is_not_claimed_again(database: Database) -> None:
    given_call(database)
    lease_on(database)
    assert claimed(database, START + LEASE - TINY) is None


def test_a_lease_that_has_run_out_may_be_taken_over(database: Database) -> None:
    given_call(database)
    first = lease_on(database)
    second = lease_on(database, now=START + LEASE)
    assert first.token != second.token


def test_a_renewed_lease_lasts_longer(database: Database) -> None:
    given_call(database)
    lease = lease_on(database)
    with database.transaction() as connection:
        work.renew(connection, lease, seconds(10), in_flight=None)
    assert claimed(database, START + LEASE) is None
    assert claimed(database, seconds(10) + LEASE) is not None


def test_what_is_in_flight_is_found_by_the_next(database: Database) -> None:
    given_call(database)
    lease = lease_on(database)
    with database.transaction() as connection:
        work.renew(connection, lease, START, in_flight="PostCall")
    lease_on(database, now=START + LEASE)
    assert found(database).in_flight == "PostCall"


def test_a_call_that_always_crashes_does_not_hold_the_others(database: Database) -> None:
    for call_id in ("call-0", "call-1", "call-2"):
        given_call(database, call_id)
    now, served = START, []
    for _ in range(6):
        lease = claimed(database, now)
        if lease is not None and lease.call_id == "call-0":
            now += LEASE  # it crashed and gave nothing back
        elif lease is not None:
            finished(database, lease)
            served.append(lease.call_id)
            told(database, lease.call_id)
    assert {"call-1", "call-2"} <= set(served)


def test_a_call_that_always_crashes_is_tried_more_and_more_seldom(database: Database) -> None:
    given_call(database)
    now, rests = START, []
    for _ in range(12):
        lease = lease_on(database, now=now)
        rests.append((lease.retry_at - now).total_seconds())
        now = lease.retry_at + LEASE
    assert rests == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert rests == [work.retry_delay(failures).total_seconds() for failures in range(1, 13)]


def test_the_delay_has_an_end() -> None:
    assert work.retry_delay(10**6) == work.LAST_RETRY


# Giving back


def test_a_call_in_step_is_not_due(database: Database) -> None:
    call_in_step(database)
    assert claimed(database, LATER) is None
    assert found(database).status is CallStatus.LIVE


def test_what_is_learned_during_the_work_keeps_the_call_due(database: Database) -> None:
    given_call(database)
    lease = lease_on(database)
    generation = found(database).generation
    told(database, title=Fact(LATER, "Retrospective"))
    with database.transaction() as connection:
        work.finish(connection, lease, generation=generation, status=CallStatus.LIVE)
    assert lease_on(database).call_id == "call-1"


def test_what_is_learned_right_after_the_work_is_due_at_once(database: Database) -> None:
    call_in_step(database)
    told(database)
    assert next_due(database) == START
    assert lease_on(database).call_id == "call-1"


def test_success_forgets_failures(database: Database) -> None:
    given_call(database)
    retried(database, lease_on(database))
    finished(database, lease_on(database, now=seconds(1)))
    assert found(database).failures == 0


def test_what_failed_is_tried_again_after_its_rest(database: Database) -> None:
    given_call(database)
    retried(database, lease_on(database))
    assert claimed(database, seconds(1) - TINY) is None
    retried(database, lease_on(database, now=seconds(1)))
    assert claimed(database, seconds(3) - TINY) is None
    assert claimed(database, seconds(3)) is not None
    assert found(database).failures == 3


def test_what_was_waited_for_in_vain_rests_too(database: Database) -> None:
    given_call(database)
    given_up = seconds(7)
    retried(database, lease_on(database), now=given_up)
    assert claimed(database, given_up + timedelta(seconds=1) - TINY) is None
    assert claimed(database, given_up + timedelta(seconds=1)) is not None


def test_what_failed_keeps_what_is_in_flight(database: Database) -> None:
    given_call(database)
    lease = lease_on(database)
    with database.transaction() as connection:
        work.renew(connection, lease, START, in_flight="AddCall")
    retried(database, lease)
    assert found(database).in_flight == "AddCall"


def test_what_waits_its_turn_has_not_failed(database: Database) -> None:
    given_call(database)
    postponed(database, lease_on(database), seconds(2))
    assert claimed(database, seconds(2) - TINY) is None
    assert claimed(database, seconds(2)) is not None
    assert found(database).failures == 1  # of the claim just now


def test_news_that_cannot_wait_are_not_postponed(database: Database) -> None:
    given_call(database)
    lease = lease_on(database)
    told(database, ended_at=seconds(0.5), reconcile_after=seconds(0.5))
    postponed(database, lease, seconds(2))
    assert claimed(database, seconds(0.5)) is not None


def test_news_that_can_wait_do_wait(database: Database) -> None:
    given_call(database)
    lease = lease_on(database)
    told(database)
    postponed(database, lease, seconds(60), news_until=seconds(2))
    assert claimed(database, seconds(2) - TINY) is None
    assert claimed(database, seconds(2)) is not None


def test_a_call_without_news_waits_for_its_place(database: Database) -> None:
    given_call(database)
    postponed(database, lease_on(database), seconds(60), news_until=seconds(2))
    assert claimed(database, seconds(60) - TINY) is None
    assert claimed(database, seconds(60)) is not None


def test_news_bring_the_turn_of_a_waiting_call_forward(database: Database) -> None:
    given_call(database)
    postponed(database, lease_on(database), seconds(60))
    told(database, at_latest=seconds(2))
    assert claimed(database, seconds(2) - TINY) is None
    assert claimed(database, seconds(2)) is not None


def test_news_do_not_put_a_turn_off(database: Database) -> None:
    given_call(database)
    postponed(database, lease_on(database), seconds(1))
    told(database, at_latest=seconds(2))
    assert claimed(database, seconds(1)) is not None


def test_a_call_that_rests_after_a_failure_is_not_woken_by_news(database: Database) -> None:
    given_call(database)
    retried(database, lease_on(database))
    told(database, at_latest=seconds(0.1))
    assert claimed(database, seconds(1) - TINY) is None
    assert claimed(database, seconds(1)) is not None


def test_booked_places_are_kept_until_all_is_done(database: Database) -> None:
    given_call(database)
    lease = lease_on(database)
    with database.transaction() as connection:
        work.note_places(connection, lease, {"calls.update": seconds(7)})
    postponed(database, lease, seconds(7))
    assert found(database).booked == {"calls.update": seconds(7)}

    lease = lease_on(database, now=seconds(7))
    with database.transaction() as connection:
        work.finish(connection, lease, generation=1, status=CallStatus.LIVE)
    assert found(database).booked == {}


# Fencing

Save = Callable[[Connection, Lease], None]
SAVES: dict[str, Save] = {
    "renew": lambda connection, lease: work.renew(connection, lease, LATER, in_flight="PostCall"),
    "finish": lambda connection, lease: work.finish(connection, lease, generation=1, status=CallStatus.ENDED),
    "note": lambda connection, lease: work.note_places(connection, lease, {"calls.update": LATER}),
    "postpone": lambda connection, lease: postpone(connection, lease, LATER),
    "retry": lambda connection, lease: work.retry_later(connection, lease, LATER, status=CallStatus.ENDED),
}


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES.keys())
def test_who_slept_too_long_saves_nothing(database: Database, save: Save) -> None:
    given_call(database)
    slept = lease_on(database)
    lease_on(database, now=START + LEASE)
    before = stored_row(database)
    with pytest.raises(LeaseLost), database.transaction() as connection:
        save(connection, slept)
    assert stored_row(database) == before


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES.keys())
def test_who_has_given_a_call_back_saves_nothing(database: Database, save: Save) -> None:
    given_call(database)
    lease = lease_on(database)
    finished(database, lease)
    before = stored_row(database)
    with pytest.raises(LeaseLost), database.transaction() as connection:
        save(connection, lease)
    assert stored_row(database) == before


@pytest.mark.parametrize("save", SAVES.values(), ids=SAVES.keys())
def test_who_holds_a_call_past_the_lease_may_save_while_nobody_took_over(database: Database, save: Save) -> None:
    given_call(database)
    lease = lease_on(database)
    with database.transaction() as connection:
        save(connection, lease)


def test_whatever_was_saved_beside_a_lost_lease_is_not_saved_either(database: Database) -> None:
    given_call(database)
    slept = lease_on(database)
    lease_on(database, now=START + LEASE)

    def save() -> None:
        with database.transaction() as connection:
            SAVES["renew"](connection, slept)

    with pytest.raises(LeaseLost):
        save()
    assert found(database).in_flight is None


# Deadlines


def test_a_deadline_makes_a_call_due(database: Database) -> None:
    call_in_step(database, deadline_at=LATER)
    assert claimed(database, LATER - TINY) is None
    assert lease_on(database, now=LATER).call_id == "call-1"


@pytest.mark.parametrize("over", [{"ended_at": START}, {"failure": "It could not start."}], ids=["ended", "failed"])
def test_a_deadline_means_nothing_once_the_call_is_over(database: Database, over: dict[str, Any]) -> None:
    given_call(database, deadline_at=LATER)
    told(database, **over)
    finished(database, lease_on(database))
    assert claimed(database, LATER) is None
    assert next_due(database) is None


# When to look again


def test_with_nothing_to_do_there_is_nothing_to_wait_for(database: Database) -> None:
    assert next_due(database) is None
    call_in_step(database)
    assert next_due(database) is None


def test_what_is_due_already_is_due_now(database: Database) -> None:
    given_call(database)
    assert next_due(database, LATER) == LATER


def test_the_next_turn_is_waited_for(database: Database) -> None:
    given_call(database, "call-1", at=seconds(20))
    given_call(database, "call-2", at=seconds(10))
    assert next_due(database) == seconds(10)


def test_a_call_that_is_held_is_waited_for_until_its_lease_runs_out(database: Database) -> None:
    given_call(database)
    lease_on(database)
    assert next_due(database) == START + LEASE


def test_a_call_that_rests_longer_than_its_lease_is_waited_for_until_its_turn(database: Database) -> None:
    given_call(database)
    now = START
    for _ in range(6):
        now = max(lease_on(database, now=now).retry_at, now + LEASE)
    lease = lease_on(database, now=now)
    assert next_due(database, now) == lease.retry_at > now + LEASE


def test_a_deadline_is_waited_for(database: Database) -> None:
    call_in_step(database, deadline_at=LATER)
    assert next_due(database) == LATER


def test_a_call_that_is_held_over_its_deadline_is_waited_for_until_its_lease_runs_out(database: Database) -> None:
    call_in_step(database, deadline_at=LATER)
    lease_on(database, now=LATER)
    assert next_due(database, LATER) == LATER + LEASE


@pytest.mark.parametrize("number", range(8))
def test_at_the_moment_waited_for_there_is_something_to_claim_and_not_before(database: Database, number: int) -> None:
    """Whatever state a call is in: each bit of ``number`` is one thing that may have happened to it."""
    given_call(database, at=seconds(3), deadline_at=LATER if number & 1 else None)
    now = seconds(3)
    if number & 2:
        retried(database, lease_on(database, now=now))
    if number & 4:
        lease_on(database, now=now + timedelta(seconds=1))
    due = next_due(database, now)
    assert due is not None
    if due > now:
        assert claimed(database, due - TINY) is None
    assert claimed(database, due) is not None
