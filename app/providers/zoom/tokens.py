"""Access tokens of a Server-to-Server OAuth app. https://developers.zoom.us/docs/internal-apps/s2s-oauth/"""

from __future__ import annotations

import base64
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from pydantic import Field

from app.clock import Clock
from app.config import is_base_address
from app.errors import PermanentFailure, RequestFailed
from app.providers.accounts import HeaderSecret
from app.providers.http import Answer, Http
from app.providers.payloads import Name, Payload
from app.providers.zoom.account import ZoomAccount
from app.providers.zoom.scopes import Scopes

# So that none expires on its way.
RENEWED_BEFORE_END = timedelta(seconds=60)

CHECK = ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET")
ZOOM = "zoom.us"

# Zoom says 400 to credentials that are wrong, where OAuth says 401.
_BAD_REQUEST = frozenset({400})


@dataclass(frozen=True, slots=True)
class Token:
    """``api_url`` is where it may be sent, and nowhere else; without a slash at its end."""

    authorization: str = field(repr=False)
    api_url: str
    scopes: Scopes
    renew_at: datetime


class _Granted(Payload):
    """The answer to ``POST /oauth/token``."""

    access_token: HeaderSecret
    expires_in: float = Field(default=3600, gt=0, le=7 * 24 * 3600)
    api_url: str = ""
    scope: str = ""


class _Refused(Payload):
    reason: Name = None


class Tokens:
    """The account's token, asked for once an hour. May be used from many threads: one asks, the others wait, and what
    came of it counts for all of them."""

    def __init__(self, account: ZoomAccount, clock: Clock) -> None:
        self._account_id = account.account_id
        self._url = account.url
        self._clock = clock
        self._client_id = account.client_id
        self._client_secret = account.client_secret
        secrets = [account.client_secret.get_secret_value()]
        self._http = Http(
            account.url, clock, vendor="Zoom", check=CHECK, secrets=secrets, only_public=account.only_public
        )
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._failures = 0
        self._failure: RequestFailed | None = None

    def get(self) -> Token:
        """A token that is good for another minute at the least. Raises a kind of ``RequestFailed``."""
        failures, now = self._failures, self._clock.now()
        with self._lock:
            if self._token is None or self._token.renew_at <= now:
                self._token = self._renew(failures)
            return self._token

    def drop(self, token: Token) -> None:
        """Zoom does not accept it any more. Another that came meanwhile stays."""
        with self._lock:
            if self._token is token:
                self._token = None

    def _renew(self, failures: int) -> Token:
        """For somebody who came after so many failures: where there was another meanwhile, it is theirs too. One after
        the other they would wait for as long as Zoom takes to give no answer, times their number."""
        if self._failure is not None and failures != self._failures:
            raise self._failure
        try:
            return self._ask()
        except RequestFailed as failure:
            self._failures, self._failure = self._failures + 1, failure
            raise

    def _ask(self) -> Token:
        query = urlencode({"grant_type": "account_credentials", "account_id": self._account_id})
        asked_at = self._clock.now()
        answer = self._http.request("POST", f"/oauth/token?{query}", authorization=self._basic(), expected=_BAD_REQUEST)
        if answer.status in _BAD_REQUEST:
            raise self._refusal(answer)
        granted = answer.read(_Granted)
        return Token(
            authorization=f"Bearer {granted.access_token.get_secret_value()}",
            api_url=api_address(granted.api_url, self._url),
            scopes=Scopes(granted.scope.split()),
            renew_at=asked_at + timedelta(seconds=granted.expires_in) - RENEWED_BEFORE_END,
        )

    def _refusal(self, answer: Answer) -> PermanentFailure:
        reason = answer.read(_Refused).reason
        if reason and self._client_secret.get_secret_value() in reason:
            reason = None
        told = f" ({reason})" if reason else ""
        return PermanentFailure("no_token", f"Zoom gives us no access token{told}. Check {' and '.join(CHECK)}.")

    def _basic(self) -> str:
        pair = f"{self._client_id}:{self._client_secret.get_secret_value()}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"


def api_address(told: str, url: str) -> str:
    """Where the API is, by Zoom's own word ``told``; beside ``url``, where tokens come from, when it says nothing.

    Raises ``PermanentFailure`` for an address that is not Zoom's: whoever is sent a token can use it.
    """
    if not told:
        return url.replace("https://", "https://api.", 1)
    if not is_base_address(told) or not _is_zooms(told, url):
        raise PermanentFailure("foreign_api", "Zoom names an API address that is not its own. Check ZOOM_URL.")
    return told.rstrip("/")


def _is_zooms(told: str, url: str) -> bool:
    """Whether ``told`` is under zoom.us or under the host of ``url``, and as safe as that."""
    api, ours = urlsplit(told), urlsplit(url)
    domains = (ZOOM, ours.hostname or ZOOM)
    if api.scheme == "https":
        return any(f".{api.hostname}".endswith(f".{domain}") for domain in domains)
    return (api.scheme, api.hostname) == (ours.scheme, ours.hostname)
