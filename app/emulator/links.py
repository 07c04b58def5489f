"""Links in messages, and the domains whose links the app wants to show itself.

https://docs.slack.dev/messaging/unfurling-links-in-messages
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_LINK = re.compile(r"https?://[^\s<>|]+")


def links_in(text: str) -> list[str]:
    """The addresses in a message, each once, in their order."""
    return list(dict.fromkeys(html.unescape(found) for found in _LINK.findall(text)))


def domain_of(url: str, domains: Iterable[str]) -> str | None:
    """Which of the domains an address is of, itself or below; ports do not matter."""
    host = (urlsplit(url).hostname or "").lower()
    return next((each for each in domains if host == each.lower() or host.endswith("." + each.lower())), None)


def is_below(url: str, domains: Iterable[str]) -> bool:
    """Whether an address is of one of the domains."""
    return domain_of(url, domains) is not None
