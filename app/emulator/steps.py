"""Custom workflow steps: functions of the app that somebody's workflow runs.

https://docs.slack.dev/workflows/workflow-steps
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from app.emulator.errors import JsonObject, SlackError
from app.emulator.events import happened
from app.emulator.workspace import Grant, Workspace

if TYPE_CHECKING:
    from app.emulator.slack import Slack

TOKEN_SECONDS = 900
_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "slack#/types/rich_text": (dict,),
    "slack#/types/timestamp": (int,),
    "string": (str,),
}
_ANY_OTHER = (str,)
"""Slack's own types are ids: of people, channels, …"""


@dataclass
class Step:
    """One run of a function; `outputs` or `error` are what the app completed it with."""

    id: str
    callback_id: str
    inputs: JsonObject
    token: str
    state: Literal["running", "succeeded", "failed"] = "running"
    outputs: JsonObject | None = None
    error: str | None = None


def run_step(slack: Slack, callback_id: str, inputs: JsonObject, team: str | None = None) -> Step:
    """Run a function of the app as a workflow would; the app hears of it with `function_executed`."""
    workspace = slack.workspace(team)
    function = _function(slack, callback_id)
    _check("input", function, inputs)
    with workspace.lock:
        bot = workspace.bot_grant()
        token = f"xwfp-{slack.ids.number()}-{slack.ids.secret()}"
        expires_at = slack.now() + TOKEN_SECONDS
        workspace.add_grant(Grant(token, bot.user_id, bot.scopes, bot.bot_id, expires_at, is_temporary=True))
        step = Step(slack.ids.next("Fx"), callback_id, inputs, token)
        workspace.steps[step.id] = step
        happened(slack, workspace, _event(slack, function, step))
    slack.deliveries.deliver_due()
    return step


def complete(
    slack: Slack, workspace: Workspace, execution_id: str, outputs: Any = None, error: str | None = None
) -> None:
    """The app says that it is done; the step's token ends with it. The caller holds the workspace's lock."""
    step = workspace.steps.get(execution_id)
    if step is None:
        raise SlackError("function_execution_not_found")
    if step.state != "running":
        raise SlackError("execution_not_in_running_state")
    if error is None:
        _check("output", _function(slack, step.callback_id), outputs)
        step.state, step.outputs = "succeeded", outputs
    else:
        step.state, step.error = "failed", error
    slack.installs.revoke(step.token, "token_expired")


def _function(slack: Slack, callback_id: str) -> JsonObject:
    """What the manifest says of a function; without a manifest there is one of every name, without parameters."""
    if slack.manifest is None:
        return {"callback_id": callback_id, "title": callback_id}
    if callback_id not in slack.manifest.functions:
        raise SlackError("function_not_found")
    return {"callback_id": callback_id, **slack.manifest.functions[callback_id]}


def _check(kind: str, function: JsonObject, values: Any) -> None:
    """Refuse values that the function did not declare, or did declare otherwise."""
    if not isinstance(values, dict):
        raise SlackError("invalid_arguments", "must provide an object [json-pointer:/outputs]")
    declared = function.get(f"{kind}_parameters")
    if declared is None:
        return
    missing = [name for name in declared.get("required", []) if values.get(name) is None]
    wrong = [name for name, value in values.items() if not _fits(declared["properties"].get(name), value)]
    if missing or wrong:
        words = (f"{name} is missing" for name in missing), (f"{name} does not fit" for name in wrong)
        raise SlackError("parameter_validation_failed", *(each for group in words for each in group))


def _fits(declared: JsonObject | None, value: Any) -> bool:
    if declared is None:
        return False
    return value is None or isinstance(value, _TYPES.get(declared["type"], _ANY_OTHER))


def _event(slack: Slack, function: JsonObject, step: Step) -> JsonObject:
    """https://docs.slack.dev/reference/events/function_executed"""
    return {
        "type": "function_executed",
        "function": {
            "id": slack.ids.next("Fn"),
            "callback_id": step.callback_id,
            "title": function.get("title", ""),
            "description": function.get("description", ""),
            "type": "app",
            "input_parameters": _parameters(function.get("input_parameters")),
            "output_parameters": _parameters(function.get("output_parameters")),
            "app_id": slack.app.app_id,
            "date_created": 1700110468,
            "date_updated": 1700110470,
            "date_deleted": 0,
            "form_enabled": False,
        },
        "inputs": step.inputs,
        "function_execution_id": step.id,
        "workflow_execution_id": slack.ids.next("Wx"),
        "event_ts": f"{slack.now():.6f}",
        "bot_access_token": step.token,
    }


def _parameters(declared: JsonObject | None) -> list[JsonObject]:
    """The parameters as the event lists them, which is not how the manifest does."""
    required = (declared or {}).get("required", [])
    return [
        {
            "type": each["type"],
            "name": name,
            "description": each.get("description", ""),
            "title": each.get("title", ""),
            "is_required": name in required,
        }
        for name, each in (declared or {}).get("properties", {}).items()
    ]
