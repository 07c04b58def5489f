"""Slack's rate limits: so many requests a minute for each method and team, and a pace for each channel.

Tiers and rules: https://docs.slack.dev/apis/web-api/rate-limits. Slack publishes no burst sizes; here a method
may use its whole minute at once, and a channel may take a few messages in a row.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping

from app.emulator.errors import Misused

WINDOW_SECONDS = 60
TIER_2 = 20
TIER_3 = 50
TIER_4 = 100
SPECIAL = 300
"""`several hundred` a minute, as the documentation says of chat.postMessage and auth.test."""

POSTS_PER_SECOND = 1.0
POST_BURST = 5


class RateLimits:
    """Decides for each request whether it may pass now; thread-safe."""

    def __init__(self, per_minute: Mapping[str, int], now: Callable[[], float]) -> None:
        self._defaults = dict(per_minute)
        self._now = now
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Back to the documented numbers, with nothing used up."""
        with self._lock:
            self._on = True
            self._per_minute = dict(self._defaults)
            self._forget()

    def off(self) -> None:
        """Let everything pass, also the pace of messages in a channel."""
        self._on = False

    def on(self) -> None:
        """Limit again, starting with nothing used up."""
        with self._lock:
            self._on = True
            self._forget()

    def set(self, method: str, per_minute: int) -> None:
        """Allow a method so many requests a minute for each team."""
        if per_minute < 1:
            raise Misused("a method needs at least one request a minute")
        if method not in self._defaults:
            raise Misused(f"there is no method {method!r} to limit")
        with self._lock:
            self._per_minute[method] = per_minute

    def change(self, values: Mapping[str, object]) -> None:
        """Set `on` and the `per_minute` of several methods from JSON; Misused says what does not fit."""
        per_minute = values.get("per_minute", {})
        if set(values) - {"on", "per_minute"} or not isinstance(per_minute, dict):
            raise Misused("limits have `on` and `per_minute`")
        for method, limit in per_minute.items():
            if isinstance(limit, bool) or not isinstance(limit, int):
                raise Misused(f"{limit!r} is no number of requests a minute")
            self.set(method, limit)
        if "on" in values and values["on"] != self._on:
            (self.on if values["on"] else self.off)()

    def admit(self, method: str, team_id: str, channel: str | None = None) -> int | None:
        """Count a request and return None, or the seconds to wait if it comes too soon.

        A refused request is not counted, so waiting as told always helps.
        """
        if not self._on:
            return None
        with self._lock:
            now = self._now()
            wait = max(self._method_wait(method, team_id, now), self._channel_wait(team_id, channel, now))
            if wait > 0:
                return max(1, math.ceil(wait))
            self._count(method, team_id, channel, now)
        return None

    def described(self) -> dict[str, object]:
        """The limits in force, for people and pages."""
        return {
            "on": self._on,
            "per_minute": dict(self._per_minute),
            "posts_per_second_and_channel": POSTS_PER_SECOND,
            "post_burst": POST_BURST,
        }

    def _forget(self) -> None:
        self._passed: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._channel_free_at: dict[tuple[str, str], float] = {}

    def _method_wait(self, method: str, team_id: str, now: float) -> float:
        limit = self._per_minute[method]
        passed = self._passed[method, team_id]
        while passed and passed[0] <= now - WINDOW_SECONDS:
            passed.popleft()
        # After a limit was lowered, more than one request may have to leave the window first.
        return passed[-limit] + WINDOW_SECONDS - now if len(passed) >= limit else 0

    def _channel_wait(self, team_id: str, channel: str | None, now: float) -> float:
        if channel is None:
            return 0
        free_at = self._channel_free_at.get((team_id, channel), now)
        return free_at - now - (POST_BURST - 1) / POSTS_PER_SECOND

    def _count(self, method: str, team_id: str, channel: str | None, now: float) -> None:
        self._passed[method, team_id].append(now)
        if channel is not None:
            free_at = max(now, self._channel_free_at.get((team_id, channel), now))
            self._channel_free_at[team_id, channel] = free_at + 1 / POSTS_PER_SECOND
