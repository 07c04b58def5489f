"""An answer of the emulator before it becomes HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from app.emulator.errors import JsonObject


@dataclass
class Reply:
    """Status, body and extra headers. A body that is text goes out as it is, an object as JSON."""

    body: JsonObject | str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def data(self) -> bytes:
        """The body as it travels."""
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()

    def content_type(self) -> str:
        """The type Slack gives to such a body."""
        return "text/html" if isinstance(self.body, str) else "application/json; charset=utf-8"


def rate_limited(retry_after_seconds: int | None) -> Reply:
    """Slack's 429: https://docs.slack.dev/apis/web-api/rate-limits#headers; None leaves out how long to wait."""
    headers = {} if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
    return Reply({"ok": False, "error": "ratelimited"}, 429, headers)
