"""Signing as Daily does, at any time."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime


def signed(body: bytes, secret: str, now: datetime) -> dict[str, str]:
    """The headers of a delivery of ``body`` sent at ``now``, its time in milliseconds."""
    timestamp = str(round(now.timestamp() * 1000))
    return {"X-Webhook-Timestamp": timestamp, "X-Webhook-Signature": signature(body, secret, timestamp)}


def signature(body: bytes, secret: str, timestamp: str) -> str:
    message = f"{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(base64.b64decode(secret), message, hashlib.sha256).digest()).decode()
