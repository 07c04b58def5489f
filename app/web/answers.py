"""Answers that are the same at every door of the app, whatever serves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Response

from app import logs
from app.db.session import is_away

RETRY_SECONDS = 5
"""Providers and people are asked to come again after so long when the database is away or busy."""
PLAIN = "text/plain; charset=utf-8"
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered with."""

    status: int
    body: bytes
    content_type: str = PLAIN
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_response(self) -> Response:
        return Response(self.body, self.status, dict(self.headers), content_type=self.content_type)


def come_again(seconds: int = RETRY_SECONDS) -> Answer:
    """For what may be done later: providers send again whatever is answered with 503."""
    return Answer(503, b"cannot be done at the moment, send it again", headers={"Retry-After": str(seconds)})


def answer_to(error: Exception) -> Answer:
    """The last border: a database that is away becomes a 503; what nobody expected becomes a 500 with a reference that
    finds its log line."""
    if is_away(error):
        log.warning("no database, asked to come again", why=type(error).__name__)
        return come_again()
    reference = logs.new_reference()
    log.failure("request failed", error, reference=reference)
    return Answer(500, f"something went wrong here; reference {reference}".encode())
