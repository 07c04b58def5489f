"""What the app is told: signed as Standard Webhooks says, tried again as the contract says."""

from __future__ import annotations

import heapq
import json
import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from standardwebhooks import Webhook

from app.room.errors import JsonObject
from app.room.posting import Poster, require_address

RETRY_SECONDS = (5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0)
"""The pauses before each further attempt; after the last of them it is given up."""
MOST_WAITING = 10_000

_LOOK_SECONDS = 0.5
_STOP_SECONDS = 2.0
_GONE = 410
_log = logging.getLogger(__name__)


@dataclass(order=True)
class Delivery:
    """A webhook on its way: the same ``id`` and ``body`` at every attempt. Sorted by when its next one is due."""

    due_at: float
    number: int
    id: str = field(compare=False)
    body: bytes = field(compare=False)
    attempts: int = field(default=0, compare=False)


class Courier:
    """Delivers one webhook after the other, in the order in which things happened.

    One that failed waits by itself and holds nobody up; one that gets no
    answer holds the others up until its time is over. ``now`` returns unix seconds, the only clock here.
    """

    def __init__(self, secret: str, now: Callable[[], float]) -> None:
        self.url: str | None = None
        self._signer = Webhook(secret)
        self._now = now
        self._poster = Poster()
        self._waiting: list[Delivery] = []
        self._count = 0
        self._busy = False
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="room-webhooks", daemon=True)

    def connect(self, url: str | None) -> None:
        """Send everything to this address from now on; with None what happens is told to nobody.

        Raises ``ValueError`` when it is no address.
        """
        if url is not None:
            require_address(url)
        with self._changed:
            self.url = url
            self._changed.notify_all()

    def tell(self, kind: str, happened_at: str, data: JsonObject) -> None:
        """Queue a webhook."""
        body = json.dumps({"type": kind, "timestamp": happened_at, "data": data}, ensure_ascii=False)
        with self._changed:
            if self.url is None or len(self._waiting) >= MOST_WAITING:
                _log.info("%s is told to nobody", kind)
                return
            self._count += 1
            delivery = Delivery(self._now(), self._count, f"msg_{secrets.token_hex(12)}", body.encode())
            heapq.heappush(self._waiting, delivery)
            self._changed.notify_all()

    def start(self) -> None:
        """Begin to deliver, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop at once; what was not delivered is lost."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._poster.cut()
        if self._thread.ident:
            self._thread.join(_STOP_SECONDS)  # only connecting to a host far away can take longer

    def wait_until_quiet(self, timeout: float) -> bool:
        """Wait until nothing is due now; False if something still was after ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy and not self._is_due(), timeout)

    def look_again(self) -> None:
        """Say that the clock was moved."""
        with self._changed:
            self._changed.notify_all()

    def _run(self) -> None:
        while (delivery := self._next()) is not None:
            again_in = self._attempt(delivery)
            with self._changed:
                if again_in is not None:
                    delivery.due_at = self._now() + again_in
                    heapq.heappush(self._waiting, delivery)
                self._busy = False
                self._changed.notify_all()

    def _next(self) -> Delivery | None:
        """Wait for the next one that is due, and take it; None after the stop."""
        with self._changed:
            while not self._stopped:
                if self._is_due():
                    self._busy = True
                    return heapq.heappop(self._waiting)
                self._changed.wait(_LOOK_SECONDS if self._waiting else None)
            return None

    def _is_due(self) -> bool:
        return bool(self._waiting) and self._waiting[0].due_at <= self._now()

    def _attempt(self, delivery: Delivery) -> float | None:
        """Try once; returns in how many seconds to try again, or None when done with it."""
        url = self.url
        if url is None:
            return None
        delivery.attempts += 1
        status = self._poster.post(url, self._headers(delivery), delivery.body)
        if status is not None and status < 300:
            return None
        if status == _GONE:
            self._disconnect(url)
        elif status is None or status == 429 or status >= 500:
            return self._pause_after(delivery, status)
        _log.warning("webhook %s was refused with %s and is given up", delivery.id, status)
        return None

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        at = datetime.fromtimestamp(self._now(), UTC)
        return {
            "Content-Type": "application/json",
            "User-Agent": "Switchboard-Local-Room",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._signer.sign(delivery.id, at, delivery.body.decode()),
        }

    @staticmethod
    def _pause_after(delivery: Delivery, status: int | None) -> float | None:
        if delivery.attempts > len(RETRY_SECONDS):
            _log.warning("webhook %s is given up after %d attempts", delivery.id, delivery.attempts)
            return None
        pause = RETRY_SECONDS[delivery.attempts - 1]
        _log.info("webhook %s: %s; again in %.0f s", delivery.id, status or "no answer", pause)
        return pause

    def _disconnect(self, url: str) -> None:
        """Standard Webhooks: 410 means that the receiver wants no more of them."""
        _log.warning("the receiver of webhooks answers 410: it is told nothing more")
        with self._changed:
            if self.url == url:
                self.url = None
                self._waiting.clear()
