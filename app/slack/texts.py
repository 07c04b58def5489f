"""Every sentence a person reads in Slack. In a failure the sentence says what to do and carries a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.calls import LONGEST_TITLE
from app.errors import (
    AdminsOnly,
    CannotTell,
    MayNotStart,
    MembersOnly,
    NoAccount,
    NoDefaultAccount,
    NoKeys,
    NoSuchAccount,
    NoSuchCall,
    NotAsEntered,
    NothingRunning,
    NotYours,
    OfAnotherTeam,
    PermanentFailure,
    RequestFailed,
    TitleMissing,
    TitleTooLong,
    TooManyAccounts,
    WishRefused,
)


@dataclass(frozen=True, slots=True)
class RunningCall:
    """A line of the list of running calls. ``join_url`` is None until there is something to join."""

    title: str
    join_url: str | None
    started_by: str
    minutes: int


def escape(text: str) -> str:
    """Foreign text inside a message; without this it could mention people or hide links.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def starting(title: str, command: str, others: int = 0) -> str:
    text = f"Starting *{escape(title)}* …"
    if others:
        noun = "call is" if others == 1 else "calls are"
        text += f" ({others} more {noun} running here; `{command} list` shows them.)"
    return text


def link(url: str, label: str = "") -> str:
    """``url`` as a link. A ``|`` in it would end the address and begin the label."""
    address = escape(url).replace("|", "%7C")
    return f"<{address}|{escape(label)}>" if label else f"<{address}>"


def card_text(title: str, join_url: str) -> str:
    """What is read where the card itself cannot be shown: notifications, screen readers, other clients."""
    return f"{escape(title)}: join at {link(join_url)}"


def ended(title: str, *, for_everybody: bool) -> str:
    """``for_everybody`` is False where the provider cannot put people out."""
    if for_everybody:
        return f"Ending *{escape(title)}* for everybody."
    return f"The call *{escape(title)}* is over in Slack. Its link goes on working."


def ends_soon(minutes: int, hours: float) -> str:
    """``hours`` is how much longer the call goes on after a sign of life."""
    left = "1 minute" if minutes == 1 else f"{minutes} minutes"
    more = "another hour" if hours == 1 else f"another {hours:g} hours"
    return (
        f"This call ends in {left}, because nobody can be asked whether it is still going on. "
        f"Whoever started it can keep it for {more}: with `rename` and a title, which may be the same."
    )


def renamed(title: str) -> str:
    return f"The call is now called *{escape(title)}*."


def running(calls: Sequence[RunningCall]) -> str:
    if not calls:
        return "No call is running in this channel."
    return "\n".join(["Running in this channel:", *map(_running_line, calls)])


def _running_line(call: RunningCall) -> str:
    title = link(call.join_url, call.title) if call.join_url else f"{escape(call.title)} (starting)"
    return f"• {title}, by <@{call.started_by}>, {_minutes(call.minutes)}"


def _minutes(minutes: int) -> str:
    if minutes < 1:
        return "just started"
    return "for 1 minute" if minutes == 1 else f"for {minutes} minutes"


def help_text(command: str) -> str:
    return "\n".join(
        [
            f"`{command} Weekly sync` starts a call with this title in this channel; `{command}` alone starts one too.",
            f"`{command} end` ends your call.",
            f"`{command} rename Another title` changes the title on the card.",
            f"`{command} list` shows what is running in this channel.",
            f"`{command} settings` is about the calls that you start yourself; the app's Home tab has the rest.",
            "Only the one who started a call, or an admin of the workspace, may end or rename it, "
            "unless an admin has let everybody do so.",
        ]
    )


def default_title(channel_name: str) -> str:
    """The title of a call that was given none, and that no template has one for. Slack names conversations between
    people ``directmessage``, ``privategroup`` and ``mpdm-…``."""
    name = channel_title(channel_name)
    return f"Call in #{name}" if name else "Call"


def channel_title(channel_name: str) -> str:
    """The channel's name as it may stand in a title; ``""`` where Slack only says what kind of conversation it is."""
    is_nameless = channel_name in {"directmessage", "privategroup"} or channel_name.startswith("mpdm-")
    return "" if is_nameless else channel_name


# By the kind of refusal; ``{command}`` is the slash command.
_REFUSALS: Mapping[type[WishRefused], str] = {
    NothingRunning: "No call is running in this channel. `{command} Weekly sync` starts one.",
    NotYours: "Only the one who started the call, or an admin of the workspace, may do this.",
    TitleMissing: "Say the new title as well: `{command} rename Another title`.",
    TitleTooLong: f"That title is too long for the card. Please use {LONGEST_TITLE} characters at most.",
    CannotTell: "Slack did not say in time who you are in this workspace. Please try again.",
    MayNotStart: "Only some people may start calls in this workspace. An admin can change that in the app's Home tab.",
    MembersOnly: "Only members of this workspace may do this.",
    AdminsOnly: "Only admins of this workspace may do this.",
    OfAnotherTeam: "Only people of the workspace that this call belongs to may do this.",
    NoSuchCall: "That call is over already.",
    NoAccount: "No call provider is set up here yet. An admin of the workspace can add one in the app's Home tab.",
    NoDefaultAccount: "It is not chosen yet where calls are held. "
    "An admin of the workspace can do so in the app's Home tab.",
    TooManyAccounts: "There are as many accounts as a workspace can have. Please remove one first.",
    NoKeys: "Accounts have secrets, and those can only be kept encrypted. "
    "Ask the people who run Switchboard to set ENCRYPTION_KEYS.",
    NoSuchAccount: "This workspace has no such account; somebody may have removed it just now.",
}


def refused(wish: WishRefused, command: str) -> str:
    """Why a wish is not granted, and what can be done instead."""
    if isinstance(wish, NotAsEntered):
        return " ".join(["Please look again at what you entered.", *wish.problems.values()])
    return _REFUSALS.get(type(wish), str(wish)).format(command=command)


# --- At a field of a form


def name_needed(longest: int) -> str:
    return f"Please give the account a name of 1 to {longest} characters."


def name_taken() -> str:
    return "Another account of this workspace has this name."


def entered_too_long(longest: int) -> str:
    return f"This is longer than {longest} characters: was something else pasted?"


def template_too_long(longest: int) -> str:
    return f"Please use {longest} characters at most."


def template_unknown(unknown: Sequence[str], known: Sequence[str]) -> str:
    return f"{' '.join(unknown)} means nothing here. Only {' and '.join(f'{{{name}}}' for name in known)} can be used."


def guests_needed() -> str:
    return "People cannot sign in with Slack at this app, so without guests nobody could join."


def account_gone() -> str:
    return "This account is not there any more. Please choose another one."


def form_not_opened() -> str:
    return "Slack could not open the form in time. Please try again."


# --- About an account


def testing(name: str, provider: str) -> str:
    return f"Asking {escape(provider)} whether *{escape(name)}* works …"


def tested(proven: Sequence[str], problem: str, webhook_url: str) -> str:
    """``proven`` are sentences; ``problem`` is what to mend, ``""`` when nothing."""
    if problem:
        return f":warning: {escape(problem)}"
    lines = [f":white_check_mark: {escape(sentence)}" for sentence in proven]
    if webhook_url:
        lines.append(f"Webhooks go to `{webhook_url}`. The Home says when the last one came.")
    return "\n".join(lines) or "Nothing is asked of this provider before a call is started."


def account_saved(name: str, webhook_url: str, *, by_hand: bool) -> list[str]:
    """``by_hand`` when somebody has to tell the provider where its webhooks go."""
    saved = [f"*{escape(name)}* is saved. Its secrets are never shown again."]
    if by_hand:
        saved.append(f"Give this address to the provider, for its webhooks:\n`{webhook_url}`")
    return [*saved, "*Test* in its menu on the Home says whether it works."]


def ask_to_remove(name: str) -> str:
    return (
        f"*{escape(name)}* and its secrets are deleted. Calls that run there go on until they are over; "
        "new ones are held elsewhere."
    )


# --- When something failed


def went_wrong(reference: str) -> str:
    return (
        "Something went wrong in Switchboard. Please try again; if it happens again, "
        f"tell the people who run it this reference: {reference}"
    )


# What a person can do about a refusal, by Slack's word for it. https://docs.slack.dev/reference/methods/calls.add
_ADVICE = {
    "not_authorized": "You may not start calls in this channel. Ask an admin of the workspace.",
    "missing_scope": "The app lacks a permission in Slack. Ask an admin to install it again.",
    "invalid_auth": "The app's token for Slack is not valid. Ask the people who run it to set a new one.",
    "token_expired": "The app's token for Slack is not valid. Ask the people who run it to set a new one.",
    "token_revoked": "The app was removed from this workspace. Ask an admin to install it again.",
    "account_inactive": "The app was removed from this workspace. Ask an admin to install it again.",
    "is_archived": "This channel is archived. Start the call in another one.",
    "channel_not_found": "The app may not post here. Invite it to the channel, or start the call in another one.",
    "not_in_channel": "The app may not post here. Invite it to the channel, or start the call in another one.",
    "restricted_action": "The app may not post here. Ask an admin, or start the call in another channel.",
    "restricted_action_read_only_channel": "Only some people may post here. Start the call in another channel.",
    "restricted_action_thread_only_channel": "Only threads may be posted here. Start the call in another channel.",
}


# The same for a refusal of the provider's, by our own word for it.
_PROVIDER_ADVICE = {
    "all_hosts_busy": "Everybody who can host is in another call. Try again when one of those is over.",
}


def could_not_start(title: str, failure: RequestFailed, provider: str | None, reference: str) -> str:
    """``provider`` is the provider's name when the failure is on its side, None when it is on Slack's."""
    side = provider or "Slack"
    advice = f"{side} did not answer as it should. Please try again in a minute."
    if isinstance(failure, PermanentFailure):
        refused = f"{side} refused. Tell the people who run Switchboard this reference."
        advice = (_PROVIDER_ADVICE if provider else _ADVICE).get(failure.code, refused)
    return f"*{escape(title)}* could not be started. {advice} Reference: {reference}"
