"""The way from Slack to the app: signed POSTs to its request URL, each one recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from app.emulator.journal import Journal, SentRequest, masked, masked_headers
from app.emulator.signatures import signed_headers

BUDGET_SECONDS = 3.0
"""How long an app may take: https://docs.slack.dev/interactivity/implementing-slash-commands#responding"""


class NoAppConnected(Exception):
    """No app is connected: tell the emulator its request URL first."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True)
class Answered:
    """How the app answered. `status` is 0 if it did not answer in time or could not be reached.

    `is_late` says that the budget was used up, with or without an answer.
    """

    status: int
    body: str
    content_type: str
    seconds: float
    is_late: bool


class AppLink:
    """Knows where the app listens and the secret that it trusts."""

    def __init__(self, signing_secret: str, now: Callable[[], float], journal: Journal) -> None:
        self.request_url: str | None = None
        self.budget_seconds = BUDGET_SECONDS
        self._secret = signing_secret
        self._now = now
        self._journal = journal
        self._client: httpx.Client | None = None

    def connect(self, request_url: str) -> None:
        """Say where the app listens. Only now a client is made, because that takes longer than all the rest."""
        self.request_url = request_url
        if self._client is None:
            # The environment's proxies are for the world outside; the app is on this machine.
            self._client = httpx.Client(trust_env=False)

    def close(self) -> None:
        """Close the connections to the app, which then counts as not connected."""
        if self._client is not None:
            self._client.close()
        self._client = self.request_url = None

    def signed_headers(self, body: bytes, timestamp: int | None = None) -> dict[str, str]:
        """Slack's signature headers for a body; the timestamp is unix seconds, now if not given."""
        return signed_headers(self._secret, body, int(self._now()) if timestamp is None else timestamp)

    def post(
        self, kind: str, team_id: str, args: Mapping[str, Any], body: bytes, headers: Mapping[str, str]
    ) -> Answered:
        """Send a body to the app, wait for its answer at most the budget, and record both."""
        client, url = self._client, self.request_url
        if client is None or url is None:
            raise NoAppConnected
        sent = {**headers, **self.signed_headers(body), "User-Agent": "Slackbot 1.0"}
        started = time.perf_counter()
        status, text, content_type = _exchange(client, url, body, sent, self.budget_seconds)
        seconds = time.perf_counter() - started
        self._journal.record(
            SentRequest(
                kind=kind,
                url=url,
                args=masked(args),
                status=status,
                answer=text,
                at=self._now(),
                headers=masked_headers(sent),
                team_id=team_id,
                duration_ms=seconds * 1000,
                body=body,
            )
        )
        return Answered(status, text, content_type, seconds, seconds >= self.budget_seconds)


def _exchange(
    client: httpx.Client, url: str, body: bytes, headers: Mapping[str, str], timeout: float
) -> tuple[int, str, str]:
    try:
        response = client.post(url, content=body, headers=dict(headers), timeout=timeout)
    except httpx.HTTPError:
        return 0, "", ""
    return response.status_code, response.text, response.headers.get("Content-Type", "")
