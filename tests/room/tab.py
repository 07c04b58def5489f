"""A browser's tab as the room's server sees it, and an app as the room's webhooks see it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from app.room import LocalRoom
from tests.providers.standin import Reply, StandIn

WAIT_SECONDS = 5.0


class App:
    """The receiver of webhooks, and the sender of what the app asks."""

    def __init__(self) -> None:
        self.receiver = StandIn(lambda _: Reply(204))
        self.webhook_url = self.receiver.url + "/webhooks/standard"

    def told(self) -> list[dict[str, Any]]:
        """The bodies of all attempts, in the order of their arrival."""
        return [json.loads(asked.body) for asked in list(self.receiver.asked)]

    def story(self) -> list[str]:
        """What was told, in short: the event and the person's name or the title."""
        return [_short(told) for told in self.told()]


def _short(told: dict[str, Any]) -> str:
    data = told["data"]
    word = data.get("title") or data.get("participant", {}).get("name", "")
    return f"{told['type']} {word}".strip()


class Browser:
    """One person's browser: its cookie is who they are."""

    def __init__(self, room: LocalRoom) -> None:
        self.room = room
        self.http = httpx.Client(base_url=room.url, headers={"Origin": room.url}, trust_env=False, verify=False)

    def visit(self, meeting_id: str) -> httpx.Response:
        return self.http.get(f"/r/{meeting_id}", headers={"Accept": "text/html"})

    def join(self, meeting_id: str, name: str = "Ada", **more: Any) -> Tab:
        """Load the page, come in, and listen."""
        tab = self.knock(meeting_id, name, **more)
        tab.listen()
        return tab

    def knock(self, meeting_id: str, name: str = "Ada", **more: Any) -> Tab:
        """Come in without listening yet."""
        self.visit(meeting_id)
        answer = self.http.post(f"/r/{meeting_id}/join", json={"name": name, **more})
        assert answer.status_code == 201, answer.text
        return Tab(self, meeting_id, **answer.json())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()


class Tab:
    """One connection."""

    def __init__(self, browser: Browser, meeting_id: str, ticket: str, connection_id: str) -> None:
        self.id = connection_id
        self.messages: list[dict[str, Any]] = []
        self.last_number = ""
        self.is_listening = False
        self._browser = browser
        self._address = f"/r/{meeting_id}/as/{ticket}"
        self._heard = threading.Condition()
        self._line: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def say(self, action: str, **body: Any) -> httpx.Response:
        return self._browser.http.post(f"{self._address}/{action}", json=body)

    def listen(self) -> None:
        """Open the stream, as a browser does that has seen what this tab has seen."""
        parts = urlsplit(self._browser.room.url)
        connection = HTTPConnection(str(parts.hostname), parts.port, timeout=WAIT_SECONDS)
        connection.request("GET", f"{self._address}/events", headers={"Last-Event-ID": self.last_number})
        self._line = connection.sock
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        self.is_listening = True
        self._thread = threading.Thread(target=self._read, args=(connection, answer), daemon=True)
        self._thread.start()

    def hang_up(self) -> None:
        """Break the stream, as a dead network does."""
        if self._line and self._thread:
            self._line.shutdown(socket.SHUT_RDWR)
            self._thread.join()

    def wait_for(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message of this kind."""
        with self._heard:
            assert self._heard.wait_for(lambda: any(map(is_it, self.messages)), WAIT_SECONDS), self.messages
            return next(filter(is_it, self.messages))

    def wait_for_kind(self, kind: str) -> dict[str, Any]:
        return self.wait_for(lambda message: message["kind"] == kind)

    def kinds(self) -> list[str]:
        """What was heard, without the pings."""
        with self._heard:
            return [message["kind"] for message in self.messages if message["kind"] != "ping"]

    def wait_until_deaf(self) -> None:
        """Until the server ends the stream."""
        with self._heard:
            assert self._heard.wait_for(lambda: not self.is_listening, WAIT_SECONDS)

    def _read(self, connection: HTTPConnection, answer: Any) -> None:
        try:
            while line := answer.readline():
                self._take(line.decode().strip())
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
            with self._heard:
                self.is_listening = False
                self._heard.notify_all()

    def _take(self, line: str) -> None:
        name, _, value = line.partition(": ")
        with self._heard:
            if name == "id":
                self.last_number = value
            elif name == "data":
                self.messages.append(json.loads(value))
                self._heard.notify_all()
