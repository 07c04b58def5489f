"""What the app's answer to an interaction means for the person: closed, changed or new views, or an error."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from app.emulator.app_link import Answered
from app.emulator.block_kit.views import checked_view
from app.emulator.errors import JsonObject, SlackError
from app.emulator.views import View
from app.emulator.workspace import Workspace


@dataclass(frozen=True)
class InteractionAnswer:
    """How the app answered: HTTP `status` (0 for none, or nothing was sent) and `body`.

    `error` is what went wrong, for the person to see: `operation_timeout`, `dispatch_failed` or a code of Slack's;
    `errors` are the words to show under single inputs of a modal, by block id.
    """

    status: int = 0
    body: str = ""
    seconds: float = 0.0
    error: str = ""
    errors: dict[str, str] = field(default_factory=dict)


def offered(answered: Answered) -> list[JsonObject]:
    """The options in the app's answer, none if it makes no sense."""
    if failure(answered):
        return []
    try:
        answer = json.loads(answered.body)
    except ValueError:
        return []
    listed = (answer.get("options") or answer.get("option_groups")) if isinstance(answer, dict) else None
    return listed if isinstance(listed, list) else []


def failure(answered: Answered) -> str:
    """What went wrong on the way, nothing if the app took the interaction."""
    if answered.is_late:
        return "operation_timeout"
    return "" if answered.status == 200 else "dispatch_failed"


def told(answered: Answered, error: str = "", errors: dict[str, str] | None = None) -> InteractionAnswer:
    """How the app answered, for the person."""
    return InteractionAnswer(answered.status, answered.body, answered.seconds, error or failure(answered), errors or {})


def follow(workspace: Workspace, view: View, answered: Answered) -> InteractionAnswer:
    """Do what the answer to a submission says.

    https://docs.slack.dev/surfaces/modals#response_actions
    """
    if failure(answered):
        return told(answered)
    try:
        answer = json.loads(answered.body) if answered.body.strip() else {}
        if not isinstance(answer, dict):
            raise SlackError("invalid_response")
        return told(answered, errors=_act(workspace, view, answer))
    except ValueError:
        return told(answered, "invalid_json")
    except SlackError as error:
        return told(answered, error.code)


def _act(workspace: Workspace, view: View, answer: JsonObject) -> dict[str, str]:
    match answer.get("response_action"):
        case None:
            workspace.views.close(view)
        case "clear":
            workspace.views.clear(view.user_id)
        case "update":
            workspace.views.update(view, checked_view(answer.get("view"), workspace.calls.__contains__))
        case "push":
            workspace.views.push(view.user_id, checked_view(answer.get("view"), workspace.calls.__contains__))
        case "errors":
            return _input_errors(view, answer.get("errors"))
        case _:
            raise SlackError("invalid_response_action")
    return {}


def _input_errors(view: View, errors: object) -> dict[str, str]:
    """Errors can only be shown under inputs that the view has."""
    inputs = {block["block_id"] for block in view.definition["blocks"] if block.get("type") == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise SlackError("invalid_errors")
    return {str(block_id): str(words) for block_id, words in errors.items()}
