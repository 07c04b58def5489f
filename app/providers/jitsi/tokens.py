"""The signed tokens that Prosody trusts. https://github.com/jitsi/lib-jitsi-meet/blob/master/doc/tokens.md"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from app.domain.meetings import Visitor
from app.providers.jitsi.rooms import Room
from app.providers.payloads import clean_text

AUDIENCE = "jitsi"
# Prosody asks for the token whenever the browser connects anew, so it must outlast a long meeting.
JOIN_WITHIN = timedelta(hours=6)
ASK_WITHIN = timedelta(minutes=2)
CLOCKS_DIFFER_BY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class App:
    """What Prosody knows us by: its ``app_id`` and ``app_secret``."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SystemKey:
    """The key of mod_muc_end_meeting. Prosody fetches its public half by the id; the issuer must be one it accepts."""

    id: str
    issuer: str
    private: RSAPrivateKey = field(repr=False)


def join_token(app: App, room: Room, visitor: Visitor, *, sub: str, now: datetime) -> str:
    """Lets ``visitor`` into ``room`` alone. ``sub`` is the tenant, or Prosody's main host where there is none."""
    claims = {"room": room.name, "context": {"user": _user(visitor)}, **_standing(app.id, sub, now, JOIN_WITHIN)}
    return jwt.encode(claims, app.secret, algorithm="HS256")


def room_token(app: App, room: Room, *, sub: str, now: datetime) -> str:
    """Lets us ask mod_muc_size for ``room``, where it wants a token."""
    claims = {"room": room.name, **_standing(app.id, sub, now, ASK_WITHIN)}
    return jwt.encode(claims, app.secret, algorithm="HS256")


def system_token(key: SystemKey, *, sub: str, now: datetime) -> str:
    """Lets us end any room."""
    claims = {"room": "*", **_standing(key.issuer, sub, now, ASK_WITHIN)}
    return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.id})


def _standing(issuer: str, sub: str, now: datetime, lifetime: timedelta) -> dict[str, str | int]:
    begins, ends = now - CLOCKS_DIFFER_BY, now + lifetime
    return {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": sub,
        "nbf": int(begins.timestamp()),
        "exp": int(ends.timestamp()),
    }


def _user(visitor: Visitor) -> dict[str, str]:
    """Texts only: Prosody's identity module fails on a null. What nobody knows is left out."""
    told = {
        "id": visitor.key,
        "name": clean_text(visitor.name),
        "email": visitor.email,
        "avatar": visitor.avatar_url,
        "moderator": "true" if visitor.is_host else "false",
    }
    return {field: value for field, value in told.items() if value}
