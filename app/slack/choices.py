"""The part of the Home where things are chosen: one's own preferences, and for admins the workspace's settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    Option,
    OverflowMenuElement,
    SectionBlock,
)

from app.domain.workspaces import Enders, Starters, WorkspaceSettings
from app.slack.blocks import paragraph
from app.slack.home import moment
from app.slack.texts import escape

ADD_ACCOUNT = "add_account"
CHANGE_ACCOUNT = "change_account"
CHANGE_SETTINGS = "change_settings"
CHANGE_CHANNEL = "change_channel"
CHANGE_PREFERENCES = "change_preferences"
CHANNELS_IN_BLOCK = 10
"""A block holds 3,000 characters, and each that has a meaning in mrkdwn takes up to five."""
EDIT, TEST, MAKE_DEFAULT, REMOVE = "edit", "test", "default", "remove"
_STARTERS = {
    Starters.EVERYBODY: "Everybody may start calls",
    Starters.MEMBERS: "Members may start calls, guests may not",
    Starters.ADMINS: "Only admins may start calls",
}
_ENDERS = {
    Enders.STARTER: "whoever started one, and admins, may end it",
    Enders.EVERYBODY: "everybody may end any",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """An account as admins see it. ``key`` names it in actions; ``webhook_url`` is empty where none are taken, and
    for the accounts of the app's own settings."""

    key: str
    name: str
    provider_name: str
    is_shared: bool
    is_default: bool
    webhook_url: str
    last_delivery_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine:
    """A channel whose calls are held at an ``account`` of its own, by name."""

    channel_id: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """Who has changed what."""

    at: datetime
    user_id: str
    what: str


def personal_blocks() -> Iterator[Block]:
    yield ActionsBlock(elements=[ButtonElement(text="Your preferences", action_id=CHANGE_PREFERENCES)])


def admin_blocks(
    accounts: Sequence[AccountLine],
    channels: Sequence[ChannelLine],
    settings: WorkspaceSettings,
    changes: Sequence[ChangeLine],
) -> Iterator[Block]:
    yield DividerBlock()
    yield HeaderBlock(text="Where calls are held")
    if not accounts:
        yield paragraph("No call provider is set up yet. Add an account, and people can start calls.")
    yield from map(_account, accounts)
    for first in range(0, len(channels), CHANNELS_IN_BLOCK):
        yield paragraph("\n".join(map(_channel, channels[first : first + CHANNELS_IN_BLOCK])))
    add = ButtonElement(text="Add an account", action_id=ADD_ACCOUNT, style=None if accounts else "primary")
    per_channel = ButtonElement(text="Choose for one channel", action_id=CHANGE_CHANNEL)
    yield ActionsBlock(elements=[add, per_channel] if accounts else [add])
    yield HeaderBlock(text="This workspace")
    yield SectionBlock(
        text=MarkdownTextObject(text=_settings(settings)),
        accessory=ButtonElement(text="Change", action_id=CHANGE_SETTINGS),
    )
    if changes:
        told = "\n".join(f"<@{change.user_id}>, {change.what}, {moment(change.at)}" for change in changes)
        yield ContextBlock(elements=[MarkdownTextObject(text=told)])


def _account(account: AccountLine) -> Block:
    """One block: there may be many, and a Home has room for a hundred."""
    marks = ", ".join([escape(account.provider_name), *["the default"] * account.is_default])
    text = MarkdownTextObject(text=f"*{escape(account.name)}* ({marks})\n{_arrival(account)}")
    return SectionBlock(text=text, accessory=OverflowMenuElement(action_id=CHANGE_ACCOUNT, options=_options(account)))


def _channel(channel: ChannelLine) -> str:
    return f"In <#{channel.channel_id}>: {escape(channel.account)}"


def _options(account: AccountLine) -> list[Option]:
    words = {EDIT: "Change or rename", TEST: "Test", MAKE_DEFAULT: "Make the default", REMOVE: "Remove"}
    shared = {MAKE_DEFAULT} if account.is_shared else set(words)
    return [Option(text=words[verb], value=f"{verb} {account.key}") for verb in words if verb in shared]


def _arrival(account: AccountLine) -> str:
    if account.is_shared:
        return "Set up by the people who run Switchboard."
    if not account.webhook_url:
        return "Tells nothing of who comes and goes."
    if account.last_delivery_at is None:
        return f"Webhooks go to `{account.webhook_url}`. None has come yet."
    return f"Last delivery received {moment(account.last_delivery_at, '{ago}')}."


def _settings(settings: WorkspaceSettings) -> str:
    guests = "People without an account here may join" if settings.allows_guests else "Only people of Slack may join"
    lines = [f"{_STARTERS[settings.who_may_start]}; {_ENDERS[settings.who_may_end]}.", f"{guests}."]
    if settings.title_template:
        lines.append(f"Calls without a title are called “{escape(settings.title_template)}”.")
    return "\n".join(lines)
