"""The threads: woken at once, stopped cleanly, and not brought down by anything."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from app.db.session import Database
from app.reconciler.bell import Bell
from app.reconciler.sweep import Sweep
from app.reconciler.worker import CallCrashed, Reconciler
from tests.clocks import MovedClock
from tests.reconciler.held import HOLD_SECONDS, HeldServer
from tests.reconciler.stage import GENERAL, Stage


class Doorbell(Bell):
    """Whoever rests is woken by a ring and by nothing else, so that these tests need not measure time."""

    def wait(self, heard: int, seconds: float) -> None:
        super().wait(heard, seconds * 100)


@pytest.fixture(autouse=True)
def doorbell(stage: Stage) -> None:
    stage.bell = Doorbell()


@pytest.fixture
def vendor() -> Iterator[HeldServer]:
    with HeldServer() as server:
        server.let_go.set()
        yield server


@contextmanager
def running(worker: Reconciler | Sweep) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield thread
    finally:
        worker.stop()
        thread.join(HOLD_SECONDS)
    assert not thread.is_alive()


def spoil(stage: Stage, title: str) -> None:
    """Make what is stored of a call unreadable."""
    with stage.database.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO participants (call_id, key, known)"
            f" SELECT id, 'spoiled', 'no JSON' FROM calls WHERE title = '{title}'"
        )


def mend(stage: Stage) -> None:
    with stage.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM participants WHERE key = 'spoiled'")


@contextmanager
def hearing(message: str) -> Iterator[threading.Event]:
    """Set as soon as this is logged."""
    heard = threading.Event()
    handler = logging.Handler()
    handler.emit = lambda record: heard.set() if record.getMessage().startswith(message) else None  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        yield heard
    finally:
        logging.getLogger().removeHandler(handler)


# --- Woken and stopped -----------------------------------------------------------------------------------------------


def test_a_nudge_wakes_a_worker_at_once(stage: Stage) -> None:
    with running(stage.reconciler()):
        stage.start()
        assert stage.slack.wait_until(lambda: stage.slack.cards(GENERAL), timeout=HOLD_SECONDS)
        stage.join("Ada")
        assert stage.slack.wait_until(lambda: stage.present() == ["Ada"], timeout=HOLD_SECONDS)


def test_workers_that_rest_stop_at_once(stage: Stage) -> None:
    worker = stage.reconciler()
    with running(worker) as one, running(worker) as another:
        stage.start()
        assert stage.slack.wait_until(lambda: stage.slack.cards(GENERAL), timeout=HOLD_SECONDS)
        worker.stop()
        for thread in (one, another):
            thread.join(HOLD_SECONDS)
            assert not thread.is_alive()


def test_a_worker_that_is_told_to_stop_finishes_what_it_has_begun(stage: Stage, vendor: HeldServer) -> None:
    vendor.let_go.clear()
    stage.start()
    worker = stage.reconciler()
    with running(worker):
        assert vendor.asked_once.wait(HOLD_SECONDS)
        worker.stop()
        stage.start("Another")
        vendor.let_go.set()

    assert [card["name"] for card in stage.slack.cards(GENERAL)] == ["Weekly sync"]
    assert stage.started() == [1, 1, 1]


def test_a_bell_rung_before_the_wait_is_heard() -> None:
    bell = Bell()
    heard = bell.rings
    bell.ring()
    waited = threading.Thread(target=bell.wait, args=(heard, HOLD_SECONDS))
    waited.start()
    waited.join(HOLD_SECONDS)
    assert not waited.is_alive()


# --- Trouble ---------------------------------------------------------------------------------------------------------


def test_a_call_that_crashes_our_code_gets_a_later_turn(stage: Stage) -> None:
    stage.start("Spoiled")
    stage.start("Sound")
    spoil(stage, "Spoiled")
    with pytest.raises(CallCrashed, match="call_id=call-"):
        stage.work()
    stage.work()

    assert [card["name"] for card in stage.slack.cards(GENERAL)] == ["Sound"]
    assert [call.in_flight for call in stage.all_stored()] == [None, None]


def test_a_call_that_crashes_our_code_holds_up_no_other(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.start("Spoiled")
    spoil(stage, "Spoiled")
    stage.clock.move(1)
    stage.start("Sound")
    with running(stage.reconciler()):
        assert stage.slack.wait_until(lambda: stage.slack.cards(GENERAL), timeout=HOLD_SECONDS)

    [spoiled, _] = stage.all_stored()
    assert [f"call_id={spoiled.id}" in (record.exc_text or "") for record in caplog.records] == [True]


def test_a_call_that_always_crashes_our_code_is_set_aside_and_reported_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.start("Spoiled")
    spoil(stage, "Spoiled")
    worker, tried = stage.reconciler(), []
    for _ in range(12):
        worker._work_or_rest()
        tried.append(stage.clock.now())
        due = stage.next_due_at()
        assert due is not None
        stage.clock.move_to(due)

    rests = [(later - earlier).total_seconds() for earlier, later in pairwise(tried)]
    assert rests == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    [call_id] = [call.id for call in stage.all_stored()]
    set_aside = [record for record in caplog.records if "set aside" in record.getMessage()]
    assert [record.levelname for record in set_aside] == ["ERROR"]
    assert f"call_id={call_id} failures=9" in set_aside[0].getMessage()
    later = [record.levelname for record in caplog.records if "crashed again" in record.getMessage()]
    assert later == ["WARNING"] * 3


def test_a_mended_call_goes_on(stage: Stage) -> None:
    stage.start()
    spoil(stage, "Weekly sync")
    with pytest.raises(CallCrashed):
        stage.work()
    mend(stage)
    stage.settle()
    assert len(stage.slack.cards(GENERAL)) == 1


def test_a_database_that_is_away_does_not_end_a_worker(stage: Stage, tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    with hearing("work list not readable") as heard, running(stage.reconciler(database=empty)) as thread:
        assert heard.wait(HOLD_SECONDS)
        assert thread.is_alive()
    empty.close()


def test_a_chore_that_trips_our_code_does_not_end_the_sweep(database: Database, clock: MovedClock) -> None:
    def trip() -> bool:
        raise ZeroDivisionError

    days = timedelta(days=30)
    sweep = Sweep(database, clock, keep_deliveries=days, keep_calls=days, keep_changes=days, chores=[trip])
    with hearing("not swept") as heard, running(sweep) as thread:
        assert heard.wait(HOLD_SECONDS)
        assert thread.is_alive()


def test_whoever_waits_for_a_call_that_crashes_us_is_told_in_the_end(stage: Stage) -> None:
    stage.start("Spoiled")
    spoil(stage, "Spoiled")
    worker = stage.reconciler()
    for _ in range(6):
        with pytest.raises(CallCrashed):
            worker.reconcile_one()
        stage.clock.move(60)
    mend(stage)
    stage.clock.move(300)
    stage.settle()

    [told] = stage.told()
    assert "Something went wrong in Switchboard" in told
    assert stage.slack.cards(GENERAL) == []
