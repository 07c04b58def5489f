"""What of Slack the emulator has, as data: every method it answers, the well-known ones it lacks, and features.

A test holds this against the method table, both ways.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["supported", "partial", "missing"]


@dataclass(frozen=True)
class Entry:
    """One line of the table: a method of the Web API or a feature, and what a developer should know about it."""

    name: str
    state: State
    note: str = ""


def _rows(state: State, rows: dict[str, str]) -> tuple[Entry, ...]:
    return tuple(Entry(name, state, note) for name, note in rows.items())


def _missing(names: str) -> tuple[Entry, ...]:
    return tuple(Entry(name, "missing") for name in names.split())


METHODS: tuple[Entry, ...] = (
    *_rows(
        "supported",
        {
            "api.test": "",
            "apps.connections.open": "Also refuses when the manifest has Socket Mode off.",
            "apps.uninstall": "",
            "auth.revoke": "",
            "auth.test": "",
            "bots.info": "",
            "calls.add": "What nobody knows about it is a switch.",
            "calls.end": "",
            "calls.info": "",
            "calls.participants.add": "What nobody knows about it is a switch.",
            "calls.participants.remove": "What nobody knows about it is a switch.",
            "calls.update": "What nobody knows about it is a switch.",
            "chat.delete": "",
            "chat.getPermalink": "The link leads to a Slack that does not exist.",
            "conversations.history": "",
            "conversations.info": "",
            "conversations.list": "",
            "conversations.members": "",
            "conversations.replies": "",
            "functions.completeError": "",
            "functions.completeSuccess": "",
            "oauth.v2.access": "",
            "oauth.v2.exchange": "",
            "openid.connect.token": "Signed with RS256; the keys are at /openid/connect/keys.",
            "openid.connect.userInfo": "",
            "users.info": "",
            "users.lookupByEmail": "",
            "views.open": "",
            "views.publish": "",
            "views.push": "",
            "views.update": "",
        },
    ),
    *_rows(
        "partial",
        {
            "chat.postEphemeral": "No icon or name of its own, no unfurling of links by Slack itself.",
            "chat.postMessage": "No markdown_text, icon or name of its own, no unfurling of links by Slack itself.",
            "chat.unfurl": "Posted messages only: there is no preview in the composer, and no sign-in prompt.",
            "chat.update": "Only of messages that the same token posted.",
            "conversations.open": "prevent_creation is not known.",
            "team.info": "The workspace of the token only.",
            "users.list": "Presence is not known.",
            "users.profile.get": "No custom fields.",
            "users.profile.set": "Names, title, phone, pronouns and status; no custom fields.",
        },
    ),
    *_missing(
        "apps.event.authorizations.list apps.manifest.create apps.manifest.delete apps.manifest.export "
        "apps.manifest.update apps.manifest.validate assistant.threads.setStatus assistant.threads.setTitle "
        "auth.teams.list bookmarks.add bookmarks.edit bookmarks.list bookmarks.remove "
        "canvases.create canvases.delete canvases.edit chat.appendStream chat.deleteScheduledMessage "
        "chat.meMessage chat.scheduleMessage chat.scheduledMessages.list chat.startStream chat.stopStream "
        "conversations.acceptSharedInvite conversations.archive conversations.close conversations.create "
        "conversations.invite conversations.inviteShared conversations.join conversations.kick "
        "conversations.leave conversations.mark conversations.rename conversations.setPurpose "
        "conversations.setTopic conversations.unarchive dialog.open dnd.endDnd dnd.info dnd.setSnooze "
        "emoji.list files.completeUploadExternal files.delete files.getUploadURLExternal files.info files.list "
        "files.remote.add files.upload migration.exchange oauth.access pins.add pins.list pins.remove "
        "reactions.add reactions.get reactions.list reactions.remove reminders.add reminders.list rtm.connect "
        "search.messages stars.add team.accessLogs team.billableInfo team.integrationLogs "
        "team.preferences.list team.profile.get usergroups.create usergroups.list usergroups.update "
        "usergroups.users.list users.conversations users.deletePhoto users.getPresence users.identity "
        "users.setActive users.setPhoto users.setPresence workflows.stepCompleted workflows.updateStep"
    ),
)

FEATURES: tuple[Entry, ...] = (
    *_rows(
        "supported",
        {
            "Slash commands": "Usage hints and escaped mentions as in the manifest; a command it lacks is refused.",
            "Message and global shortcuts": "",
            "Modals": "Stacks of three, response actions, state, hashes, external ids, view_closed.",
            "App Home": "",
            "response_url": "Five uses in thirty minutes.",
            "Call cards": "Live, with who is in and who left; declining one in a direct message sends call_rejected.",
            "Events API": "Signed, with retries at once, after one minute and after five, and x-slack-no-retry.",
            "Socket Mode": "Commands, interactions and events over a WebSocket, acknowledged by envelope.",
            "OAuth v2": "Install page, one-time codes, token rotation, user tokens, organisations.",
            "Sign in with Slack (OpenID Connect)": "RS256, discovery and keys; the issuer is https://slack.com.",
            "Manifest": "Scopes, commands, shortcuts, events, unfurl domains and redirect URLs are held against it.",
            "Scopes": "A method without its scope answers missing_scope.",
            "Rate limits": "By method and workspace, with 429 and Retry-After; bursts are a guess.",
            "Request signing": "",
        },
    ),
    *_rows(
        "partial",
        {
            "Block Kit validation": "Types, fields, counts and lengths; the wording beside the codes is not Slack's.",
            "Buttons, menus and inputs": "The app has three seconds; it is asked for the options of external selects. "
            "Rich text is typed as plain text. Checked but not drawn: feedback_buttons, file_input, icon_button.",
            "Blocks on the page": "Checked but not drawn: context_actions, file, table, video.",
            "Link unfurling": "link_shared for posted messages, not for the composer.",
            "Custom workflow steps": "function_executed and completion; there is no workflow builder.",
            "Organisations (Enterprise Grid)": "One token for all their workspaces, all of them granted at once.",
            "Threads": "Replies are kept and read; nobody follows or is notified.",
            "message and app_mention events": "New messages only: no edits, deletions, joins or files.",
        },
    ),
    *_rows(
        "missing",
        {
            "Files": "",
            "Reactions, pins and bookmarks": "",
            "Scheduled messages and reminders": "",
            "Slack Connect": "",
            "Incoming webhooks": "The scope can be asked for, but no webhook is given.",
            "Huddles": "",
            "AI assistants and streamed messages": "",
            "Admin and SCIM APIs": "",
        },
    ),
)

COVERAGE: tuple[Entry, ...] = METHODS + FEATURES
