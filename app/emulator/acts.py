"""What people do on the page, as routes of the control API: write, command, press, choose, submit, close."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from app.emulator import interactions, outgoing, people, steps, uninstalling
from app.emulator.errors import JsonObject, Misused
from app.emulator.interaction_payloads import blocks_of, message_for
from app.emulator.page import forms
from app.emulator.slack import Slack
from app.emulator.typed import as_mrkdwn, escaped
from app.emulator.views import home_of, views_of


def say(slack: Slack, fields: JsonObject) -> JsonObject:
    """`{"user", "channel", "text", "thread", "team"}`: a message, or a slash command if it begins with a slash."""
    text, thread = str(fields.get("text", "")), fields.get("thread") or None
    if not text.lstrip().startswith("/"):
        workspace = slack.workspace(fields.get("team"))
        message = people.say(slack, *_who_and_where(fields), as_mrkdwn(workspace, text), thread, fields.get("team"))
        return {"ts": message["ts"]}
    command, _, rest = text.strip().partition(" ")
    if thread:
        raise Misused(f"{command} cannot be used in a thread")
    answer = outgoing.slash(slack, command, escaped(rest), *_who_and_where(fields), fields.get("team"))
    return {"text": answer.text}


def act(slack: Slack, fields: JsonObject) -> JsonObject:
    """`{"user", "view" or "channel" and "ts", "block", "action", "values", "state", "team"}`: use an element."""
    blocks = _blocks(slack, fields)
    action = forms.action(blocks, _text(fields, "block"), _text(fields, "action"), fields.get("values") or [])
    place: JsonObject = {"state": forms.state(blocks, fields.get("state") or {})["values"]}
    if fields.get("view"):
        place["view_id"] = fields["view"]
    else:
        place |= {"channel": _text(fields, "channel"), "ts": _text(fields, "ts")}
    return asdict(interactions.block_action(slack, _text(fields, "user"), place, action, fields.get("team")))


def suggest(slack: Slack, fields: JsonObject) -> JsonObject:
    """`{"user", "view" or "channel" and "ts", "action", "text", "team"}`: ask the app for options of a menu."""
    place = {name: fields[name] for name in ("channel", "ts") if fields.get(name)}
    if fields.get("view"):
        place = {"view_id": fields["view"]}
    typed = str(fields.get("text", ""))
    found = interactions.suggest(
        slack, _text(fields, "user"), place, _text(fields, "action"), typed, fields.get("team")
    )
    return {"options": [each for option in found for each in option.get("options", [option])]}


def submit(slack: Slack, fields: JsonObject) -> JsonObject:
    """`{"user", "view", "state", "team"}`: submit a modal; the answer names the inputs that are wrong."""
    user, view = _text(fields, "user"), _text(fields, "view")
    state = forms.state(_blocks(slack, fields), fields.get("state") or {})
    return asdict(interactions.submit_view(slack, user, view, state, fields.get("team")))


def decline(slack: Slack, fields: JsonObject) -> JsonObject:
    """`{"user", "channel", "call", "team"}`: decline a call in a direct conversation."""
    user, channel = _who_and_where(fields)
    return {"status": people.decline_call(slack, user, channel, _text(fields, "call"), fields.get("team")).status}


def close(slack: Slack, fields: JsonObject) -> JsonObject:
    """`{"user", "view", "team"}`: close a modal."""
    user, view = _text(fields, "user"), _text(fields, "view")
    return asdict(interactions.close_view(slack, user, view, fields.get("team")))


def shortcut(slack: Slack, fields: JsonObject) -> JsonObject:
    """`{"user", "shortcut", "channel", "ts", "team"}`: use a shortcut, with `ts` on a message."""
    return asdict(
        interactions.shortcut(
            slack,
            _text(fields, "user"),
            _text(fields, "shortcut"),
            fields.get("ts") or None,
            fields.get("channel") or None,
            fields.get("team"),
        )
    )


def open_home(slack: Slack, fields: JsonObject) -> JsonObject:
    """`{"user", "team"}`: look at the app's Home."""
    return {"status": interactions.open_home(slack, _text(fields, "user"), fields.get("team")).status}


def uninstall(slack: Slack, fields: JsonObject) -> JsonObject:
    """`{"team"}`: take the app out of a workspace; it hears of that."""
    uninstalling.uninstall(slack, slack.workspace(fields.get("team")))
    slack.deliveries.deliver_due()
    return {}


def run_step(slack: Slack, fields: JsonObject) -> JsonObject:
    """`{"callback_id", "inputs", "team"}`: run one of the app's functions as a workflow would."""
    inputs = _object(fields, "inputs")
    step = steps.run_step(slack, _text(fields, "callback_id"), inputs, fields.get("team"))
    return {"id": step.id, "state": step.state, "outputs": step.outputs, "error": step.error}


def event(slack: Slack, fields: JsonObject) -> JsonObject:
    """`{"event": {"type", …}, "team"}`: send an event to the app, whether or not it subscribed to it."""
    sent = _object(fields, "event")
    _text(sent, "type")
    return {"status": outgoing.send_event(slack, sent, fields.get("team")).status}


def _object(fields: JsonObject, name: str) -> JsonObject:
    value = fields.get(name, {})
    if not isinstance(value, dict):
        raise Misused(f"{name} must be an object")
    return value


def _who_and_where(fields: JsonObject) -> tuple[str, str]:
    return str(fields.get("user", "U0ADA")), str(fields.get("channel", "C0GENERAL"))


def _text(fields: JsonObject, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Misused(f"{name} is missing")
    return value


def _blocks(slack: Slack, fields: JsonObject) -> list[JsonObject]:
    """The blocks of the view or message that is used."""
    workspace, user = slack.workspace(fields.get("team")), _text(fields, "user")
    if fields.get("view"):
        shown = [*views_of(workspace, user), home_of(workspace, user)]
        return next((view["blocks"] for view in shown if view and view["id"] == fields["view"]), [])
    with workspace.lock:
        return blocks_of(message_for(workspace, user, _text(fields, "channel"), _text(fields, "ts")))


Act = Callable[[Slack, JsonObject], JsonObject]
ACTS: dict[str, Act] = {
    "say": say,
    "act": act,
    "submit": submit,
    "suggest": suggest,
    "close": close,
    "decline": decline,
    "shortcut": shortcut,
    "home": open_home,
    "uninstall": uninstall,
    "run_step": run_step,
    "event": event,
}
"""By the last part of their path, `/emulator/<act>`."""
