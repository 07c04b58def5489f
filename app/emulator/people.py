"""What people do in conversations: say something, and decline a call."""

from __future__ import annotations

from app.emulator.app_link import Answered
from app.emulator.errors import JsonObject, SlackError
from app.emulator.events import happened, happened_now, message_happened
from app.emulator.links import domain_of, links_in
from app.emulator.messages import Author, Draft, Message
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
        shown = workspace.messages.shown(message)
        message_happened(slack, workspace, place, shown)
        _share_links(slack, workspace, place, message)
    slack.deliveries.deliver_due()
    return shown


def decline_call(slack: Slack, user: str, channel: str, call_id: str, team: str | None = None) -> Answered:
    """Decline a call whose card stands in a direct message.

    https://docs.slack.dev/reference/events/call_rejected
    """
    workspace = slack.workspace(team)
    with workspace.lock:
        place, call = _place_of(workspace, user, channel), workspace.calls.get(call_id)
        if place.kind != "im" or place.id not in call.channels:
            raise SlackError("not_allowed")
        if call.has_ended:
            raise SlackError("inactive_call")
        call.was_rejected = True
        event = {
            "type": "call_rejected",
            "call_id": call.id,
            "user_id": user,
            "channel_id": place.id,
            "external_unique_id": call.external_unique_id,
        }
    return happened_now(slack, workspace, event)


def _share_links(slack: Slack, workspace: Workspace, place: Channel, message: Message) -> None:
    """https://docs.slack.dev/reference/events/link_shared; organisations do not say which message by an id."""
    domains = slack.manifest.unfurl_domains if slack.manifest else ()
    found = [(domain_of(url, domains), url) for url in links_in(message.draft.text)]
    links = [{"domain": domain, "url": url} for domain, url in found if domain]
    if not links or workspace.bot_id is None:
        return
    event: JsonObject = {
        "type": "link_shared",
        "channel": place.id,
        "is_bot_user_member": workspace.bot_grant().user_id in place.members,
        "user": message.author.user_id,
        "message_ts": message.ts,
        "links": links,
        "user_locale": "en-US",
        "event_ts": message.ts,
    }
    if workspace.enterprise is None:
        event |= {"unfurl_id": workspace.messages.unfurl_id(message), "source": "conversations_history"}
    if message.draft.thread_ts:
        event["thread_ts"] = message.draft.thread_ts
    happened(slack, workspace, event)


def _place_of(workspace: Workspace, user: str, channel: str) -> Channel:
    place = workspace.channel(channel)
    if user not in workspace.users:
        raise SlackError("user_not_found")
    if user not in place.members:
        raise SlackError("not_in_channel")
    if place.is_archived:
        raise SlackError("is_archived")
    return place
