"""What happens in a workspace and whom it concerns: the app hears of the events that it subscribed to.

Envelope and headers: https://docs.slack.dev/apis/events-api
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from app.emulator.app_link import Answered
from app.emulator.deliveries import Delivery
from app.emulator.errors import JsonObject
from app.emulator.workspace import Channel, Workspace

if TYPE_CHECKING:
    from app.emulator.slack import Slack

MESSAGE_EVENTS = {
    "public": "message.channels",
    "private": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}
_CHANNEL_TYPES = {"public": "channel", "private": "group", "im": "im", "mpim": "mpim"}
_ONLY_ON_REQUEST = {*MESSAGE_EVENTS.values(), "app_mention"}
_NOT_SENT = Answered(0, "", "", 0.0, is_late=False)


def happened(slack: Slack, workspace: Workspace, event: JsonObject, subscription: str | None = None) -> None:
    """Something happened: put it on its way to the app, if the app wants to know and is installed there."""
    if _concerns_app(slack, workspace, subscription or str(event["type"])):
        slack.deliveries.add(workspace.team_id, envelope(slack, workspace, event, slack.ids.next("Ev")))


def happened_now(slack: Slack, workspace: Workspace, event: JsonObject) -> Answered:
    """Something happened before somebody's eyes: send it at once, and return the app's first answer.

    `status` 0 with no `reason` says that nothing was sent. The caller does not hold the workspace's lock.
    """
    if not _concerns_app(slack, workspace, str(event["type"])):
        return _NOT_SENT
    sent = envelope(slack, workspace, event, slack.ids.next("Ev"))
    answered = slack.deliveries.deliver(workspace.team_id, sent)
    slack.deliveries.deliver_due()
    return answered or _NOT_SENT


def _concerns_app(slack: Slack, workspace: Workspace, name: str) -> bool:
    return is_subscribed(slack, name) and workspace.bot_id is not None


def is_subscribed(slack: Slack, name: str) -> bool:
    """Whether the app asked for an event. Without a manifest it asked for all but what people say."""
    if slack.manifest is None:
        return name not in _ONLY_ON_REQUEST
    return name in slack.manifest.bot_events


def envelope(slack: Slack, workspace: Workspace, event: JsonObject, event_id: str) -> JsonObject:
    """The event in what it travels in."""
    grant = workspace.bot_grant()
    enterprise = workspace.enterprise
    is_enterprise_install = grant.enterprise_id is not None
    outer: JsonObject = {
        "token": slack.app.verification_token,
        "team_id": workspace.team_id,
        "api_app_id": slack.app.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(slack.now()),
        "authorizations": [
            {
                "enterprise_id": enterprise.id if enterprise else None,
                "team_id": None if is_enterprise_install else workspace.team_id,
                "user_id": grant.user_id,
                "is_bot": True,
                "is_enterprise_install": is_enterprise_install,
            }
        ],
        "is_ext_shared_channel": False,
    }
    return outer | ({"enterprise_id": enterprise.id} if enterprise else {})


def post(slack: Slack, delivery: Delivery) -> Answered:
    """Make one attempt to deliver an event; a retry says which it is and why."""
    headers = {"Content-Type": "application/json"}
    if delivery.retry:
        headers |= {"X-Slack-Retry-Num": str(delivery.retry), "X-Slack-Retry-Reason": delivery.reason}
    body = json.dumps(delivery.envelope).encode()
    return slack.app_link.post("event", delivery.team_id, delivery.envelope, body, headers)


def message_happened(slack: Slack, workspace: Workspace, channel: Channel, message: JsonObject) -> None:
    """A message was posted: `message` where the bot takes part, and `app_mention` if it is spoken to.

    https://docs.slack.dev/reference/events/message
    """
    if workspace.bot_id is None:
        return
    bot = workspace.bot_grant().user_id
    where = {"channel": channel.id, "event_ts": message["ts"]}
    if bot in channel.members:
        said = message | where | {"channel_type": _CHANNEL_TYPES[channel.kind]}
        happened(slack, workspace, said, MESSAGE_EVENTS[channel.kind])
    if f"<@{bot}" in str(message["text"]) and message["user"] != bot:
        happened(slack, workspace, message | where | {"type": "app_mention"})
