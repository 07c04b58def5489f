"""Trigger ids: the proof that a person just did something, which a modal needs to open.

They live three seconds and open one thing: https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.emulator.errors import SlackError
from app.emulator.ids import Ids

LIFETIME_SECONDS = 3


@dataclass
class Trigger:
    """What one person did; `in_modal` says whether they did it inside a modal."""

    user_id: str
    expires_at: float
    in_modal: bool = False
    used: bool = False


class Triggers:
    """All trigger ids of one workspace. The caller holds the workspace's lock."""

    def __init__(self, ids: Ids, now: Callable[[], float]) -> None:
        self._ids = ids
        self._now = now
        self._triggers: dict[str, Trigger] = {}

    def mint(self, user_id: str, *, in_modal: bool = False) -> str:
        """A new trigger id for what somebody does now."""
        trigger_id = f"{self._ids.number()}.{self._ids.number()}.{self._ids.secret()}"
        self._triggers[trigger_id] = Trigger(user_id, self._now() + LIFETIME_SECONDS, in_modal)
        return trigger_id

    def use(self, trigger_id: str) -> Trigger:
        """Exchange a trigger id, once and in time; else `expired_`, `exchanged_` or `invalid_trigger_id`."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self._now() > trigger.expires_at:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger
