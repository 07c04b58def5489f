"""How much memory `serve` holds while nothing happens, all its processes together."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from app.emulator import Emulator
from bench.ack import LINK
from bench.figures import Figure
from bench.load import Line, request_bytes, send_all
from bench.scene import LIVEKIT, Deliveries, coming_and_going, migrated, stand_calls
from bench.servers import HOST, Server, app_server

MOST_MIB = 150
REST_SECONDS = 3.0
FEW = 200


def run(folder: Path) -> Iterator[Figure]:
    url = f"sqlite:///{folder / 'app.db'}"
    with Emulator() as slack, closing(migrated(url)) as database:
        rooms = stand_calls(database, slack, 10)
        env = {"DATABASE_URL": url, "SLACK_API_URL": slack.api_url, "DEFAULT_PROVIDER": "livekit", **LIVEKIT, **LINK}
        with app_server(folder, env) as server:
            time.sleep(REST_SECONDS)
            if _mib(server, "Pss") is None:
                print("memory: this system does not tell; Linux does.")
                return
            yield _figure("memory of serve, idle", server, promised=True)
            _ask(server)
            yield _figure("  … after one request", server, promised=True)
            _send(server, rooms)
            time.sleep(REST_SECONDS)
            yield _figure(f"  … after {FEW} webhooks", server, promised=False)


def _figure(name: str, server: Server, *, promised: bool) -> Figure:
    pss, rss, count = _mib(server, "Pss") or 0.0, _mib(server, "Rss") or 0.0, len(server.processes())
    measured = f"{pss:.0f} MiB ({count} processes, RSS {rss:.0f})"
    if not promised:
        return Figure(name=name, measured=measured)
    return Figure(name=name, measured=measured, target=f"< {MOST_MIB} MiB", ok=pss < MOST_MIB)


def _mib(server: Server, kind: str) -> float | None:
    """The sum over all processes. Pss counts a page that several of them share once; Rss counts it for each."""
    try:
        told = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in server.processes()]
    except OSError:
        return None
    sizes = [re.search(rf"^{kind}: +(\d+) kB", each, re.MULTILINE) for each in told]
    return sum(int(size[1]) for size in sizes if size) / 1024


def _ask(server: Server) -> None:
    with closing(Line((HOST, server.port))) as line:
        line.ask(request_bytes("GET", "/readyz", {}))


def _send(server: Server, rooms: list[str]) -> None:
    deliveries, now = Deliveries(), datetime.now(UTC)
    send_all((HOST, server.port), [deliveries.request(told, now) for told in coming_and_going(rooms, FEW)])
