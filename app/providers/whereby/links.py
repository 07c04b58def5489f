"""An address for each person. https://docs.whereby.com/whereby-101/customizing-rooms/using-url-parameters"""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit

from app.domain.meetings import Visitor
from app.providers.payloads import clean_text

LONGEST_NAME = 100
# With one of these in it Whereby refuses the whole name and asks for another.
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("$!<>:;", " "))


def personal_url(room_url: str, visitor: Visitor, *, avatar_host: str | None) -> str:
    """``room_url`` with who ``visitor`` is; the parameters it has stay as they are. ``externalId`` comes back in
    webhooks. None of it is signed."""
    told = {
        "externalId": visitor.key,
        "displayName": display_name(visitor.name),
        "avatarUrl": visitor.avatar_url if _is_shown(visitor.avatar_url, avatar_host) else None,
    }
    added = urlencode({name: value for name, value in told.items() if value}, quote_via=quote, safe="")
    parts = urlsplit(room_url)
    return parts._replace(query=f"{parts.query}&{added}" if parts.query else added).geturl()


def display_name(name: str) -> str | None:
    """``name`` as Whereby takes it; None when nothing is left."""
    cleaned = clean_text(name.translate(_NOT_IN_NAMES))
    return cleaned[:LONGEST_NAME].strip() if cleaned else None


def _is_shown(address: str | None, avatar_host: str | None) -> bool:
    """Whereby shows pictures of the hosts that its dashboard allows, by https and without parameters."""
    if not address or not avatar_host:
        return False
    parts = urlsplit(address)
    return parts.scheme == "https" and parts.hostname == avatar_host and not parts.query
