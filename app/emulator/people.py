"""What people do in conversations: say something, and decline a call."""

from __future__ import annotations

from app.emulator.errors import JsonObject, SlackError
from app.emulator.messages import Author, Draft
from app.emulator.slack import Slack
from app.emulator.workspace import Channel, Workspace


def say(
    slack: Slack, user: str, channel: str, text: str, thread_ts: str | None = None, team: str | None = None
) -> JsonObject:
    """Post a message as a person, and return it as it is read back; the app hears what it subscribed to."""
    workspace = slack.workspace(team)
    with workspace.lock:
        place = _place_of(workspace, user, channel)
        if not text.strip():
            raise SlackError("no_text")
        if thread_ts is not None and workspace.messages.find(place.id, thread_ts) is None:
            raise SlackError("thread_not_found")
        message = workspace.messages.post(place.id, Author(user), Draft(text, thread_ts=thread_ts))
        return workspace.messages.shown(message)


def _place_of(workspace: Workspace, user: str, channel: str) -> Channel:
    place = workspace.channel(channel)
    if user not in workspace.users:
        raise SlackError("user_not_found")
    if user not in place.members:
        raise SlackError("not_in_channel")
    if place.is_archived:
        raise SlackError("is_archived")
    return place
