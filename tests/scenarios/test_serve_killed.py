"""``serve`` is killed (SIGKILL, a real process) while it takes in a webhook and a command. What it has accepted is not
lost; what it has not answered is sent again, by the provider and by Slack, and nothing is doubled."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx
import psutil
import pytest
from sqlalchemy import func, select

from app.db.models import CALLS, DELIVERIES
from app.db.session import Database
from app.emulator import Emulator
from tests.processes import free_port, serving, settings
from tests.providers.standard.reference_server import ReferenceServer, delivered, webhook
from tests.reconciler.stage import GENERAL, names, person
from tests.scenarios.patience import PATIENCE_SECONDS, until
from tests.scenarios.stops import stops_for

UNANSWERED_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Request:
    """As it is sent, and sent again."""

    path: str
    body: bytes
    headers: dict[str, str]

    def send(self, url: str) -> int:
        answer = httpx.post(url + self.path, content=self.body, headers=self.headers, trust_env=False)
        return answer.status_code

    @contextmanager
    def sent(self, url: str) -> Iterator[socket.socket]:
        """The same, without reading an answer."""
        port = int(url.rsplit(":", 1)[1])
        head = {"Host": "localhost", "Content-Length": str(len(self.body)), **self.headers}
        lines = [f"POST {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as line:
            line.sendall("\r\n".join(lines).encode() + self.body)
            yield line


def joined(name: str) -> Request:
    """The provider's webhook."""
    body = webhook("participant.joined", datetime.now(UTC), participant=person(name))
    return Request("/webhooks/standard", body, delivered(body, datetime.now(UTC)))


def ring(slack: Emulator, title: str) -> Request:
    """The command, as Slack sends it: the ``trigger_id`` is its own."""
    who = {"team_id": "T0LOCAL", "channel_id": GENERAL, "user_id": "U0GRACE"}
    body = urlencode({"command": "/ring", "text": title, "trigger_id": f"1.{title}", **who}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", **slack.signed_headers(body)}
    return Request("/slack/events", body, headers)


def kill(served: subprocess.Popen[str]) -> None:
    """The server and the process in which it runs the app, at once, as when a machine fails."""
    server = psutil.Process(served.pid)
    every = [*server.children(recursive=True), server]
    for process in every:
        process.kill()
    psutil.wait_procs(every)


def taken_in(database: Database) -> tuple[int, int]:
    """How many webhooks and calls are stored."""
    with database.reading() as connection:
        webhooks = connection.execute(select(func.count()).select_from(DELIVERIES)).scalar_one()
        return webhooks, connection.execute(select(func.count()).select_from(CALLS)).scalar_one()


def says_nothing(line: socket.socket) -> bool:
    line.settimeout(UNANSWERED_SECONDS)
    try:
        line.recv(1)
    except TimeoutError:
        return True
    return False


def shows(slack: Emulator, *people: str, titles: set[str]) -> bool:
    """Whether the first card shows exactly these people, and there is one card for each title."""
    cards = slack.cards(GENERAL)
    held = [card for card in cards if card["name"] == "Weekly sync"]
    present = [names(card["active_participants"]) for card in held]
    return present == [list(people)] and sorted(card["name"] for card in cards) == sorted({"Weekly sync", *titles})


@pytest.fixture
def slack() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def test_nothing_accepted_is_lost_and_nothing_is_doubled(slack: Emulator, database_url: str) -> None:
    with ReferenceServer() as vendor, closing(Database(database_url)) as database:
        env = {**settings(slack, database_url, free_port()), **vendor.settings(), "DEFAULT_PROVIDER": "standard"}
        url = env["PUBLIC_URL"]

        with serving(env) as served, closing(stops_for(database_url)) as stops:
            assert ring(slack, "Weekly sync").send(url) == 200
            until(lambda: shows(slack, titles=set()))
            before = taken_in(database)
            ada, second = joined("Ada"), ring(slack, "Second")
            with stops.holding_writers(), ada.sent(url) as one, second.sent(url) as other:
                assert says_nothing(one)
                assert says_nothing(other)
                kill(served)
            assert taken_in(database) == before

        with serving(env) as served:
            assert [ada.send(url), second.send(url)] == [200, 200]
            until(lambda: shows(slack, "Ada", titles={"Second"}))
            before = taken_in(database)
            bob, third = joined("Bob"), ring(slack, "Third")
            with bob.sent(url), third.sent(url):
                until(lambda: taken_in(database) == (before[0] + 1, before[1] + 1))
                kill(served)

        with serving(env) as served:
            assert [bob.send(url), third.send(url)] == [200, 200]
            until(lambda: shows(slack, "Ada", "Bob", titles={"Second", "Third"}))
            assert taken_in(database) == (before[0] + 1, before[1] + 1)
            assert [joined("Cid").send(url), ring(slack, "Fourth").send(url)] == [200, 200]
            kill(served)

        with serving(env):
            until(lambda: shows(slack, "Ada", "Bob", "Cid", titles={"Second", "Third", "Fourth"}))
    assert len(slack.messages(GENERAL)) == len(vendor.meetings) == 4
