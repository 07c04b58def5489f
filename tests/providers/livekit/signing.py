"""Signing as a LiveKit server does, at any time."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta

import jwt

# A server signs once, for all attempts to deliver.
LIFETIME = timedelta(minutes=5)


def signed(body: bytes, key: str, secret: str, now: datetime) -> dict[str, str]:
    """The headers of a delivery of ``body`` made at ``now``."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    token = signed_claims({"sha256": digest}, key, secret, now)
    return {"Authorization": token, "Content-Type": "application/webhook+json"}


def signed_claims(claims: dict[str, object], key: str, secret: str, now: datetime) -> str:
    """A token with ``claims``, good for five minutes from ``now``."""
    times = {"nbf": int(now.timestamp()), "exp": int((now + LIFETIME).timestamp())}
    return jwt.encode({"iss": key, **times, **claims}, secret, algorithm="HS256")
