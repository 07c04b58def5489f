"""How long a slash command waits for its acknowledgement, beside a Bolt app that does nothing but acknowledge."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from app.emulator import Emulator
from bench.figures import Figure, at_most, in_turn
from bench.load import Line
from bench.scene import command_request, migrated
from bench.servers import HOST, Server, app_server, floor_server

TARGET = 2.0
ROUNDS = 60
PAUSE_SECONDS = 0.1
"""After each command, so that what it has begun is mostly over before the next side is asked."""
LINK = {"LINK_TEMPLATE": "https://meet.example.com/{slug}"}


@dataclass(frozen=True, slots=True)
class Asker:
    """Sends signed commands to one server over a kept connection, as Slack does."""

    line: Line
    sign: Callable[[bytes], dict[str, str]]
    words: str

    def ask(self) -> float:
        """One command; returns the milliseconds until it was acknowledged."""
        # A channel each: a call that is refused there ends at once, and none gathers in anybody's list.
        channel = f"C{secrets.token_hex(5).upper()}"
        answer, seconds = self.line.ask(command_request(self.sign, "Weekly sync", channel=channel))
        if answer.status != 200 or self.words.encode() not in answer.body:
            raise RuntimeError(f"Not the acknowledgement: {answer.status} {answer.body!r}")
        time.sleep(PAUSE_SECONDS)
        return seconds * 1000


def run(folder: Path) -> Iterator[Figure]:
    with ExitStack() as stack:
        slack = stack.enter_context(Emulator())
        env = {"FLOOR_SIGNING_SECRET": slack.signing_secret}
        servers = {
            "app": stack.enter_context(app_server(folder, _settings(folder, slack))),
            "floor": stack.enter_context(floor_server(folder, "bench.floors:bolt", env)),
            "in thread": stack.enter_context(floor_server(folder, "bench.floors:bolt_in_thread", env)),
        }
        lines = {name: stack.enter_context(closing(_line(server))) for name, server in servers.items()}
        askers = {name: Asker(line, slack.signed_headers, "Starting") for name, line in lines.items()}
        figures = in_turn(ROUNDS, {name: asker.ask for name, asker in askers.items()})
    yield _figure("acknowledgement of /ring", figures["app"], figures["floor"], promised=True)
    yield _figure("  … beside Bolt in the thread of the request", figures["app"], figures["in thread"], promised=False)


def _figure(name: str, ours: list[float], floor: list[float], *, promised: bool) -> Figure:
    ratio = median(ours) / median(floor)
    target, ok = at_most(TARGET, ratio) if promised else ("", None)
    measured, bare = f"{median(ours):.1f} ms", f"{median(floor):.1f} ms"
    return Figure(name=name, measured=measured, floor=bare, ratio=ratio, target=target, ok=ok)


def _settings(folder: Path, slack: Emulator) -> dict[str, str]:
    url = f"sqlite:///{folder / 'app.db'}"
    migrated(url).close()
    return {"DATABASE_URL": url, "SLACK_API_URL": slack.api_url, **LINK}


def _line(server: Server) -> Line:
    return Line((HOST, server.port))
