"""Starting and stopping."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from app.room import LocalRoom
from tests.providers.standin import SAY_NOTHING
from tests.room.tab import App, Browser

ROOT = Path(__file__).resolve().parents[2]


def room_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("room")]


def test_it_listens_only_on_this_machine() -> None:
    with LocalRoom() as room:
        assert urlsplit(room.url).hostname == "127.0.0.1"


def test_it_listens_on_the_port_it_was_given() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with LocalRoom().start(port) as room:
        assert room.url == f"http://127.0.0.1:{port}"
        with pytest.raises(OSError, match="in use"):
            LocalRoom().start(port)


def test_it_starts_once(room: LocalRoom) -> None:
    with pytest.raises(RuntimeError, match="already running"):
        room.start()


def test_it_can_be_stopped_twice_and_started_again() -> None:
    room = LocalRoom().start()
    room.stop()
    room.stop()
    with pytest.raises(RuntimeError, match="not running"):
        _ = room.url
    with room:
        assert httpx.get(room.url, verify=False).status_code == 200


def test_it_says_what_the_app_needs(room: LocalRoom) -> None:
    settings = room.settings()
    assert set(settings) == {"STANDARD_URL", "STANDARD_API_KEY", "STANDARD_WEBHOOK_SECRET", "STANDARD_NAME"}
    assert settings["STANDARD_URL"] == room.url


def test_the_stop_is_quick_and_leaves_no_thread(room: LocalRoom, app: App, meeting_id: str, ada: Browser) -> None:
    """With streams open, idle connections kept, and a webhook that gets no answer."""
    app.receiver.next_reply(SAY_NOTHING)
    tabs = [ada.join(meeting_id) for _ in range(3)]
    assert not room.wait_until_told(timeout=0.1)
    before = time.monotonic()
    room.stop()
    assert time.monotonic() - before < 1
    while room_threads() and time.monotonic() - before < 2:
        time.sleep(0.01)
    assert room_threads() == []
    for tab in tabs:
        tab.wait_until_deaf()


def test_the_command() -> None:
    command = [sys.executable, "-m", "app.room", "--port", "0", "--ice-server", "stun:stun.example.com"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert process.stdout.readline() == f"STANDARD_URL={url}\n"
        headers = {"Authorization": "Bearer room-local-key"}
        created = httpx.post(
            f"{url}/meetings", json={"key": "k"}, headers=headers, trust_env=False, verify=False
        ).json()
        assert "stun:stun.example.com" in httpx.get(created["join_url"], trust_env=False, verify=False).text
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0


def say_no(*options: str) -> str:
    """What the command says when it ends at once."""
    command = [sys.executable, "-m", "app.room", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_the_command_says_that_the_port_is_taken(room: LocalRoom) -> None:
    port = str(urlsplit(room.url).port)
    expected = f"The room cannot listen on port {port} (Address already in use): name another one with --port.\n"
    assert say_no("--port", port) == expected


def test_the_command_says_that_the_address_is_none() -> None:
    said = say_no("--port", "0", "--webhook-url", "http://127.0.0.1:abc/")
    assert said.startswith("'http://127.0.0.1:abc/' is no address")
    assert said.count("\n") == 1
