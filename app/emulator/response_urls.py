"""`response_url`s: how an app answers a command later, also where it may not post.

Rules: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses. They work five times
within thirty minutes, know neither scopes nor membership, and never tell the ts of what they post.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.emulator.errors import JsonObject, SlackError
from app.emulator.ids import Ids
from app.emulator.messages import Author, Draft, Message, MessageBook

USES = 5
LIFETIME_SECONDS = 30 * 60


@dataclass
class ResponseUrl:
    """One response URL; `last` is the app's newest answer through it, which `replace_original` replaces."""

    path: str
    channel: str
    user_id: str
    expires_at: float
    uses_left: int = USES
    last: Message | None = None


class ResponseUrls:
    """All response URLs of one workspace. The caller holds the workspace's lock."""

    def __init__(self, team_id: str, ids: Ids, now: Callable[[], float]) -> None:
        self._team_id = team_id
        self._ids = ids
        self._now = now
        self._urls: dict[str, ResponseUrl] = {}

    def mint(self, channel: str, user_id: str) -> ResponseUrl:
        """A new URL for what one person just did in a channel."""
        path = f"/commands/{self._team_id}/{self._ids.number()}/{self._ids.secret()}"
        url = ResponseUrl(path, channel, user_id, self._now() + LIFETIME_SECONDS)
        self._urls[path] = url
        return url

    def use(self, path: str) -> ResponseUrl:
        """Take one of the five uses, or refuse with `expired_url` or `used_url`."""
        url = self._urls.get(path)
        if url is None or self._now() > url.expires_at:
            raise SlackError("expired_url")
        if url.uses_left == 0:
            raise SlackError("used_url")
        url.uses_left -= 1
        return url


def respond(url: ResponseUrl, payload: JsonObject, draft: Draft, author: Author, book: MessageBook) -> None:
    """Do what a payload sent to a response URL asks for: delete, replace, or post a message."""
    if payload.get("delete_original") is True:
        if url.last is not None:
            book.delete(url.last)
            url.last = None
    elif draft.is_empty:
        raise SlackError("no_text")
    elif payload.get("replace_original") is True and url.last is not None:
        book.edit(url.last, draft)
    else:
        seen_by = None if payload.get("response_type") == "in_channel" else url.user_id
        url.last = book.post(url.channel, author, draft, seen_by)
