"""The command line, as whoever runs the app uses it: real processes."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from app.cli import COMMANDS
from app.emulator import Emulator
from tests.processes import ROOT, clean, free_port, serving, settings


def run(*arguments: str, env: Mapping[str, str] | None = None, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        env=clean(env or {}),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def real_slack() -> Iterator[Emulator]:
    """A workspace in real time, for an app that is a process of its own."""
    with Emulator() as emulator:
        yield emulator


def loaded(*arguments: str) -> set[str]:
    """The packages, and the rooms of ours, that a process with these arguments loads."""
    command = [sys.executable, "-X", "importtime", "-m", "app", *arguments]
    done = subprocess.run(command, env=clean({}), cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    names = [line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {".".join(name.split(".")[: 2 if name.startswith("app.") else 1]) for name in names}


def test_each_command_loads_only_what_it_needs() -> None:
    of_servers = {"flask", "slack_bolt", "granian", "app.web", "app.emulator", "app.room"}
    work = loaded("work", "--help")
    assert "app.reconciler" in work
    assert work & of_servers == set()
    assert loaded("demo", "--help") >= {"flask", "app.emulator", "app.room"}


def test_all_commands_are_listed() -> None:
    listed = run("--help").stdout
    assert [name for name in COMMANDS if f"\n    {name} " not in listed] == []


def test_missing_settings_are_said_in_one_message(tmp_path: Path) -> None:
    done = run("serve", folder=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    for name in ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"):
        assert f"  {name}: is missing" in done.stderr
    assert "Traceback" not in done.stderr


APP = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_SIGNING_SECRET": "secret",
    "PUBLIC_URL": "https://calls.example.com",
    "LINK_TEMPLATE": "https://meet.example.com/{slug}",
}


@pytest.mark.parametrize("command", [("serve",), ("work",), ("db", "upgrade")])
@pytest.mark.parametrize(
    ("url", "told"),
    [
        (
            "postgresql://me:hunter2@127.0.0.1:abc/calls",
            "The settings are not right. DATABASE_URL: must be an address",
        ),
        ("mysql://me:hunter2@127.0.0.1/calls", "The settings are not right. DATABASE_URL: must begin with"),
        ("postgresql://me:hunter2@127.0.0.1:1/calls", "The database cannot be used."),
        ("sqlite:///nowhere/calls.db", "The database cannot be used. What DATABASE_URL names cannot be reached."),
    ],
)
def test_a_database_that_cannot_be_used_is_said_in_one_message(
    tmp_path: Path, command: tuple[str, ...], url: str, told: str
) -> None:
    done = run(*command, env={**APP, "DATABASE_URL": url}, folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert " ".join(done.stderr.split()).startswith(told)
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_the_database_is_brought_up_to_date(tmp_path: Path) -> None:
    env = {"DATABASE_URL": f"sqlite:///{tmp_path / 'new.db'}"}
    for _ in range(2):
        done = run("db", "upgrade", env=env)
        assert (done.returncode, done.stdout) == (0, "The database is up to date.\n")
    assert (tmp_path / "new.db").exists()


def test_help_names_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    for command in ("serve", "work", "db", "demo", "emulator"):
        assert command in done.stdout


def test_an_unknown_command_is_refused() -> None:
    assert run("sing").returncode == 2


def test_serve_holds_a_call_from_the_command_to_the_end(real_slack: Emulator, database_url: str) -> None:
    port = free_port()
    with serving(settings(real_slack, database_url, port)) as process:
        real_slack.connect_app(f"http://127.0.0.1:{port}/slack/events")
        assert real_slack.slash("/ring", "Weekly sync").text == "Starting *Weekly sync* …"
        assert real_slack.wait_until(lambda: real_slack.cards("C0GENERAL"))
        assert (
            real_slack.slash("/ring", "end").text
            == "The call *Weekly sync* is over in Slack. Its link goes on working."
        )
        assert real_slack.wait_until(lambda: real_slack.cards("C0GENERAL")[0]["has_ended"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_slow_bodies_and_idle_connections_lock_nobody_out(real_slack: Emulator, database_url: str) -> None:
    port = free_port()
    with serving(settings(real_slack, database_url, port)), ExitStack() as stack:
        for _ in range(16):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            slow.sendall(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        for _ in range(200):
            idle = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert idle.recv(1000)

        assert httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False, timeout=5).is_success


def test_a_worker_beside_the_web_server_takes_work_and_stops_when_told(real_slack: Emulator, database_url: str) -> None:
    env = settings(real_slack, database_url, free_port())
    worker = subprocess.Popen([sys.executable, "-m", "app", "work"], env=clean(env), cwd=ROOT)
    with serving(env):
        real_slack.connect_app(f"{env['PUBLIC_URL']}/slack/events")
        for number in range(5):
            real_slack.slash("/ring", f"Call {number}")
        assert real_slack.wait_until(lambda: len(real_slack.cards("C0GENERAL")) == 5, timeout=20)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=30) == 0
    assert len(real_slack.requests("calls.add")) == 5
