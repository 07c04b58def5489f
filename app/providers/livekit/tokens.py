"""The signed tokens that LiveKit trusts. https://docs.livekit.io/home/get-started/authentication/"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt
from livekit import api

from app.domain.meetings import Visitor

# The link is made when somebody presses Join and must outlast a long meeting: the browser comes back with the same
# token after a lost connection.
JOIN_WITHIN = timedelta(hours=6)
# The token of one request to the server; a minute for clocks that differ is LiveKit's own allowance.
ASK_WITHIN = timedelta(minutes=2)
WEBHOOK_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An API key and the secret that belongs to it."""

    key: str
    secret: str = field(repr=False)


def join_token(pair: KeyPair, *, room: str, visitor: Visitor) -> str:
    """Lets ``visitor`` into ``room`` alone. The same identity coming again puts the earlier connection out."""
    grants = api.VideoGrants(room_join=True, room=room)
    token = api.AccessToken(pair.key, pair.secret).with_identity(visitor.key).with_name(visitor.name)
    return token.with_grants(grants).with_ttl(JOIN_WITHIN).to_jwt()


def webhook_token(pair: KeyPair, body: bytes, now: datetime) -> str:
    """What a server sends along with a webhook of this body."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    times = {"nbf": int(now.timestamp()), "exp": int((now + WEBHOOK_WITHIN).timestamp())}
    return jwt.encode({"iss": pair.key, "sha256": digest, **times}, pair.secret, algorithm="HS256")


def server_token(pair: KeyPair, grants: api.VideoGrants) -> str:
    return api.AccessToken(pair.key, pair.secret).with_grants(grants).with_ttl(ASK_WITHIN).to_jwt()
