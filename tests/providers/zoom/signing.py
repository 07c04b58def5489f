"""Signing as Zoom does. https://developers.zoom.us/docs/api/webhooks/#verify-with-zooms-header"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime


def signed(body: bytes, secret: str, now: datetime) -> dict[str, str]:
    """The headers of a delivery of ``body`` made at ``now``."""
    timestamp = str(int(now.timestamp()))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-zm-request-timestamp": timestamp, "x-zm-signature": f"v0={digest}", "Content-Type": "application/json"}
