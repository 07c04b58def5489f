"""Links from a template, such as ``https://meet.jit.si/{slug}``."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from app.clock import Clock
from app.config import is_web_address
from app.domain.meetings import Capabilities, Meeting, MeetingRequest
from app.providers.accounts import Account
from app.providers.base import Provider

SLUG = "{slug}"
# 20 hexadecimal digits are 80 bits: nobody finds a meeting by trying.
SECRET_DIGITS = 20
READABLE_LETTERS = 40


def _template(value: str) -> str:
    if value.count(SLUG) != 1 or not is_web_address(value.replace(SLUG, "x")):
        raise ValueError("must be an address with {slug} in it once, such as https://meet.jit.si/{slug}")
    return value


class LinkAccount(Account):
    """A service with plain links."""

    template: Annotated[str, AfterValidator(_template)] = Field(
        description="The link of a meeting, with {slug} in the place of its name: https://meet.jit.si/{slug}.",
    )
    limit_hours: float = Field(
        default=4,
        gt=0,
        le=168,
        description="After how many hours a call is ended, because nothing tells when everybody has left.",
    )
    name: str = Field(
        default="Link",
        max_length=50,
        description="What the service is called in messages, such as Jitsi Meet.",
    )


class Link(Provider):
    name = "link"
    display_name = "Link"
    capabilities = Capabilities()
    Account = LinkAccount

    def __init__(self, account: LinkAccount, clock: Clock, *, webhook_url: str = "") -> None:
        super().__init__(account, clock, webhook_url=webhook_url)
        self.display_name = account.name
        self._template = account.template
        self._limit_seconds = account.limit_hours * 3600

    @property
    def limit_seconds(self) -> float:
        return self._limit_seconds

    def check(self) -> Sequence[str]:
        return ["Links are made from LINK_TEMPLATE; there is nobody to ask."]

    def create_meeting(self, request: MeetingRequest) -> Meeting:
        """The title makes the link readable, the key makes it unguessable and one of its kind.

        With another title the same key would give another link; it is no second meeting, since a link that nobody
        was told is nothing.
        """
        slug = f"{_readable(request.title)}-{_unguessable(request.key)}"
        return Meeting(id=slug, join_url=self._template.replace(SLUG, slug))


def _readable(title: str) -> str:
    """``Überblick: Q3`` → ``uberblick-q3``; what has no Latin letters → ``call``."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall("[a-z0-9]+", plain))
    return words[:READABLE_LETTERS].strip("-") or "call"


def _unguessable(key: str) -> str:
    """A hash, so that the link does not give away our own key."""
    return hashlib.sha256(f"link:{key}".encode()).hexdigest()[:SECRET_DIGITS]
