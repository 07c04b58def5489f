"""What a pressed button says, and how whoever pressed it is answered when it cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel
from slack_bolt import BoltContext

from app.listeners.actors import actor_of
from app.listeners.showing import show
from app.listeners.trouble import Trouble, attempt
from app.services.callers import Actor
from app.slack.clients import Clients
from app.slack.modals import told

Result = TypeVar("Result")


class _Option(BaseModel):
    value: str = ""


class _Action(BaseModel):
    value: str | None = None
    selected_option: _Option | None = None


class _Payload(BaseModel):
    """https://docs.slack.dev/reference/interaction-payloads/block_actions-payload"""

    trigger_id: str
    actions: list[_Action]


@dataclass(frozen=True, slots=True)
class Pressed:
    """Who has pressed a button, with what ``value``."""

    actor: Actor
    value: str
    trigger_id: str
    clients: Clients

    def show(self, view: Mapping[str, object]) -> str:
        """Open a modal. Returns the id of the view; ``""`` when that is not possible."""
        return show(self.clients, self.actor, self.trigger_id, view)


class Buttons:
    """Answers whoever presses one, whatever goes wrong."""

    def __init__(self, clients: Clients, command: str) -> None:
        self._clients = clients
        self._command = command

    def answer(self, body: Mapping[str, Any], context: BoltContext, do: Callable[[Pressed], object]) -> None:
        payload = _Payload.model_validate(body)
        actor = actor_of(body, context, self._clients)
        action = payload.actions[0] if payload.actions else _Action()
        value = action.selected_option.value if action.selected_option else action.value or ""
        pressed = Pressed(actor, value, payload.trigger_id, self._clients)
        came_to = self.attempt(pressed, lambda: do(pressed))
        if isinstance(came_to, Trouble):
            pressed.show(told("Not done", came_to.words))

    def attempt(self, pressed: Pressed, do: Callable[[], Result]) -> Result | Trouble:
        return attempt(do, pressed.actor, self._command)
