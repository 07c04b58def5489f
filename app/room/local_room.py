"""The room as tests and demos use it: a call provider that listens on a port of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from app.room.limits import LOOK_SECONDS
from app.room.loopback import LoopbackServer
from app.room.meetings import Meetings
from app.room.posting import require_address
from app.room.web import create_app
from app.room.webhooks import Courier

# Public: they open nothing but a room on the machine that it runs on.
API_KEY = "room-local-key"
WEBHOOK_SECRET = "whsec_bG9jYWwtcm9vbS1zZWNyZXQtZm9yLXRlc3RzLW9ubHk="  # noqa: S105
DEFAULT_PORT = 4020
NAME = "Local room"


class LocalRoom:
    """A call provider on localhost.

    ``webhook_url`` is where the app listens; without it nobody is told anything. ``now`` returns unix seconds and is
    the only clock of what the room reports, waits for and signs. ``ice_servers`` are addresses such as
    ``stun:stun.example.com`` for browsers that cannot reach each other directly; on one machine none is needed.
    """

    def __init__(
        self,
        webhook_url: str | None = None,
        now: Callable[[], float] = time.time,
        api_key: str = API_KEY,
        webhook_secret: str = WEBHOOK_SECRET,
        ice_servers: Sequence[str] = (),
    ) -> None:
        self.api_key = api_key
        self.webhook_secret = webhook_secret
        self._webhook_url = webhook_url
        self._now = now
        self._ice_servers = tuple(ice_servers)
        self._running: _Running | None = None

    def start(self, port: int = 0) -> LocalRoom:
        """Listen on a port of 127.0.0.1 (0: any free one), in the background, with no meetings.

        Raises ``ValueError`` when ``webhook_url`` is no address, and ``OSError`` when the port is taken.
        """
        if self._running is not None:
            raise RuntimeError("the room is already running")
        courier = Courier(self.webhook_secret, self._now)
        courier.connect(self._webhook_url)
        self._running = _Running(courier, Meetings(self._now, courier.tell), self.api_key, self._ice_servers, port)
        return self

    def stop(self) -> None:
        """Stop at once and forget everything; without effect when it is stopped."""
        running, self._running = self._running, None
        if running:
            running.stop()

    def __enter__(self) -> LocalRoom:
        return self if self._running else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where the room listens, without a slash at the end."""
        return self._get().server.url

    def settings(self) -> dict[str, str]:
        """The app's settings for this room, by their names in the environment."""
        return {
            "STANDARD_URL": self.url,
            "STANDARD_API_KEY": self.api_key,
            "STANDARD_WEBHOOK_SECRET": self.webhook_secret,
            "STANDARD_NAME": NAME,
        }

    def connect_app(self, webhook_url: str | None) -> None:
        """Say where the app listens for webhooks, such as ``http://127.0.0.1:8000/webhooks/standard``.

        Raises ``ValueError`` when it is no address.
        """
        if webhook_url is not None:
            require_address(webhook_url)
        self._webhook_url = webhook_url
        if self._running:
            self._running.courier.connect(webhook_url)

    def look_around(self) -> None:
        """Do now what time does by itself within a second: notice who is gone, and what is to be sent again."""
        running = self._get()
        running.meetings.sweep()
        running.courier.look_again()

    def wait_until_told(self, timeout: float = 5.0) -> bool:
        """Wait until no webhook is due; False if one still was after ``timeout`` seconds."""
        return self._get().courier.wait_until_quiet(timeout)

    def _get(self) -> _Running:
        if self._running is None:
            raise RuntimeError("the room is not running")
        return self._running


class _Running:
    """Everything that lives from a start to its stop."""

    def __init__(
        self, courier: Courier, meetings: Meetings, api_key: str, ice_servers: tuple[str, ...], port: int
    ) -> None:
        self.courier = courier
        self.meetings = meetings
        self.server = LoopbackServer(create_app(meetings, api_key, lambda: self.server.url, ice_servers), port)
        self._stopped = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="room-keeper", daemon=True)
        courier.start()
        self._keeper.start()
        self.server.start()

    def stop(self) -> None:
        self._stopped.set()
        self.meetings.close()
        self.server.stop()
        self._keeper.join()
        self.courier.stop()

    def _keep(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            self.meetings.sweep()
