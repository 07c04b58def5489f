"""What 8x8 tells, in the shapes of https://developer.8x8.com/jaas/docs/webhooks-payload (November 2026), and signed as
https://developer.8x8.com/jaas/docs/webhooks-signatures says, at any time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

APP_ID = "vpaas-magic-cookie-c2824d584eac4489a1e32e4e164d5a3c"
ROOM = "weekly-1"
SESSION = "c3348153-1027-4382-afad-5ae91b433c26"
SECRET = "whsec_9635df66714a4cf088ee9d0979dd3bf6"
OLD_SECRET = "whsec_0b1f2d93aa5c4e6f8d7e6c5b4a392817"

ADA = {
    "id": "slack-T1-U1",
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "avatar": "https://example.com/a.png",
    "group": APP_ID,
    "moderator": "true",
    "participantJid": "3988218d-a6ef-40cf-8b1b-f5097f46fbf7@8x8.vc",
    "participantId": "3988218d",
    "isBreakout": False,
}
ADA_ON_HER_PHONE = {
    **ADA,
    "participantJid": "77aa0c11-5f0b-4a5e-9c41-2f6d8e0b7a10@8x8.vc",
    "participantId": "77aa0c11",
}
GRACE = {
    "id": "slack-T1-U2",
    "name": "Grace “Ümlaut” Hopper 🎥",
    "email": "grace@example.com",
    "avatar": "",
    "moderator": False,
    "participantJid": "fc1ea14a-9bca-4218-a563-8c627e803d56@8x8.vc",
}


def told(event: str, at: datetime, data: dict[str, Any] | None = None, **changes: Any) -> bytes:
    """A webhook's body. ``data`` is of the conference where nothing else is given."""
    milliseconds = int(at.timestamp() * 1000)
    conference = f"{ROOM}@conference.{APP_ID}.8x8.vc"
    envelope = {
        "idempotencyKey": f"key-{event}-{milliseconds}",
        "customerId": APP_ID.removeprefix("vpaas-magic-cookie-"),
        "appId": APP_ID,
        "eventType": event,
        "sessionId": SESSION,
        "timestamp": milliseconds,
        "fqn": f"{APP_ID}/{ROOM}",
        "data": {"conference": conference, "isBreakout": False} if data is None else data,
    }
    return json.dumps({**envelope, **changes}, ensure_ascii=False).encode()


def signature(body: bytes, time: str, secret: str = SECRET) -> str:
    digest = hmac.new(secret.encode(), f"{time}.".encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def signed(body: bytes, now: datetime, secret: str = SECRET) -> dict[str, str]:
    """The headers of a delivery of ``body`` made at ``now``."""
    time = str(int(now.timestamp()))
    return {"X-Jaas-Signature": f"t={time},v1={signature(body, time, secret)}", "Content-Type": "application/json"}
