"""Tokens wear out and are exchanged while calls are started, by two processes with many workers each."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from app.db.models import CALLS
from app.emulator import Emulator
from tests.running import Running
from tests.services.installed import exchanges, refused
from tests.web.installers import INSTALLABLE, Installer, add_acme

HOUR = 3600
ROUNDS = 5
CALLS_IN_A_ROUND = 20
WORKERS = 5


def test_no_call_fails_while_its_token_is_exchanged(run_app: Callable[..., Running], slack: Emulator) -> None:
    given = {**INSTALLABLE, "LINK_TEMPLATE": "https://meet.example.com/{slug}"}
    processes = [run_app(**given), run_app(**given)]
    slack.installs.rotates = True
    app = processes[1]
    add_acme(slack, app)
    with Installer(app) as ada:
        assert "is installed in Acme Ltd" in ada.install().text
    for number in range(1, ROUNDS + 1):
        # Once a token comes near its end, once it has reached it: there Slack did not exchange it in time.
        is_late = number % 2 == 0
        app.clock.move((12 if is_late else 10) * HOUR - 60)
        if is_late:
            slack.faults.add("oauth.v2.access", "status", status=503)
        told = [slack.slash("/ring", f"Call {number}.{each}", team="T0ACME").text for each in range(CALLS_IN_A_ROUND)]
        assert all("Starting" in each for each in told)
        slack.faults.clear()
        app.clock.move(120)
        work_together(processes)
        assert exchanges(slack).count("ok") == number
    app.settle()
    assert statuses(app).keys() <= {"live", "ended"}
    added = slack.requests("calls.add")
    assert sorted(each.args["title"] for each in added) == sorted({each.args["title"] for each in added})
    assert len(added) == ROUNDS * CALLS_IN_A_ROUND
    # It was asked in vain only while it was away.
    assert set(refused(slack)) <= {"oauth.v2.access: 503"}


def work_together(processes: list[Running]) -> None:
    """Until nothing can be done, moving the clock to whatever is waited for."""
    with ThreadPoolExecutor(WORKERS * len(processes)) as pool:
        for each in [pool.submit(process.reconcile) for process in processes for _ in range(WORKERS)]:
            each.result()
    processes[0].settle()


def statuses(app: Running) -> dict[str, int]:
    with app.switchboard.database.reading() as connection:
        rows = connection.execute(select(CALLS.c.status, func.count().label("calls")).group_by(CALLS.c.status))
        return {row.status: row.calls for row in rows}
