"""``demo``, before anything is started."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import clean, free_port


def test_with_a_token_of_ones_own_only_the_app_is_started(tmp_path: Path) -> None:
    """It then says what it lacks for that, as `serve` does."""
    done = subprocess.run(
        [sys.executable, "-m", "app", "demo"],
        env=clean({"SLACK_BOT_TOKEN": "xoxb-1"}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "starting the app only" in done.stdout
    assert "SLACK_SIGNING_SECRET: is missing" in done.stderr


@pytest.mark.parametrize("option", ["--port", "--workspace-port", "--room-port"])
def test_a_taken_port_is_named(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        ports = {name: free_port() for name in ("--port", "--workspace-port", "--room-port")} | {option: taken}
        done = subprocess.run(
            [sys.executable, "-m", "app", "demo", *(str(part) for pair in ports.items() for part in pair)],
            env=clean({}),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == f"Port {taken} is taken by another program. Choose another one with {option}.\n"
