"""What the app asks to be allowed, and why, in words for whoever allows it.

``manifest.yml`` asks for the same, and ``docs/scopes.md`` says what goes without each; a test compares the three.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

BOT_SCOPES: Mapping[str, str] = {
    "calls:read": "See who Slack shows on a call, to put right what it shows wrongly.",
    "calls:write": "Start calls, keep who is on them true, and end them.",
    "chat:write": "Post the card of a call, and tell somebody what went wrong.",
    "chat:write.public": "Post the card in public channels that the app has not joined.",
    "commands": "Answer the slash command.",
    "users:read": "See who is an admin, and may end the calls of others.",
    "users:read.email": "Show people who join a call as themselves, by their e-mail address.",
}


def missing(granted: Iterable[str]) -> list[str]:
    """What was asked for and is not among what was granted, in order."""
    return [scope for scope in BOT_SCOPES if scope not in set(granted)]
