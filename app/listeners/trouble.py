"""What a person is told when something cannot be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from app import logs
from app.errors import NotAsEntered, WishRefused
from app.services.callers import Actor
from app.slack import texts

Result = TypeVar("Result")
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """``words`` say what to do; ``at_fields`` are sentences by the name of what was entered, where that is it."""

    words: str
    at_fields: Mapping[str, str] = field(default_factory=dict)


def attempt(do: Callable[[], Result], actor: Actor, command: str) -> Result | Trouble:
    """The last border on the way to a person: whatever went wrong, they are answered, and the log says more."""
    try:
        return do()
    except NotAsEntered as refusal:
        return Trouble(texts.refused(refusal, command), refusal.problems)
    except WishRefused as refusal:
        return Trouble(texts.refused(refusal, command))
    except Exception:  # the person must be answered, whatever went wrong
        reference = logs.new_reference()
        log.exception("not done", reference=reference, team_id=actor.team_id, user_id=actor.user_id)
        return Trouble(texts.went_wrong(reference))
