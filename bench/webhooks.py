"""Webhooks accepted per second: verified, stored, folded and committed, beside one HMAC and one insert."""

from __future__ import annotations

import importlib.util
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

import psycopg
from sqlalchemy.engine import make_url

from app.emulator import Emulator
from bench import floors
from bench.figures import Figure, at_least, in_turn, median_ratio
from bench.load import Sent, request_bytes, send_all
from bench.scene import LIVEKIT, Deliveries, coming_and_going, migrated, stand_calls
from bench.servers import HOST, Server, app_server, floor_server, gunicorn_server
from tests.databases import NoPostgresql, fresh_database_url

TARGET = 0.4
ROUNDS = 7
REQUESTS = 2000
CALLS = 50


@dataclass(slots=True)
class Side:
    """One server and what it was sent. ``measure`` sends one round and returns how many a second were accepted."""

    server: Server
    make_requests: Callable[[], list[bytes]]
    sent: list[Sent] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def measure(self) -> float:
        requests = self.make_requests()
        before = self.server.cpu_seconds()
        sent = send_all((HOST, self.server.port), requests)
        after = self.server.cpu_seconds()
        if set(sent.statuses) != {200}:
            raise RuntimeError(f"Not all were accepted: {dict(sent.statuses)}")
        self.sent.append(sent)
        if before is not None and after is not None:
            self.cpu.append((after - before) / len(requests))
        return sent.per_second

    @property
    def own_cost(self) -> float:
        """Seconds of processor time that sending one request costs here."""
        return median(sent.own_cpu_seconds / REQUESTS for sent in self.sent)


def run(folder: Path) -> Iterator[Figure]:
    yield from _on_sqlite(folder)
    yield from _on_postgresql(folder)


def _on_sqlite(folder: Path) -> Iterator[Figure]:
    with ExitStack() as stack:
        app = stack.enter_context(_app(folder, f"sqlite:///{folder / 'app.db'}"))
        sides = {"app": app, "floor": stack.enter_context(_sqlite_floor(folder, floor_server))}
        if importlib.util.find_spec("gunicorn"):
            sides["gunicorn"] = stack.enter_context(_sqlite_floor(folder, gunicorn_server))
        else:
            print("webhooks: gunicorn is not installed here, so it is not measured beside granian.")
        rates = in_turn(ROUNDS, {name: side.measure for name, side in sides.items()})
    target, ok = at_least(TARGET, median_ratio(rates["app"], rates["floor"]))
    yield _figure("webhooks/s, SQLite", rates["app"], rates["floor"], target=target, ok=ok)
    yield from _cpu(sides["app"], sides["floor"])
    if "gunicorn" in sides:
        yield _figure("bare insert/s, gunicorn beside granian", rates["gunicorn"], rates["floor"])


def _on_postgresql(folder: Path) -> Iterator[Figure]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(fresh_database_url(folder, _migrate, "postgresql"))
        except (NoPostgresql, ImportError, psycopg.OperationalError) as error:
            print(f"webhooks: not measured on PostgreSQL: {error}")
            return
        app = stack.enter_context(_app(folder, url))
        floor = stack.enter_context(_postgresql_floor(folder, url))
        rates = in_turn(ROUNDS, {"app": app.measure, "floor": floor.measure})
    yield _figure("webhooks/s, PostgreSQL", rates["app"], rates["floor"])


def _figure(name: str, ours: list[float], floor: list[float], *, target: str = "", ok: bool | None = None) -> Figure:
    return Figure(
        name=name,
        measured=f"{median(ours):,.0f}",
        floor=f"{median(floor):,.0f}",
        ratio=median_ratio(ours, floor),
        target=target,
        ok=ok,
    )


def _cpu(app: Side, floor: Side) -> Iterator[Figure]:
    """The second witness: other people's work on the machine takes time from us, but is not counted here."""
    if not app.cpu or not floor.cpu:
        return
    ours, bare = median(app.cpu), median(floor.cpu)
    yield Figure(
        name="  processor time of a request",
        measured=f"{ours * 1e6:.0f} µs",
        floor=f"{bare * 1e6:.0f} µs",
        ratio=bare / ours,
    )
    yield Figure(
        name="  … and of sending it, not in the above",
        measured=f"{app.own_cost * 1e6:.0f} µs",
        floor=f"{floor.own_cost * 1e6:.0f} µs",
    )


# The two sides.


@contextmanager
def _app(folder: Path, url: str) -> Iterator[Side]:
    with Emulator() as slack, closing(migrated(url)) as database:
        rooms = stand_calls(database, slack, CALLS)
        env = {"DATABASE_URL": url, "SLACK_API_URL": slack.api_url, **LIVEKIT}
        with app_server(folder, env) as server:
            yield Side(server, partial(_webhooks, Deliveries(), rooms))


def _webhooks(deliveries: Deliveries, rooms: list[str]) -> list[bytes]:
    now = datetime.now(UTC)
    return [deliveries.request(told, now) for told in coming_and_going(rooms, REQUESTS)]


@contextmanager
def _sqlite_floor(folder: Path, serve: Callable[..., AbstractContextManager[Server]]) -> Iterator[Side]:
    file = folder / f"{serve.__name__}.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(floors.TABLE)
    with serve(folder, "bench.floors:sqlite_insert", {"FLOOR_DATABASE": str(file)}) as server:
        yield Side(server, _floor_requests)


@contextmanager
def _postgresql_floor(folder: Path, url: str) -> Iterator[Side]:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(floors.POSTGRESQL_TABLE)
    with floor_server(folder, "bench.floors:postgresql_insert", {"FLOOR_DATABASE": address}) as server:
        yield Side(server, _floor_requests)


def _floor_requests() -> list[bytes]:
    """Bodies like the app's, so that both sides read, sign and store as much."""
    now, deliveries = datetime.now(UTC), Deliveries()
    bodies = [deliveries.body(told, now) for told in coming_and_going(["room"] * CALLS, REQUESTS)]
    return [request_bytes("POST", floors.INSERT, _floor_headers(body), body) for body in bodies]


def _floor_headers(body: bytes) -> Mapping[str, str]:
    return {"Content-Type": "application/webhook+json", floors.SIGNATURE_HEADER: floors.signature(body)}


def _migrate(url: str) -> None:
    migrated(url).close()
