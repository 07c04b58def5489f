"""How Slack signs what it sends: https://docs.slack.dev/authentication/verifying-requests-from-slack."""

from __future__ import annotations

import hashlib
import hmac


def signed_headers(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The two headers by which an app knows that a body comes from Slack. The timestamp is unix seconds."""
    base = b"v0:%d:%s" % (timestamp, body)
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}
