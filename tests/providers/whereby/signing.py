"""Signing as Whereby does, at any time."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime


def signed(body: bytes, secret: str, now: datetime) -> dict[str, str]:
    """The headers of a delivery of ``body`` sent at ``now``."""
    timestamp = str(int(now.timestamp()))
    return {"Whereby-Signature": f"t={timestamp},v1={signature(body, secret, timestamp)}"}


def signature(body: bytes, secret: str, timestamp: str) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
