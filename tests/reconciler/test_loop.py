"""The threads: woken at once, stopped cleanly, and not brought down by anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.db.session import Database
from app.reconciler.bell import Bell
from app.reconciler.worker import LONGEST_REST_SECONDS, CallCrashed, Reconciler
from tests.reconciler.stage import GENERAL, Stage

AT_ONCE_SECONDS = LONGEST_REST_SECONDS / 2
LONG_SECONDS = 20


@contextmanager
def running(worker: Reconciler) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield thread
    finally:
        worker.stop()
        thread.join(LONG_SECONDS)
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


# --- Woken and stopped -----------------------------------------------------------------------------------------------


def test_a_nudge_wakes_a_worker_at_once(stage: Stage) -> None:
    with running(stage.reconciler()):
        stage.start()
        assert stage.slack.wait_until(lambda: stage.slack.cards(GENERAL), timeout=AT_ONCE_SECONDS)
        stage.join("Ada")
        assert stage.slack.wait_until(lambda: stage.present() == ["Ada"], timeout=AT_ONCE_SECONDS)


def test_a_worker_that_rests_stops_at_once(stage: Stage) -> None:
    with running(stage.reconciler()) as thread:
        pass
    assert not thread.is_alive()


def test_a_worker_that_is_told_to_stop_finishes_what_it_has_begun(stage: Stage) -> None:
    stage.slack.faults.add("calls.add", "slow", seconds=LONG_SECONDS, times=1)
    stage.start()
    worker = stage.reconciler(patience_seconds=LONG_SECONDS)
    with running(worker):
        stage.slack.wait_until(lambda: stage.stored().in_flight == "AddCall", timeout=0.5)
        worker.stop()
        stage.start("Another")
        stage.slack.faults.clear()

    assert [card["name"] for card in stage.slack.cards(GENERAL)] == ["Weekly sync"]
    assert stage.sent("calls.add", "chat.postMessage") == [1, 1]


def test_a_bell_rung_before_the_wait_is_heard() -> None:
    bell = Bell()
    heard = bell.rings
    bell.ring()
    waited = threading.Thread(target=bell.wait, args=(heard, LONG_SECONDS))
    waited.start()
    waited.join(AT_ONCE_SECONDS)
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
    with running(stage.reconciler()):
        stage.start("Sound")
        assert stage.slack.wait_until(lambda: stage.slack.cards(GENERAL), timeout=AT_ONCE_SECONDS)

    [spoiled] = [call for call in stage.all_stored() if call.snapshot.title.value == "Spoiled"]
    assert [f"call_id={spoiled.id}" in (record.exc_text or "") for record in caplog.records] == [True]


def test_a_mended_call_goes_on(stage: Stage) -> None:
    stage.start()
    spoil(stage, "Weekly sync")
    with pytest.raises(CallCrashed):
        stage.work()
    mend(stage)
    stage.settle()
    assert len(stage.slack.cards(GENERAL)) == 1


def test_a_database_that_is_away_does_not_end_a_worker(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    with running(stage.reconciler(database=empty)) as thread:
        stage.slack.wait_until(lambda: caplog.records, timeout=0.5)
        assert thread.is_alive()
    empty.close()
    assert [record.getMessage() for record in caplog.records] == ["work list not readable"]
