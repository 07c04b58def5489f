"""What people do with the app's buttons, menus, modals and shortcuts, and what they see of its answer.

Payloads: https://docs.slack.dev/reference/interaction-payloads. Each goes out as one signed form field, `payload`;
the app has three seconds, and only the answer to a submitted view says anything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import urlencode

from app.emulator import outgoing
from app.emulator.app_link import Answered
from app.emulator.block_kit.interactive import find_element, missing_inputs, value_key
from app.emulator.block_kit.views import checked_view
from app.emulator.errors import JsonObject, SlackError
from app.emulator.messages import Message
from app.emulator.slack import Slack
from app.emulator.views import View
from app.emulator.workspace import Workspace

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_COMPLETE_FIELD = "Please complete this required field."
_CHANNEL_NAMES = {"im": "directmessage", "private": "privategroup"}


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


def block_action(
    slack: Slack, user: str, container_ref: JsonObject, action: JsonObject, team: str | None = None
) -> InteractionAnswer:
    """Press a button, choose from a menu, or change a dispatching input.

    `container_ref` is `{"channel": "C…", "ts": "…"}` for a message (an ephemeral one too) or `{"view_id": "V…"}`,
    and may carry `state`, the values of all inputs there. `action` needs the element's `action_id`, should have its
    `block_id`, and says what was chosen or typed: `{"selected_option": {…}}`, `{"selected_user": "U…"}`,
    `{"value": "…"}`, …; a bare `{"chosen": "value of an option"}` finds the option by its value.
    """
    workspace = slack.workspace(team)
    with workspace.lock:
        _check_person(workspace, user)
        if "view_id" in container_ref:
            payload = _in_view(slack, workspace, container_ref, user, action)
        else:
            payload = _in_message(slack, workspace, user, container_ref, action)
        payload["trigger_id"] = workspace.triggers.mint(user, in_modal="view" in payload)
    return _told(_send(slack, workspace, payload))


def submit_view(slack: Slack, user: str, view_id: str, state: JsonObject, team: str | None = None) -> InteractionAnswer:
    """Submit a modal. `state` is `{block_id: {action_id: {…}}}`, alone or under `values`; untouched inputs may miss.

    Inputs that must be filled in and are not keep the modal from being sent, as in Slack's own clients.
    """
    workspace = slack.workspace(team)
    with workspace.lock:
        view = _own_view(workspace, user, view_id)
        _type_in(view, state)
        missing = missing_inputs(view.definition["blocks"], view.values)
        if missing:
            return InteractionAnswer(errors=dict.fromkeys(missing, _COMPLETE_FIELD))
        payload = _envelope(slack, workspace, user, "view_submission") | {
            "trigger_id": workspace.triggers.mint(user, in_modal=True),
            "view": workspace.views.shown(view, workspace.bot_id),
            "response_urls": [],
        }
    answered = _send(slack, workspace, payload)
    with workspace.lock:
        return _follow(workspace, view, answered)


def close_view(slack: Slack, user: str, view_id: str, team: str | None = None) -> InteractionAnswer:
    """Close a modal with its button: only itself, or with `clear_on_close` all of them. The app hears if it asked."""
    workspace = slack.workspace(team)
    with workspace.lock:
        view = _own_view(workspace, user, view_id)
        is_cleared = bool(view.definition.get("clear_on_close"))
        stack = workspace.views.stack(user)
        closed = list(stack) if is_cleared else stack[stack.index(view) :]
        payloads = [
            _envelope(slack, workspace, user, "view_closed")
            | {"view": workspace.views.shown(each, workspace.bot_id), "is_cleared": is_cleared}
            for each in closed
            if each.definition.get("notify_on_close")
        ]
        workspace.views.close(closed[0])
    answers = [_told(_send(slack, workspace, payload)) for payload in payloads]
    return answers[-1] if answers else InteractionAnswer(200)


def shortcut(
    slack: Slack,
    user: str,
    callback_id: str,
    message: str | None = None,
    channel: str | None = None,
    team: str | None = None,
) -> InteractionAnswer:
    """Use a shortcut: a global one, or with `message` (its ts) and `channel` one on a message."""
    workspace = slack.workspace(team)
    with workspace.lock:
        _check_person(workspace, user)
        if message is None:
            payload = _envelope(slack, workspace, user, "shortcut")
        else:
            payload = _on_message(slack, workspace, user, channel or "", message)
        payload |= {
            "callback_id": callback_id,
            "trigger_id": workspace.triggers.mint(user),
            "action_ts": _action_ts(slack),
        }
    return _told(_send(slack, workspace, payload))


def open_home(slack: Slack, user: str, team: str | None = None) -> Answered:
    """Look at the app's Home tab; the app hears of it with `app_home_opened`."""
    workspace = slack.workspace(team)
    with workspace.lock:
        _check_person(workspace, user)
        channel, _ = workspace.open_conversation([user, workspace.bot_grant().user_id])
        event: JsonObject = {
            "type": "app_home_opened",
            "user": user,
            "channel": channel.id,
            "tab": "home",
            "event_ts": _action_ts(slack),
        }
        home = workspace.views.home(user)
        if home is not None:
            event["view"] = workspace.views.shown(home, workspace.bot_id)
    return outgoing.send_event(slack, event, team)


def _check_person(workspace: Workspace, user: str) -> None:
    if user not in workspace.users:
        raise SlackError("user_not_found")


def _own_view(workspace: Workspace, user: str, view_id: str) -> View:
    _check_person(workspace, user)
    view = workspace.views.find(view_id)
    if view.user_id != user:
        raise SlackError("not_found")
    return view


def _envelope(slack: Slack, workspace: Workspace, user: str, kind: str) -> JsonObject:
    """What every interaction says of itself."""
    person = workspace.users[user]
    return {
        "type": kind,
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": workspace.team_id},
        "api_app_id": slack.app.app_id,
        "token": slack.app.verification_token,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _in_view(slack: Slack, workspace: Workspace, ref: JsonObject, user: str, action: JsonObject) -> JsonObject:
    view = _own_view(workspace, user, str(ref["view_id"]))
    _type_in(view, ref.get("state") or {})
    acted = _acted(slack, view.definition["blocks"], action)
    _keep_value(view.values, acted)
    return _envelope(slack, workspace, user, "block_actions") | {
        "container": {"type": "view", "view_id": view.id},
        "view": workspace.views.shown(view, workspace.bot_id),
        "actions": [acted],
    }


def _in_message(slack: Slack, workspace: Workspace, user: str, ref: JsonObject, action: JsonObject) -> JsonObject:
    message = _message_for(workspace, user, str(ref.get("channel", "")), str(ref.get("ts", "")))
    url = workspace.response_urls.mint(message.channel, user)
    url.last = message
    state = ref.get("state") or {}
    payload = _envelope(slack, workspace, user, "block_actions") | {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": message.seen_by is not None,
        },
        "channel": _channel(workspace, message.channel),
        "state": {"values": state.get("values", state)},
        "response_url": slack.base_url + url.path,
        "actions": [_acted(slack, message.draft.blocks, action)],
    }
    # Slack does not repeat ephemeral messages to the app.
    return payload if message.seen_by else payload | {"message": workspace.messages.shown(message)}


def _on_message(slack: Slack, workspace: Workspace, user: str, channel: str, ts: str) -> JsonObject:
    message = _message_for(workspace, user, channel, ts)
    url = workspace.response_urls.mint(message.channel, user)
    return _envelope(slack, workspace, user, "message_action") | {
        "channel": _channel(workspace, message.channel),
        "message": workspace.messages.shown(message),
        "message_ts": message.ts,
        "response_url": slack.base_url + url.path,
    }


def _message_for(workspace: Workspace, user: str, channel: str, ts: str) -> Message:
    """A message that this person can see."""
    place = workspace.channel(channel)
    if place.kind != "public" and user not in place.members:
        raise SlackError("not_in_channel")
    own = (each for each in workspace.messages.only_for(user) if (each.channel, each.ts) == (channel, ts))
    message = workspace.messages.find(channel, ts) or next(own, None)
    if message is None:
        raise SlackError("message_not_found")
    return message


def _channel(workspace: Workspace, channel_id: str) -> JsonObject:
    channel = workspace.channel(channel_id)
    return {"id": channel.id, "name": _CHANNEL_NAMES.get(channel.kind, channel.name)}


def _acted(slack: Slack, blocks: list[JsonObject], action: JsonObject) -> JsonObject:
    """The action as the payload names it: which element it was, and what it now says."""
    found = find_element(blocks, str(action.get("action_id", "")), action.get("block_id"))
    if found is None:
        raise SlackError("action_not_found")
    element, block_id = found
    acted: JsonObject = {"type": element["type"], "action_id": element["action_id"], "block_id": block_id}
    acted |= {name: element[name] for name in ("text", "value", "placeholder") if name in element}
    acted |= {name: value for name, value in action.items() if name not in ("chosen", "action_id", "block_id")}
    if "chosen" in action:
        acted[value_key(element["type"])] = _option(element, str(action["chosen"]))
    return acted | {"action_ts": _action_ts(slack)}


def _option(element: JsonObject, value: str) -> JsonObject:
    groups = element.get("option_groups") or [{"options": element.get("options") or []}]
    options = [option for group in groups for option in group["options"]]
    option = next((each for each in options if each.get("value") == value), None)
    if option is None:
        raise SlackError("option_not_found")
    return dict(option)


def _type_in(view: View, state: JsonObject) -> None:
    """Keep what was typed, as far as the view has such inputs."""
    for block_id, actions in dict(state.get("values", state)).items():
        for action_id, value in actions.items():
            _keep_value(view.values, {**value, "block_id": block_id, "action_id": action_id})


def _keep_value(values: JsonObject, acted: JsonObject) -> None:
    known = values.get(acted["block_id"], {}).get(acted["action_id"])
    if known is not None:
        key = value_key(known["type"])
        known[key] = acted.get(key, known.get(key))


def _action_ts(slack: Slack) -> str:
    return f"{slack.now():.6f}"


def _send(slack: Slack, workspace: Workspace, payload: JsonObject) -> Answered:
    body = urlencode({"payload": json.dumps(payload)}).encode()
    return slack.app_link.post("interaction", workspace.team_id, payload, body, _FORM)


def _failure(answered: Answered) -> str:
    if answered.is_late:
        return "operation_timeout"
    return "" if answered.status == 200 else "dispatch_failed"


def _told(answered: Answered, error: str = "", errors: dict[str, str] | None = None) -> InteractionAnswer:
    return InteractionAnswer(
        answered.status, answered.body, answered.seconds, error or _failure(answered), errors or {}
    )


def _follow(workspace: Workspace, view: View, answered: Answered) -> InteractionAnswer:
    """Do what the answer to a submission says: https://docs.slack.dev/surfaces/modals#response_actions"""
    if _failure(answered):
        return _told(answered)
    try:
        answer = json.loads(answered.body) if answered.body.strip() else {}
        if not isinstance(answer, dict):
            raise SlackError("invalid_response")
        return _told(answered, errors=_act(workspace, view, answer))
    except ValueError:
        return _told(answered, "invalid_json")
    except SlackError as error:
        return _told(answered, error.code)


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
