"""What Slack sends to an app when somebody types a command, and what the person sees of the answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from app.emulator import events
from app.emulator.app_link import Answered
from app.emulator.deliveries import Delivery
from app.emulator.errors import JsonObject, SlackError
from app.emulator.messages import Author, Draft
from app.emulator.nesting import read_json
from app.emulator.response_urls import ResponseUrl
from app.emulator.slack import Slack
from app.emulator.web_api.context import Arguments
from app.emulator.web_api.drafts import read_draft
from app.emulator.workspace import Channel, User, Workspace

_CHANNEL_NAMES = {"im": "directmessage", "private": "privategroup"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json,*/*"}
_SLACKBOT = Author("USLACKBOT")


@dataclass(frozen=True)
class SlashAnswer:
    """How the app answered a command: HTTP `status` (0 for none) and `body`, and the `text` the person sees."""

    status: int
    body: str
    text: str
    response_url: str
    seconds: float


def slash(slack: Slack, command: str, text: str, user: str, channel: str, team: str | None = None) -> SlashAnswer:
    """Let somebody type a slash command; what the app answers is shown to them.

    Payload: https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling
    """
    workspace = slack.workspace(team)
    with workspace.lock:
        place, person = _place_and_person(workspace, channel, user)
        if not slack.offers_command(workspace, command):
            return _not_a_command(workspace, place, person, command)
        url = workspace.response_urls.mint(place.id, person.id)
        trigger_id = workspace.triggers.mint(person.id)
    fields = _command_fields(slack, workspace, place, person) | {
        "command": command,
        "text": _escaped(slack, workspace, command, text),
        "api_app_id": slack.app.app_id,
        "is_enterprise_install": "true" if workspace.bot_grant().enterprise_id else "false",
        "response_url": slack.base_url + url.path,
        "trigger_id": trigger_id,
    }
    answered = slack.app_link.post("slash", workspace.team_id, fields, urlencode(fields).encode(), _FORM)
    with workspace.lock:
        seen = _show_answer(workspace, url, command, answered)
    slack.journal.touch()
    return SlashAnswer(answered.status, answered.body, seen, fields["response_url"], answered.seconds)


def send_event(
    slack: Slack,
    event: JsonObject,
    team: str | None = None,
    retry: tuple[int, str] | None = None,
    event_id: str | None = None,
) -> Answered:
    """Send an event once, whether or not it is subscribed to; `retry` is what a retry carries, number and reason."""
    workspace = slack.workspace(team)
    envelope = events.envelope(slack, workspace, event, event_id or slack.ids.next("Ev"))
    number, reason = retry or (0, "")
    return events.post(slack, Delivery(workspace.team_id, envelope, slack.now(), number, reason))


def _place_and_person(workspace: Workspace, channel: str, user: str) -> tuple[Channel, User]:
    place = workspace.channel(channel)
    if user not in workspace.users:
        raise SlackError("user_not_found")
    if place.kind != "public" and user not in place.members:
        raise SlackError("not_in_channel")
    return place, workspace.users[user]


def _escaped(slack: Slack, workspace: Workspace, command: str, text: str) -> str:
    """The text with ids in place of names, if the command asks for that with `should_escape`."""
    offered = slack.manifest.commands.get(command) if slack.manifest else None
    if offered is None or not offered.should_escape:
        return text
    for user in workspace.users.values():
        text = re.sub(rf"@{re.escape(user.name)}\b", f"<@{user.id}|{user.name}>", text)
    for channel in workspace.channels.values():
        shown = channel.name if channel.kind == "public" else ""
        text = re.sub(rf"#{re.escape(channel.name)}\b", f"<#{channel.id}|{shown}>", text)
    return text


def _not_a_command(workspace: Workspace, place: Channel, person: User, command: str) -> SlashAnswer:
    """Slack itself answers what no installed app offers; the app hears nothing."""
    text = f"`{command}` is not a valid command. Slack reads every message that begins with a slash as a command."
    workspace.messages.post(place.id, _SLACKBOT, Draft(text), seen_by=person.id)
    return SlashAnswer(0, "", text, "", 0.0)


def _command_fields(slack: Slack, workspace: Workspace, place: Channel, person: User) -> dict[str, str]:
    return {
        "token": slack.app.verification_token,
        "team_id": workspace.team_id,
        "team_domain": workspace.domain,
        "channel_id": place.id,
        "channel_name": _CHANNEL_NAMES.get(place.kind, place.name),
        "user_id": person.id,
        "user_name": person.name,
    } | _enterprise_fields(workspace)


def _enterprise_fields(workspace: Workspace) -> dict[str, str]:
    """Only workspaces of an organisation have these."""
    enterprise = workspace.enterprise
    return {"enterprise_id": enterprise.id, "enterprise_name": enterprise.name} if enterprise else {}


def _show_answer(workspace: Workspace, url: ResponseUrl, command: str, answered: Answered) -> str:
    """Show the person what the app said, or Slack's own words when it said nothing usable."""
    error = _failure(answered)
    if error is None and not answered.body.strip():
        return ""
    if error is None:
        try:
            return _post_answer(workspace, url, _payload(answered))
        except SlackError:
            error = "dispatch_failed"
    text = f'{command} failed with the error "{error}"'
    workspace.messages.post(url.channel, _SLACKBOT, Draft(text), seen_by=url.user_id)
    return text


def _failure(answered: Answered) -> str | None:
    if answered.is_late:
        return "operation_timeout"
    return None if answered.status == 200 else "dispatch_failed"


def _payload(answered: Answered) -> JsonObject:
    """An answer's JSON, or its plain text as a message."""
    if "json" not in answered.content_type:
        return {"text": answered.body}
    try:
        payload = read_json(answered.body)
    except ValueError:
        raise SlackError("invalid_json") from None
    return payload if isinstance(payload, dict) else {"text": json.dumps(payload)}


def _post_answer(workspace: Workspace, url: ResponseUrl, payload: JsonObject) -> str:
    draft = read_draft(Arguments(payload, is_json=True), workspace)
    if draft.is_empty:
        return ""
    seen_by = None if payload.get("response_type") == "in_channel" else url.user_id
    author = workspace.author(workspace.bot_grant())
    url.last = workspace.messages.post(url.channel, author, draft, seen_by)
    return draft.text or _words_of(draft.blocks)


def _words_of(blocks: list[JsonObject]) -> str:
    """The text that stands in blocks, for answers that come without a text of their own."""
    texts: list[Any] = [block["text"] for block in blocks if isinstance(block.get("text"), dict)]
    return "\n".join(str(text.get("text", "")) for text in texts)
