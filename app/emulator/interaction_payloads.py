"""The payloads of interactions: https://docs.slack.dev/reference/interaction-payloads

The caller holds the workspace's lock.
"""

from __future__ import annotations

from app.emulator.block_kit.interactive import find_element, value_key
from app.emulator.errors import JsonObject, SlackError
from app.emulator.messages import Message
from app.emulator.slack import Slack
from app.emulator.views import View
from app.emulator.workspace import Workspace

_CHANNEL_NAMES = {"im": "directmessage", "private": "privategroup"}


def check_person(workspace: Workspace, user: str) -> None:
    """Refuse whoever is not in the workspace."""
    if user not in workspace.users:
        raise SlackError("user_not_found")


def own_view(workspace: Workspace, user: str, view_id: str) -> View:
    """A view that stands open before this person."""
    check_person(workspace, user)
    view = workspace.views.find(view_id)
    if view.user_id != user:
        raise SlackError("not_found")
    return view


def envelope(slack: Slack, workspace: Workspace, user: str, kind: str) -> JsonObject:
    """What every interaction says of itself."""
    person, enterprise = workspace.users[user], workspace.enterprise
    return {
        "type": kind,
        "team": {"id": workspace.team_id, "domain": workspace.domain},
        "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": workspace.team_id},
        "api_app_id": slack.app.app_id,
        "token": slack.app.verification_token,
        "enterprise": {"id": enterprise.id, "name": enterprise.name} if enterprise else None,
        "is_enterprise_install": workspace.bot_grant().enterprise_id is not None,
    }


def in_view(slack: Slack, workspace: Workspace, ref: JsonObject, user: str, action: JsonObject) -> JsonObject:
    """An action in a modal or App Home."""
    view = own_view(workspace, user, str(ref["view_id"]))
    type_in(view, ref.get("state") or {})
    acted = _acted(slack, view.definition["blocks"], action)
    _keep_value(view.values, acted)
    return envelope(slack, workspace, user, "block_actions") | {
        "container": {"type": "view", "view_id": view.id},
        "view": workspace.shown_view(view),
        "actions": [acted],
    }


def in_message(slack: Slack, workspace: Workspace, user: str, ref: JsonObject, action: JsonObject) -> JsonObject:
    """An action in a message."""
    message = message_for(workspace, user, str(ref.get("channel", "")), str(ref.get("ts", "")))
    url = workspace.response_urls.mint(message.channel, user)
    url.last = message
    state = ref.get("state") or {}
    payload = envelope(slack, workspace, user, "block_actions") | {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": message.seen_by is not None,
        },
        "channel": _channel(workspace, message.channel),
        "state": {"values": state.get("values", state)},
        "response_url": slack.base_url + url.path,
        "actions": [_acted(slack, blocks_of(message), action)],
    }
    # Slack does not repeat ephemeral messages to the app.
    return payload if message.seen_by else payload | {"message": workspace.messages.shown(message)}


def blocks_of(message: Message) -> list[JsonObject]:
    """The blocks of a message, and of what hangs below it."""
    below = (block for each in message.draft.attachments for block in each.get("blocks") or [])
    return [*message.draft.blocks, *below]


def on_message(slack: Slack, workspace: Workspace, user: str, channel: str, ts: str) -> JsonObject:
    """A shortcut on a message."""
    message = message_for(workspace, user, channel, ts)
    url = workspace.response_urls.mint(message.channel, user)
    return envelope(slack, workspace, user, "message_action") | {
        "channel": _channel(workspace, message.channel),
        "message": workspace.messages.shown(message),
        "message_ts": message.ts,
        "response_url": slack.base_url + url.path,
    }


def message_for(workspace: Workspace, user: str, channel: str, ts: str) -> Message:
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
    return acted | {"action_ts": action_ts(slack)}


def _option(element: JsonObject, value: str) -> JsonObject:
    groups = element.get("option_groups") or [{"options": element.get("options") or []}]
    options = [option for group in groups for option in group["options"]]
    option = next((each for each in options if each.get("value") == value), None)
    if option is None:
        raise SlackError("option_not_found")
    return dict(option)


def type_in(view: View, state: JsonObject) -> None:
    """Keep what was typed, as far as the view has such inputs."""
    for block_id, actions in dict(state.get("values", state)).items():
        for action_id, value in actions.items():
            _keep_value(view.values, {**value, "block_id": block_id, "action_id": action_id})


def _keep_value(values: JsonObject, acted: JsonObject) -> None:
    known = values.get(acted["block_id"], {}).get(acted["action_id"])
    if known is not None:
        key = value_key(known["type"])
        known[key] = acted.get(key, known.get(key))


def action_ts(slack: Slack) -> str:
    """The time of an action, as Slack writes it."""
    return f"{slack.now():.6f}"
