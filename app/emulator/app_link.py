"""The way from Slack to the app: signed POSTs to its request URL, or its sockets; each message is recorded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx

from app.emulator.errors import Misused
from app.emulator.journal import Journal, SentRequest, masked, masked_headers
from app.emulator.signatures import signed_headers

if TYPE_CHECKING:
    from app.emulator.socket_mode import SocketMode

BUDGET_SECONDS = 3.0
"""How long an app may take: https://docs.slack.dev/interactivity/implementing-slash-commands#responding"""

MAX_REDIRECTS = 2


class NoAppConnected(Exception):
    """No app is connected: tell the emulator its request URL first."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True)
class Answered:
    """How the app answered. `status` is 0 if it did not answer in time or could not be reached.

    `is_late` says that the budget was used up, with or without an answer; `reason` why a retry would follow, in the
    words of `X-Slack-Retry-Reason`; `is_final` that the app wants none.
    """

    status: int
    body: str
    content_type: str
    seconds: float
    is_late: bool
    reason: str = ""
    is_final: bool = False


class AppLink:
    """Knows where the app listens, by HTTP or through Socket Mode, and the secret that it trusts."""

    def __init__(
        self, signing_secret: str, now: Callable[[], float], journal: Journal, socket_mode: SocketMode | None = None
    ) -> None:
        self.request_url: str | None = None
        self.budget_seconds = BUDGET_SECONDS
        self._secret = signing_secret
        self._now = now
        self._journal = journal
        self._socket_mode = socket_mode
        self._client: httpx.Client | None = None

    @property
    def is_connected(self) -> bool:
        """Whether there is any way to the app."""
        return self.request_url is not None or (self._socket_mode is not None and self._socket_mode.is_connected)

    def connect(self, request_url: str) -> None:
        """Say where the app listens. Only now a client is made, because that takes longer than all the rest."""
        _check_url(request_url)
        self.request_url = request_url
        if self._client is None:
            # The environment's proxies are for the world outside; the app is on this machine.
            self._client = httpx.Client(trust_env=False, max_redirects=MAX_REDIRECTS)

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
        """Send something to the app, wait for its answer at most the budget, and record both.

        It goes through a socket where one is connected, else as a signed body to the request URL.
        """
        socket = self._socket_mode
        if socket is not None and socket.is_connected:
            url, sent = "socket", dict(headers)
            answered = socket.deliver(kind, args, headers, self.budget_seconds)
        else:
            url, sent = self.request_url or "", {**headers, **self.signed_headers(body), "User-Agent": "Slackbot 1.0"}
            answered = self._post(url, body, sent, follow_redirects=kind == "event")
        self._journal.record(
            SentRequest(
                kind=kind,
                url=url,
                args=masked(args),
                status=answered.status,
                answer=answered.body,
                at=self._now(),
                headers=masked_headers(sent),
                team_id=team_id,
                duration_ms=answered.seconds * 1000,
                body=body,
            )
        )
        return answered

    def verify_url(self, challenge: str, token: str) -> bool:
        """Whether the app answers a `url_verification` with its challenge.

        https://docs.slack.dev/reference/events/url_verification
        """
        asked = {"token": token, "challenge": challenge, "type": "url_verification"}
        headers = {"Content-Type": "application/json"}
        answered = self.post("url_verification", "", asked, json.dumps(asked).encode(), headers)
        return answered.status == 200 and challenge in _challenges(answered.body)

    def _post(self, url: str, body: bytes, headers: Mapping[str, str], *, follow_redirects: bool) -> Answered:
        if self._client is None or not url:
            raise NoAppConnected
        started = time.perf_counter()
        request = self._client.build_request(
            "POST", url, content=body, headers=dict(headers), timeout=self.budget_seconds
        )
        reason, response = _exchange(self._client, request, follow_redirects)
        seconds = time.perf_counter() - started
        is_late = seconds >= self.budget_seconds
        if response is None:
            return Answered(0, "", "", seconds, is_late, reason)
        is_final = response.headers.get("X-Slack-No-Retry") == "1"
        content_type = response.headers.get("Content-Type", "")
        return Answered(response.status_code, response.text, content_type, seconds, is_late, reason, is_final)


def _check_url(text: str) -> None:
    """Refuse what no request could be sent to, before one is."""
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, TypeError):
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise Misused("request_url must be an http(s) URL")


def _exchange(
    client: httpx.Client, request: httpx.Request, follow_redirects: bool
) -> tuple[str, httpx.Response | None]:
    """The answer, and what was wrong with it in the words of a retry."""
    try:
        response = client.send(request, follow_redirects=follow_redirects)
    except httpx.TimeoutException:
        return "http_timeout", None
    except httpx.TooManyRedirects:
        return "too_many_redirects", None
    except httpx.HTTPError:
        return "connection_failed", None
    return ("" if response.is_success else "http_error"), response


def _challenges(body: str) -> tuple[str, ...]:
    """What an answer may mean: plain text, a form, or JSON."""
    try:
        value = json.loads(body)
    except ValueError:
        return (body.strip(), *parse_qs(body).get("challenge", []))
    return (str(value.get("challenge")),) if isinstance(value, dict) else (str(value),)
