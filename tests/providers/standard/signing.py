"""Signing by the recipe in docs/standard-provider.md, step by step and without the library that we verify with."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime


def signed(body: bytes, secret: str, now: datetime, message_id: str = "msg_1") -> dict[str, str]:
    """The headers of an attempt made at ``now`` to deliver ``body`` as ``message_id``."""
    seconds = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": signature(body, secret, seconds, message_id),
    }


def signature(body: bytes, secret: str, seconds: str, message_id: str) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = message_id.encode() + b"." + seconds.encode() + b"." + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
