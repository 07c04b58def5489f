"""The buttons of a running call on the Home."""

from __future__ import annotations

from typing import Any

from slack_bolt import Ack, BoltContext

from app.listeners.actions.pressed import Buttons, Pressed
from app.services.calls import CallService


class CallButtons:
    def __init__(self, buttons: Buttons, call_service: CallService) -> None:
        self._buttons = buttons
        self._calls = call_service

    def join(self, ack: Ack) -> None:
        """A link, which Slack tells of all the same."""
        ack()

    def end(self, ack: Ack, body: dict[str, Any], context: BoltContext) -> None:
        ack()
        self._buttons.answer(body, context, self._end)

    def _end(self, pressed: Pressed) -> None:
        self._calls.end_call(pressed.actor, pressed.value)
