"""The signed tokens that 8x8 trusts. https://developer.8x8.com/jaas/docs/api-keys-jwt"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.domain.meetings import Visitor
from app.providers.payloads import clean_text

# Each costs extra, and is for moderators only.
FEATURES = (
    "file-upload",
    "inbound-call",
    "list-visitors",
    "livestreaming",
    "outbound-call",
    "recording",
    "sip-inbound-call",
    "sip-outbound-call",
    "transcription",
)

# The browser comes back with the same token after a lost connection, so it must outlast a long meeting.
JOIN_WITHIN = timedelta(hours=6)
ASK_WITHIN = timedelta(minutes=2)
CLOCKS_DIFFER_BY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key of one app. ``id`` is the whole ``kid``: ``vpaas-magic-cookie-…/4f4910``."""

    app_id: str
    id: str
    private: RSAPrivateKey = field(repr=False)


def join_token(key: ApiKey, room: str, visitor: Visitor, *, features: Collection[str], now: datetime) -> str:
    """Lets ``visitor`` into ``room`` alone; one who is a host may use ``features``."""
    allowed = features if visitor.is_host else ()
    context = {"user": _user(visitor), "features": {name: _flag(name in allowed) for name in FEATURES}}
    return _signed(key, {"room": room, "context": context}, now, JOIN_WITHIN)


def admin_token(key: ApiKey, *, now: datetime) -> str:
    """Lets us send commands. https://developer.8x8.com/jaas/docs/webhooks-jaas-endpoints"""
    return _signed(key, {"admin": True}, now, ASK_WITHIN)


def _signed(key: ApiKey, claims: Mapping[str, object], now: datetime, lifetime: timedelta) -> str:
    begins, ends = now - CLOCKS_DIFFER_BY, now + lifetime
    standing = {
        "aud": "jitsi",
        "iss": "chat",
        "sub": key.app_id,
        "nbf": int(begins.timestamp()),
        "exp": int(ends.timestamp()),
    }
    return jwt.encode({**standing, **claims}, key.private, algorithm="RS256", headers={"kid": key.id})


def _user(visitor: Visitor) -> dict[str, str]:
    """Texts only; what nobody knows is left out."""
    told = {
        "id": visitor.key,
        "name": clean_text(visitor.name),
        "email": visitor.email,
        "avatar": visitor.avatar_url,
        "moderator": _flag(visitor.is_host),
    }
    return {name: value for name, value in told.items() if value}


def _flag(value: bool) -> str:
    return "true" if value else "false"
