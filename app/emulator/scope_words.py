"""What scopes allow, in the words that people read before they agree; the rare ones stand by their name."""

from __future__ import annotations

from collections.abc import Mapping

SCOPE_WORDS: Mapping[str, str] = {
    "calls:read": "See calls and who is in them",
    "calls:write": "Start and manage calls",
    "channels:history": "Read messages in public channels",
    "channels:read": "See the public channels",
    "chat:write": "Send messages as the app",
    "chat:write.public": "Send messages to channels that it is not in",
    "commands": "Add slash commands and shortcuts",
    "email": "See your email address",
    "groups:history": "Read messages in private channels that it is in",
    "groups:read": "See the private channels that it is in",
    "im:history": "Read direct messages with it",
    "im:read": "See the direct messages with it",
    "im:write": "Start direct messages with people",
    "incoming-webhook": "Post messages to one channel",
    "links:read": "See links to its domains in messages",
    "links:write": "Show previews of links to its domains",
    "mpim:history": "Read group direct messages that it is in",
    "mpim:read": "See the group direct messages that it is in",
    "openid": "Know who you are",
    "profile": "See your name and picture",
    "team:read": "See the workspace's name and domain",
    "users.profile:read": "See what people say in their profiles",
    "users.profile:write": "Change your profile and your status",
    "users:read": "See the people of the workspace",
    "users:read.email": "See the email addresses of people",
}
