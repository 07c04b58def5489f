"""The page at `/`: channels with their messages and live call cards, a composer, the last requests."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import Flask, Response, make_response, render_template, request
from markupsafe import Markup

from app.emulator import mrkdwn
from app.emulator.errors import JsonObject
from app.emulator.journal import RecordedRequest
from app.emulator.participants import Person, find_person
from app.emulator.slack import Slack
from app.emulator.workspace import Channel, Workspace

_LAST_REQUESTS = 40
_LAST_MESSAGES = 50


@dataclass(frozen=True)
class CardView:
    """A call card, in words."""

    title: str
    display_id: str
    join: Markup | None
    present: list[str]
    gone: list[str]
    state: str


@dataclass(frozen=True)
class MessageView:
    """A message, in words; `only_for` names the one person who sees it."""

    author: str
    time: str
    text: Markup
    only_for: str | None
    cards: list[CardView] = field(default_factory=list)


@dataclass(frozen=True)
class ChannelView:
    """A conversation with everything anybody sees in it."""

    id: str
    name: str
    kind: str
    messages: list[MessageView]


@dataclass(frozen=True)
class RequestView:
    """One line of the list of requests."""

    time: str
    method: str
    outcome: str
    is_refusal: bool
    duration_ms: str


def add_page(app: Flask, slack: Slack) -> None:
    """Serve the page from this application."""

    @app.get("/")
    def page() -> Response:
        workspace = slack.workspaces.get(request.args.get("team", "")) or slack.workspace()
        nonce = secrets.token_urlsafe(16)
        response = make_response(render_template("page.html", nonce=nonce, **_view(slack, workspace)))
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        return response


def _view(slack: Slack, workspace: Workspace) -> JsonObject:
    with workspace.lock:
        channels = [_channel_view(workspace, channel) for channel in workspace.channels.values()]
        people = [user for user in workspace.users.values() if not user.is_bot]
    return {
        "workspace": workspace,
        "channels": channels,
        "people": people,
        "request_url": slack.app_link.request_url,
        "chosen_user": request.args.get("user", "U0ADA"),
        "chosen_channel": request.args.get("channel", "C0GENERAL"),
        "notice": request.args.get("notice", ""),
        "requests": [_request_view(each) for each in reversed(slack.journal.received()[-_LAST_REQUESTS:])],
    }


def _channel_view(workspace: Workspace, channel: Channel) -> ChannelView:
    book = workspace.messages
    private = [message for user in workspace.users for message in book.only_for(user) if message.channel == channel.id]
    shown = sorted([*book.in_channel(channel.id), *private], key=lambda message: message.ts)
    views = [_message_view(workspace, book.shown(message), message.seen_by) for message in shown[-_LAST_MESSAGES:]]
    return ChannelView(channel.id, _channel_name(workspace, channel), channel.kind, views)


def _channel_name(workspace: Workspace, channel: Channel) -> str:
    if channel.kind in ("public", "private"):
        return f"#{channel.name}"
    return ", ".join(_user_name(workspace, user) for user in channel.members)


def _message_view(workspace: Workspace, message: JsonObject, seen_by: str | None) -> MessageView:
    blocks: list[JsonObject] = message.get("blocks", [])
    cards = [_card_view(workspace, block["call"]["v1"]) for block in blocks if block["type"] == "call"]
    said = [str(block["text"].get("text", "")) for block in blocks if isinstance(block.get("text"), dict)]
    names = {user.id: user.real_name for user in workspace.users.values()}
    names |= {channel.id: channel.name for channel in workspace.channels.values()}
    return MessageView(
        author=_user_name(workspace, message["user"]),
        time=_clock_time(float(message["ts"])),
        text=mrkdwn.as_html("\n".join(said) or message["text"], names),
        only_for=_user_name(workspace, seen_by) if seen_by else None,
        cards=cards,
    )


def _card_view(workspace: Workspace, card: JsonObject) -> CardView:
    present, everyone = card["active_participants"], card["all_participants"]
    gone = [person for person in everyone if find_person(person, present) is None]
    return CardView(
        title=card["name"] or "Call",
        display_id=card["display_id"],
        join=None if card["has_ended"] else mrkdwn.link(card["join_url"], "Join"),
        present=[_person_name(workspace, person) for person in present],
        gone=[_person_name(workspace, person) for person in gone],
        state=_state(card),
    )


def _state(card: JsonObject) -> str:
    if not card["has_ended"]:
        return f"Since {_clock_time(card['date_start'])}"
    minutes = max(0, card["date_end"] - card["date_start"]) // 60
    return f"Ended · {minutes} min"


def _person_name(workspace: Workspace, person: Person) -> str:
    if "slack_id" in person:
        return _user_name(workspace, person["slack_id"])
    return person.get("display_name") or person["external_id"]


def _user_name(workspace: Workspace, user_id: str) -> str:
    user = workspace.users.get(user_id)
    return user.real_name if user else user_id


def _clock_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")


def _request_view(entry: RecordedRequest) -> RequestView:
    outcome = entry.error or ("no answer" if entry.status == 0 else str(entry.status))
    refused = entry.error is not None or entry.status != 200
    return RequestView(_clock_time(entry.at), entry.method, outcome, refused, f"{entry.duration_ms:.1f}")
