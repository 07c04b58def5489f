"""Many workers on one work list: nothing is done twice, and nothing is written by whoever comes too late."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from app.db.session import Database
from app.emulator import Emulator
from app.emulator.faults import FaultKind
from tests.providers.standard.reference_server import told
from tests.reconciler.held import HOLD_SECONDS, HeldServer
from tests.reconciler.stage import GENERAL, LEASE_SECONDS, Stage


@pytest.fixture
def vendor() -> Iterator[HeldServer]:
    with HeldServer() as server:
        yield server
        server.let_go.set()


@pytest.fixture
def prompt(vendor: HeldServer) -> None:
    """The provider answers at once."""
    vendor.let_go.set()


@contextmanager
def at_work(stage: Stage) -> Iterator[list[bool]]:
    """A worker that does one unit in a thread of its own; what it returns is in the list afterwards."""
    returned: list[bool] = []
    worker = stage.reconciler()
    thread = threading.Thread(target=lambda: returned.append(worker.reconcile_one()))
    thread.start()
    yield returned
    thread.join(HOLD_SECONDS)
    assert not thread.is_alive()


def test_a_call_in_work_is_nobody_elses(stage: Stage, vendor: HeldServer) -> None:
    stage.start()
    with at_work(stage) as returned:
        assert vendor.asked_once.wait(HOLD_SECONDS)
        assert not stage.reconciler().reconcile_one()
        vendor.let_go.set()

    assert returned == [True]
    assert stage.started() == [1, 1, 1]


def test_a_call_that_is_ended_while_the_provider_refuses_it_has_simply_ended(stage: Stage, vendor: HeldServer) -> None:
    vendor.next_reply(told(403, {}))
    stage.start()
    with at_work(stage):
        assert vendor.asked_once.wait(HOLD_SECONDS)
        stage.end()
        vendor.let_go.set()

    assert stage.told() == []
    assert stage.stored().snapshot.failure is None
    assert stage.next_due_at() is None


def test_a_worker_that_wakes_late_saves_nothing(stage: Stage, vendor: HeldServer) -> None:
    stage.start()
    with at_work(stage) as returned:
        assert vendor.asked_once.wait(HOLD_SECONDS)
        stage.clock.move(LEASE_SECONDS + 1)
        stage.settle()
        done = stage.stored(), stage.shown()
        vendor.let_go.set()

    assert returned == [True]
    assert (stage.stored(), stage.shown()) == done
    assert stage.started() == [2, 1, 1]
    assert len(stage.vendor.meetings) == 1


@pytest.mark.usefixtures("prompt")
@pytest.mark.parametrize("method", ["calls.add", "chat.postMessage"])
def test_a_worker_whose_answer_never_came_saves_nothing(stage: Stage, method: str) -> None:
    stage.slack.faults.add(method, "timeout_after", seconds=HOLD_SECONDS, times=1)
    stage.start()
    with at_work(stage) as returned:
        assert stage.slack.wait_until(lambda: stage.sent(method) == [1])
        stage.clock.move(LEASE_SECONDS + 1)
        stage.settle()
        done = stage.stored(), stage.shown()
        stage.slack.faults.clear()

    assert returned == [True]
    assert (stage.stored(), stage.shown()) == done
    assert len(stage.slack.cards(GENERAL)) == 1


@pytest.mark.usefixtures("prompt")
@pytest.mark.parametrize("kind", ["timeout_after", "timeout_before"])
def test_people_told_by_a_late_worker_are_not_told_twice(live: Stage, kind: FaultKind) -> None:
    live.slack.faults.add("calls.participants.add", kind, seconds=HOLD_SECONDS, times=1)
    live.join("Ada")
    with at_work(live) as returned:
        assert live.slack.wait_until(lambda: live.sent("calls.participants.add") == [1])
        live.clock.move(LEASE_SECONDS + 1)
        live.join("Bob")
        live.settle()
        live.slack.faults.clear()

    assert returned == [True]
    live.settle()
    assert (live.present(), live.attended()) == (["Ada", "Bob"], ["Ada", "Bob"])


@pytest.mark.usefixtures("prompt")
def test_two_reconcilers_on_one_database_share_the_work(stage: Stage, slack: Emulator, database_url: str) -> None:
    slack.limits.off()
    databases = [Database(database_url), Database(database_url)]
    workers = [stage.reconciler(database=database) for database in databases for _ in range(2)]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    for number in range(24):
        stage.start(f"Call {number}", team=f"T{number}")

    assert slack.wait_until(lambda: len(slack.cards(GENERAL)) == 24, timeout=HOLD_SECONDS)
    for number in range(24):
        stage.join("Ada", "Bob", meeting=f"meeting/{number + 1}")
    assert slack.wait_until(
        lambda: all(len(card["active_participants"]) == 2 for card in slack.cards(GENERAL)), timeout=HOLD_SECONDS
    )
    for worker in workers:
        worker.stop()
    for thread in threads:
        thread.join(HOLD_SECONDS)
    for database in databases:
        database.close()

    assert not any(thread.is_alive() for thread in threads)
    assert stage.started() == [24, 24, 24]
    assert {request.error for request in slack.requests()} == {None}
