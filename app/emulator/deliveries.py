"""Events on their way to the app, with Slack's retries.

Rules: https://docs.slack.dev/apis/events-api#retries. An event is sent when it happens; if the app does not answer
with 2xx in time it is sent again at once, after a minute and after five more, unless the app said not to.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from app.emulator.app_link import Answered, NoAppConnected
from app.emulator.errors import JsonObject

_log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = (0, 60, 300)
"""How long after a failure the first, second and third retry follow."""


@dataclass(frozen=True)
class Delivery:
    """One attempt to come: `retry` counts from 0, `reason` is why the attempt before failed."""

    team_id: str
    envelope: JsonObject
    due_at: float
    retry: int = 0
    reason: str = ""


class Deliveries:
    """The attempts that are still to be made; thread-safe. `send` makes one attempt."""

    def __init__(self, send: Callable[[Delivery], Answered], now: Callable[[], float]) -> None:
        self._send = send
        self._now = now
        self._changed = threading.Condition()
        self._pending: list[Delivery] = []
        self._worker: threading.Thread | None = None
        self._stopping = False

    def add(self, team_id: str, envelope: JsonObject) -> None:
        """An event has happened."""
        self._put(Delivery(team_id, envelope, self._now()))

    def deliver(self, team_id: str, envelope: JsonObject) -> Answered | None:
        """Send an event from this thread, and return the answer; None if there is no app to send it to."""
        return self._attempt(Delivery(team_id, envelope, self._now()))

    def pending(self) -> list[Delivery]:
        """What is still to be sent, the next first."""
        with self._changed:
            return sorted(self._pending, key=lambda each: each.due_at)

    def clear(self) -> None:
        """Forget what is still to be sent."""
        with self._changed:
            self._pending.clear()

    def deliver_due(self) -> list[Answered]:
        """Send everything whose time has come, and return how each attempt was answered."""
        attempts = []
        while (delivery := self._take_due()) is not None:
            answered = self._attempt(delivery)
            if answered is not None:
                attempts.append(answered)
        return attempts

    def start(self) -> None:
        """Send from a background thread from now on, by the real clock."""
        self._stopping = False
        self._worker = threading.Thread(target=self._work, name="emulator-events", daemon=True)
        self._worker.start()

    def stop(self) -> None:
        """Send no more from the background."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._worker is not None:
            self._worker.join()
            self._worker = None

    def _attempt(self, delivery: Delivery) -> Answered | None:
        try:
            answered = self._send(delivery)
        except NoAppConnected:
            return None
        self._retry(delivery, answered)
        return answered

    def _put(self, delivery: Delivery) -> None:
        with self._changed:
            self._pending.append(delivery)
            self._changed.notify_all()

    def _take_due(self) -> Delivery | None:
        with self._changed:
            now = self._now()
            due = next((each for each in self._pending if each.due_at <= now), None)
            if due is not None:
                self._pending.remove(due)
            return due

    def _retry(self, delivery: Delivery, answered: Answered) -> None:
        if not answered.reason or answered.is_final or delivery.retry >= len(RETRY_AFTER_SECONDS):
            return
        due_at = self._now() + RETRY_AFTER_SECONDS[delivery.retry]
        envelope = delivery.envelope
        self._put(Delivery(delivery.team_id, envelope, due_at, delivery.retry + 1, answered.reason))

    def _work(self) -> None:
        while self._wait_for_due():
            try:
                self.deliver_due()
            except Exception:  # noqa: BLE001 - whatever it is
                # One event that cannot be sent must not be the last.
                _log.exception("an event could not be sent")

    def _wait_for_due(self) -> bool:
        """Wait until an attempt is due; False when there is no more to do."""
        with self._changed:
            while not self._stopping and not self._is_due():
                self._changed.wait(self._seconds_to_wait())
            return not self._stopping

    def _is_due(self) -> bool:
        return any(each.due_at <= self._now() for each in self._pending)

    def _seconds_to_wait(self) -> float | None:
        waits = [each.due_at - self._now() for each in self._pending]
        return max(0.0, min(waits)) if waits else None
