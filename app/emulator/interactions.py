"""What people do with the app's buttons, menus, modals and shortcuts, and what they see of its answer.

Payloads: https://docs.slack.dev/reference/interaction-payloads. Each goes out as one signed form field, `payload`;
the app has three seconds, and only the answer to a submitted view says anything.
"""

from __future__ import annotations

import json
from urllib.parse import urlencode

from app.emulator.app_link import Answered
from app.emulator.block_kit.interactive import missing_inputs
from app.emulator.errors import JsonObject, SlackError
from app.emulator.events import happened_now
from app.emulator.interaction_answers import InteractionAnswer, follow, offered, told
from app.emulator.interaction_payloads import (
    action_ts,
    check_person,
    envelope,
    in_message,
    in_view,
    on_message,
    own_view,
    type_in,
)
from app.emulator.slack import Slack
from app.emulator.workspace import Workspace

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_COMPLETE_FIELD = "Please complete this required field."


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
        check_person(workspace, user)
        if "view_id" in container_ref:
            payload = in_view(slack, workspace, container_ref, user, action)
        else:
            payload = in_message(slack, workspace, user, container_ref, action)
        payload["trigger_id"] = workspace.triggers.mint(user, in_modal="view" in payload)
    return told(_send(slack, workspace, payload))


def suggest(
    slack: Slack, user: str, container_ref: JsonObject, action_id: str, typed: str, team: str | None = None
) -> list[JsonObject]:
    """Type into a menu whose options come from the app, and return the options or groups of options it offers.

    https://docs.slack.dev/reference/interaction-payloads/block_suggestion-payload
    """
    workspace = slack.workspace(team)
    with workspace.lock:
        check_person(workspace, user)
        if "view_id" in container_ref:
            payload = in_view(slack, workspace, container_ref, user, {"action_id": action_id})
        else:
            payload = in_message(slack, workspace, user, container_ref, {"action_id": action_id})
        payload |= {"type": "block_suggestion", "action_id": action_id, "value": typed}
        payload["block_id"] = payload.pop("actions")[0]["block_id"]
        payload.pop("response_url", None)
    answered = _send(slack, workspace, payload)
    return offered(answered)


def submit_view(slack: Slack, user: str, view_id: str, state: JsonObject, team: str | None = None) -> InteractionAnswer:
    """Submit a modal. `state` is `{block_id: {action_id: {…}}}`, alone or under `values`; untouched inputs may miss.

    Inputs that must be filled in and are not keep the modal from being sent, as in Slack's own clients.
    """
    workspace = slack.workspace(team)
    with workspace.lock:
        view = own_view(workspace, user, view_id)
        type_in(view, state)
        missing = missing_inputs(view.definition["blocks"], view.values)
        if missing:
            return InteractionAnswer(errors=dict.fromkeys(missing, _COMPLETE_FIELD))
        payload = envelope(slack, workspace, user, "view_submission") | {
            "trigger_id": workspace.triggers.mint(user, in_modal=True),
            "view": workspace.shown_view(view),
            "response_urls": [],
        }
    answered = _send(slack, workspace, payload)
    with workspace.lock:
        return follow(workspace, view, answered)


def close_view(slack: Slack, user: str, view_id: str, team: str | None = None) -> InteractionAnswer:
    """Close a modal with its button: only itself, or with `clear_on_close` all of them. The app hears if it asked."""
    workspace = slack.workspace(team)
    with workspace.lock:
        view = own_view(workspace, user, view_id)
        is_cleared = bool(view.definition.get("clear_on_close"))
        stack = workspace.views.stack(user)
        closed = list(stack) if is_cleared else stack[stack.index(view) :]
        payloads = [
            envelope(slack, workspace, user, "view_closed")
            | {"view": workspace.shown_view(each), "is_cleared": is_cleared}
            for each in closed
            if each.definition.get("notify_on_close")
        ]
        workspace.views.close(closed[0])
    answers = [told(_send(slack, workspace, payload)) for payload in payloads]
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
        check_person(workspace, user)
        _check_shortcut(slack, callback_id, "global" if message is None else "message")
        if message is None:
            payload = envelope(slack, workspace, user, "shortcut")
        else:
            payload = on_message(slack, workspace, user, channel or "", message)
        payload |= {
            "callback_id": callback_id,
            "trigger_id": workspace.triggers.mint(user),
            "action_ts": action_ts(slack),
        }
    return told(_send(slack, workspace, payload))


def open_home(slack: Slack, user: str, team: str | None = None) -> Answered:
    """Look at the app's Home tab; the app hears of it with `app_home_opened`."""
    workspace = slack.workspace(team)
    with workspace.lock:
        check_person(workspace, user)
        if slack.manifest is not None and not slack.manifest.home_tab:
            raise SlackError("not_enabled")
        channel, _ = workspace.open_conversation([user, workspace.bot_grant().user_id])
        event: JsonObject = {
            "type": "app_home_opened",
            "user": user,
            "channel": channel.id,
            "tab": "home",
            "event_ts": action_ts(slack),
        }
        home = workspace.views.home(user)
        if home is not None:
            event["view"] = workspace.shown_view(home)
    return happened_now(slack, workspace, event)


def _check_shortcut(slack: Slack, callback_id: str, kind: str) -> None:
    """People only find the shortcuts of the manifest."""
    if slack.manifest is None:
        return
    offered = slack.manifest.shortcuts.get(callback_id)
    if offered is None or offered.kind != kind:
        raise SlackError("shortcut_not_found")


def _send(slack: Slack, workspace: Workspace, payload: JsonObject) -> Answered:
    if not slack.is_interactive:
        raise SlackError("interactivity_not_enabled")
    body = urlencode({"payload": json.dumps(payload)}).encode()
    return slack.app_link.post("interaction", workspace.team_id, payload, body, _FORM)
