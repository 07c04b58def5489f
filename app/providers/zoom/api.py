"""How Zoom's API is asked. https://developers.zoom.us/docs/api/"""

from __future__ import annotations

import threading
from urllib.parse import quote

from pydantic import BaseModel

from app.clock import Clock
from app.providers.http import Answer, Http
from app.providers.zoom.account import ZoomAccount
from app.providers.zoom.scopes import Scopes
from app.providers.zoom.tokens import CHECK, Token, Tokens

# https://developers.zoom.us/docs/api/errors/, in the field ``code``: there is no such meeting, or none any more.
GONE = "3001"
USER_UNKNOWN = frozenset({"1001", "1010"})

LARGEST_PAGE = 300

_UNAUTHORIZED = frozenset({401})


class ZoomApi:
    """Requests of one account. May be used from many threads at once."""

    def __init__(self, account: ZoomAccount, clock: Clock) -> None:
        self._clock = clock
        self._tokens = Tokens(account, clock)
        self._only_public = account.only_public
        self._lock = threading.Lock()
        self._https: dict[str, Http] = {}

    def scopes(self) -> Scopes:
        """What the app may do. Raises a kind of ``RequestFailed``."""
        return self._tokens.get().scopes

    def ask(self, method: str, path: str, body: BaseModel | None = None) -> Answer:
        """One request, sent once; a second time only where Zoom did not accept the token, and so did nothing.

        ``path`` is what comes behind ``/v2``. Raises a kind of ``RequestFailed``; its ``code`` is Zoom's.
        """
        token = self._tokens.get()
        answer = self._send(token, method, path, body, expected=_UNAUTHORIZED)
        if answer.status not in _UNAUTHORIZED:
            return answer
        self._tokens.drop(token)
        return self._send(self._tokens.get(), method, path, body)

    def compare_clocks(self, answer: Answer) -> str:
        return self._http(self._tokens.get()).compare_clocks(answer)

    def _send(
        self,
        token: Token,
        method: str,
        path: str,
        body: BaseModel | None,
        *,
        expected: frozenset[int] = frozenset(),
    ) -> Answer:
        return self._http(token).request(
            method,
            f"/v2{path}",
            authorization=token.authorization,
            headers={"Content-Type": "application/json"} if body else {},
            content=body.model_dump_json(exclude_none=True).encode() if body else None,
            expected=expected,
        )

    def _http(self, token: Token) -> Http:
        with self._lock:
            if token.api_url not in self._https:
                self._https[token.api_url] = Http(
                    token.api_url,
                    self._clock,
                    vendor="Zoom",
                    check=CHECK,
                    code_field="code",
                    only_public=self._only_public,
                )
            return self._https[token.api_url]


def segment(value: str) -> str:
    """An id in a path. A UUID that begins with a slash, or holds two together, is encoded twice.

    https://developers.zoom.us/docs/api/using-zoom-apis/#meeting-id-and-uuid
    """
    once = quote(value, safe="")
    return quote(once, safe="") if value.startswith("/") or "//" in value else once
