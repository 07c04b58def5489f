"""Processes of the app beside each other, on one PostgreSQL database; some are killed, some hang, some are replaced.

All of this is in real time, because what is tried is what the system does to processes.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from app.db.session import Database
from app.emulator import Emulator
from tests.conftest import migrate_url
from tests.db.many import own_server, postgresql
from tests.processes import ROOT, clean, free_port, serving, settings
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook
from tests.reconciler.stage import names, person

GENERAL = "C0GENERAL"
PATIENCE_SECONDS = 30
POLL_SECONDS = 5
"""After so long a worker looks by itself."""


@pytest.fixture
def slack() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    with postgresql(tmp_path) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with closing(Database(database_url)) as opened:
        yield opened


@pytest.fixture
def env(slack: Emulator, database_url: str) -> dict[str, str]:
    """For a server that leaves the work to others, and for those."""
    return settings(slack, database_url, free_port())


@contextmanager
def working(env: Mapping[str, str], database: Database) -> Iterator[subprocess.Popen[str]]:
    """``work`` as a process, connected."""
    before = present(database)
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "work"], env=clean(env), cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: present(database) > before)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        process.communicate(timeout=PATIENCE_SECONDS)


@contextmanager
def taking_commands(slack: Emulator, env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """``serve``, which leaves all work to other processes."""
    with serving({**env, "WORKERS": "0"}) as process:
        slack.connect_app(f"{env['PUBLIC_URL']}/slack/events")
        yield process


def present(database: Database) -> int:
    """How many processes have their lock."""
    locks = asked(database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2")
    assert isinstance(locks, int)
    return locks


def holder(database: Database) -> str:
    """Which lease the only call is held by."""
    return str(asked(database, "SELECT coalesce(max(lease_token), '') FROM calls"))


def is_adding_call(database: Database) -> bool:
    """Whether a worker is about to ask Slack for the only call, or waits for the answer."""
    return asked(database, "SELECT coalesce(max(in_flight), '') FROM calls") == "AddCall"


def asked(database: Database, question: str) -> object:
    with database.reading() as connection:
        return connection.execute(text(question)).scalar_one()


def wait_until(is_so: Callable[[], bool]) -> float:
    """Returns how many seconds it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < PATIENCE_SECONDS
        time.sleep(0.01)
    return time.monotonic() - began


def test_a_process_that_would_do_nothing_says_so(env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "work"],
        env=clean({**env, "WORKERS": "0"}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert (done.returncode, "WORKERS" in done.stderr) == (2, True)


@pytest.mark.flaky(reruns=2)
def test_a_worker_elsewhere_is_woken_at_once(slack: Emulator, env: dict[str, str], database: Database) -> None:
    with taking_commands(slack, env), working(env, database):
        times: list[float] = []
        for number in range(3):
            slack.slash("/ring", f"Call {number}")
            times.append(wait_until(lambda: len(slack.cards(GENERAL)) == len(times) + 1))
            time.sleep(1.5)  # the pace of calls.add is not what is tried
        assert max(times) < POLL_SECONDS / 5
    assert len(slack.requests("calls.add")) == 3


@pytest.mark.flaky(reruns=2)
def test_the_call_of_a_killed_worker_is_taken_over_within_two_seconds(
    slack: Emulator, env: dict[str, str], database: Database
) -> None:
    slack.faults.add("calls.add", "slow", seconds=2 * POLL_SECONDS, times=1)
    with taking_commands(slack, env), working(env, database) as killed, working(env, database) as other:
        other.send_signal(signal.SIGSTOP)
        slack.slash("/ring", "Weekly sync")
        wait_until(lambda: is_adding_call(database))
        held = holder(database)
        other.send_signal(signal.SIGCONT)
        time.sleep(1.5)  # until it has looked, and rests
        assert holder(database) == held
        killed.kill()
        seconds = wait_until(lambda: holder(database) != held)
        assert seconds < 2
        wait_until(lambda: bool(slack.cards(GENERAL)))
    assert len(slack.cards(GENERAL)) == 1


def test_a_worker_that_hangs_is_replaced_after_its_lease_and_does_nothing_when_it_wakes(
    slack: Emulator, env: dict[str, str], database: Database
) -> None:
    slack.faults.add("calls.add", "slow", seconds=5, times=1)
    with taking_commands(slack, env), working(env, database) as hung:
        slack.slash("/ring", "Weekly sync")
        wait_until(lambda: is_adding_call(database))
        hung.send_signal(signal.SIGSTOP)
        with working(env, database):
            held = holder(database)
            seconds = wait_until(lambda: holder(database) != held)
            wait_until(lambda: bool(slack.cards(GENERAL)))
            hung.send_signal(signal.SIGCONT)
            hung.terminate()
            assert hung.wait(PATIENCE_SECONDS) == 0
    assert 10 < seconds < 17
    assert len(slack.cards(GENERAL)) == 1
    assert len(slack.requests("chat.postMessage")) == 1


# One version replaces another


@pytest.mark.parametrize("command", ["serve", "work"])
def test_a_process_that_is_told_to_stop_finishes_what_it_has_begun(
    command: str, slack: Emulator, env: dict[str, str], database: Database
) -> None:
    slack.faults.add("calls.add", "slow", seconds=2, times=1)
    with ExitStack() as stack:
        if command == "work":
            stack.enter_context(taking_commands(slack, env))
            stopped = stack.enter_context(working(env, database))
        else:
            stopped = stack.enter_context(serving(env))
            slack.connect_app(f"{env['PUBLIC_URL']}/slack/events")
        slack.slash("/ring", "Weekly sync")
        wait_until(lambda: is_adding_call(database))
        stopped.terminate()
        assert stopped.wait(PATIENCE_SECONDS) == 0
        assert len(slack.cards(GENERAL)) == 1
    assert asked(database, "SELECT status FROM calls WHERE lease_token IS NULL AND in_flight IS NULL") == "live"
    assert [len(slack.requests(method)) for method in ("calls.add", "chat.postMessage")] == [1, 1]


def test_a_request_that_is_being_sent_is_answered_before_the_server_stops(env: dict[str, str]) -> None:
    with serving(env) as server, socket.create_connection(("127.0.0.1", int(env["PORT"]))) as client:
        client.sendall(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
        time.sleep(0.5)  # until it waits for the rest
        server.terminate()
        time.sleep(0.5)
        client.sendall(b"def")
        client.settimeout(PATIENCE_SECONDS)
        assert client.recv(1000).startswith(b"HTTP/1.1 401")
        assert server.wait(PATIENCE_SECONDS) == 0


def test_a_version_goes_on_while_the_next_one_brings_its_tables(
    slack: Emulator, env: dict[str, str], database: Database
) -> None:
    with taking_commands(slack, env), working(env, database):
        slack.slash("/ring", "Before")
        wait_until(lambda: len(slack.cards(GENERAL)) == 1)
        with database.transaction() as connection:
            connection.execute(text("ALTER TABLE calls ADD COLUMN of_the_next_version TEXT DEFAULT 'new' NOT NULL"))
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert httpx.get(f"{env['PUBLIC_URL']}/readyz", trust_env=False).is_success
        with working(env, database):
            slack.slash("/ring", "After")
            wait_until(lambda: len(slack.cards(GENERAL)) == 2)
    assert {request.error for request in slack.requests()} == {None}


# The database goes away


def test_the_database_is_restarted_and_nothing_is_lost(slack: Emulator) -> None:
    with own_server() as server, ReferenceServer() as vendor, ExitStack() as stack:
        migrate_url(server.get_uri())
        database = stack.enter_context(closing(Database(server.get_uri())))
        env = {**settings(slack, server.get_uri(), free_port()), **vendor.settings(), "DEFAULT_PROVIDER": "standard"}
        stack.enter_context(taking_commands(slack, env))
        stack.enter_context(working(env, database))
        slack.slash("/ring", "Weekly sync")
        wait_until(lambda: bool(slack.cards(GENERAL)))
        assert tell_of(env, "Ada").status_code == 200
        wait_until(lambda: on_card(slack) == ["Ada"])

        server.stop()
        answer = tell_of(env, "Grace")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        refused = slack.slash("/ring", "Another")
        assert (refused.status, "Something went wrong in Switchboard" in refused.text) == (200, True)
        assert httpx.get(f"{env['PUBLIC_URL']}/readyz", trust_env=False).status_code == 503
        assert httpx.get(f"{env['PUBLIC_URL']}/healthz", trust_env=False).status_code == 200

        server.start()
        wait_until(lambda: tell_of(env, "Grace").status_code == 200)
        wait_until(lambda: on_card(slack) == ["Ada", "Grace"])
        slack.slash("/ring", "Another")
        seconds = wait_until(lambda: len(slack.cards(GENERAL)) == 2)
        assert seconds < POLL_SECONDS
    assert [len(slack.requests(method)) for method in ("calls.add", "chat.postMessage")] == [2, 2]


def tell_of(env: Mapping[str, str], name: str) -> httpx.Response:
    """The provider's webhook: somebody has joined."""
    body = webhook("participant.joined", datetime.now(UTC), participant=person(name))
    headers = delivered(body, datetime.now(UTC))
    return httpx.post(f"{env['PUBLIC_URL']}/webhooks/standard", content=body, headers=headers, trust_env=False)


def on_card(slack: Emulator) -> list[str]:
    return names(slack.cards(GENERAL)[0]["active_participants"])
