"""Server-sent events: each open page is told that there is news, and asks for what it shows by itself.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response

from app.emulator.journal import Journal

HEARTBEAT_SECONDS = 15.0
"""How often a silent stream says that it is alive; this is also how it finds out that nobody listens."""

_RECONNECT = b"retry: 1000\n\n"
_HEARTBEAT = b": still here\n\n"


def stream(journal: Journal) -> Response:
    """An endless answer that names each new revision of the journal; a page knows which one it shows."""
    return Response(news(journal), mimetype="text/event-stream", headers={"Cache-Control": "no-store"})


def news(journal: Journal, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> Iterator[bytes]:
    """The events themselves, the first one at once."""
    yield _RECONNECT
    seen = journal.revision
    yield _event(seen)
    while True:
        revision = journal.next_revision(seen, heartbeat_seconds)
        yield _HEARTBEAT if revision == seen else _event(revision)
        seen = revision


def _event(revision: int) -> bytes:
    return f"event: news\ndata: {revision}\n\n".encode()
