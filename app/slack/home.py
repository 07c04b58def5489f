"""The app's Home tab: what is running now, what was lately, how one is recognised, and for admins the settings.

https://docs.slack.dev/surfaces/app-home, https://docs.slack.dev/reference/block-kit/blocks
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from slack_sdk import WebClient
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    MarkdownTextObject,
)
from slack_sdk.models.views import View

from app.domain.calls import Confidence
from app.domain.durations import lasted
from app.slack.blocks import paragraph
from app.slack.texts import escape
from app.slack.views import about_team
from app.slack.web_api import send

METHOD = "views.publish"
JOIN_CALL = "join_call"
END_CALL = "end_call"
SEVERAL_NAMED = 5
"""So many people of a call are named; the others are counted."""
_RECOGNISED = {
    Confidence.LINK: "by your own link, after you signed in with Slack",
    Confidence.VOUCHED: "because your account there is linked to Slack",
    Confidence.EMAIL: "by your e-mail address",
    Confidence.CLAIM: "by your own link",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningLine:
    """A call that runs. ``people`` are in it now, as mentions or names in mrkdwn; ``join_url`` is None until there is
    something to join."""

    call_id: str
    title: str
    channel_id: str
    started_by: str
    started_at: datetime
    join_url: str | None
    people: Sequence[str]
    may_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentLine:
    """A call that is over. ``seconds`` is how long it was, None when it could not be started; ``people`` how many
    came."""

    title: str
    channel_id: str
    started_at: datetime
    seconds: int | None
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """At this provider somebody is shown as themselves."""

    provider_name: str
    how: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What one person sees. ``settings`` are blocks that are made elsewhere: the person's, and an admin's."""

    command: str
    running: Sequence[RunningLine]
    recent: Sequence[RecentLine]
    recognised: Sequence[Recognition]
    settings: Sequence[Block] = field(default_factory=tuple)


def publish(client: WebClient, team_id: str, user_id: str, home: Home) -> None:
    """Show it in this team from now on. Raises a kind of ``RequestFailed``.

    https://docs.slack.dev/reference/methods/views.publish
    """
    view = View(type="home", blocks=list(blocks_of(home))).to_dict()
    send(client.views_publish, user_id=user_id, view=about_team(view, team_id))


def blocks_of(home: Home) -> Iterator[Block]:
    yield HeaderBlock(text="Running now")
    if not home.running:
        yield paragraph(f"No call is running. `{home.command} Weekly sync` in a channel starts one.")
    for running in home.running:
        yield from _running(running)
    if home.recent:
        yield HeaderBlock(text="Lately")
        yield from (paragraph(_recent(recent)) for recent in home.recent)
    yield HeaderBlock(text="You")
    yield paragraph(_recognised(home.recognised))
    yield from home.settings


def moment(at: datetime, form: str = "{date_short_pretty}, {time}") -> str:
    """In the reader's own time zone. https://docs.slack.dev/messaging/formatting-message-text#date-formatting"""
    return f"<!date^{int(at.timestamp())}^{form}|{at:%Y-%m-%d %H:%M} UTC>"


def _running(call: RunningLine) -> Iterator[Block]:
    where = f"<#{call.channel_id}>, by <@{call.started_by}>, since {moment(call.started_at)}"
    yield paragraph(f"*{escape(call.title)}*\n{where}")
    yield ContextBlock(elements=[MarkdownTextObject(text=_people(call))])
    buttons = [*_join(call), *_end(call)]
    if buttons:
        yield ActionsBlock(elements=buttons, block_id=call.call_id)


def _join(call: RunningLine) -> Iterator[ButtonElement]:
    if call.join_url:
        yield ButtonElement(text="Join", action_id=JOIN_CALL, url=call.join_url, style="primary")


def _end(call: RunningLine) -> Iterator[ButtonElement]:
    if call.may_end:
        sure = ConfirmObject(
            title="End this call?", text=f"*{escape(call.title)}* ends for everybody.", confirm="End it", deny="Cancel"
        )
        yield ButtonElement(text="End", action_id=END_CALL, value=call.call_id, style="danger", confirm=sure)


def _people(call: RunningLine) -> str:
    if not call.people:
        return "Starting …" if call.join_url is None else "Nobody is in."
    named, more = call.people[:SEVERAL_NAMED], len(call.people) - SEVERAL_NAMED
    return "In: " + ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _recent(call: RecentLine) -> str:
    told = f"*{escape(call.title)}* in <#{call.channel_id}>, {moment(call.started_at)}"
    if call.seconds is None:
        return f"{told}: could not be started"
    people = "" if not call.people else f", {call.people} {'person' if call.people == 1 else 'people'}"
    return f"{told}, {lasted(call.seconds)}{people}"


def _recognised(recognised: Sequence[Recognition]) -> str:
    if not recognised:
        return (
            "Press *Join* on a card and sign in with Slack once: from then on the cards show you as yourself, "
            "wherever the provider lets us know who comes."
        )
    lines = [f"• {escape(each.provider_name)}: {_RECOGNISED[each.how]}" for each in recognised]
    return "\n".join(["The cards show you as yourself at", *lines])
