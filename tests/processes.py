"""The app as processes of its own, in real time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from app.emulator import Emulator

ROOT = Path(__file__).parent.parent


def clean(env: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **env}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def settings(slack: Emulator, database_url: str, port: int) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": "xoxb-local",
        "SLACK_SIGNING_SECRET": "local-secret",
        "SLACK_API_URL": slack.api_url,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATABASE_URL": database_url,
        "LINK_TEMPLATE": "https://meet.example.com/{slug}",
    }


@contextmanager
def serving(env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """``serve`` as a process, ready to be asked; what it prints is not shown."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "serve"], env=clean(env), cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{env['PORT']}/readyz")
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _wait_until_ready(process: subprocess.Popen[str], url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        try:
            process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(f"serve did not start: {process.stderr and process.stderr.read()}")
