"""How a provider is asked: the only place with outgoing HTTP to vendors.

It bounds what a vendor can do to us (time, size, redirects) and turns everything that can come of a request into the
kinds of ``app.errors``, with messages that hold neither the request's body nor a secret.
"""

from __future__ import annotations

import functools
import json
import re
import ssl
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from app.clock import Clock
from app.errors import PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from app.providers.addresses import find_public, goes_by_proxy
from app.providers.payloads import clean_text, read_json, what_is_wrong

Model = TypeVar("Model", bound=BaseModel)

# Below the 15 seconds after which another worker may take the call over: what comes before the answer's body takes 13
# at most, and no piece of it is waited for that would come after 14, because the clock runs from before the request.
TIMEOUT = httpx.Timeout(connect=2.0, write=2.0, read=7.0, pool=2.0)
ANSWER_WITHIN = timedelta(seconds=7)
LARGEST_ANSWER = 1024 * 1024

# What the strictest of the vendors allows for.
CLOCKS_APART_AT_MOST_SECONDS = 60.0
RETRY_AFTER_UNSAID_SECONDS = 5.0
# A vendor that asks for a day's rest is asked again after this: meanwhile a card would be wrong.
RETRY_AFTER_AT_MOST_SECONDS = 600.0

_PLACES_OF_WORDS = ("message", "msg", "info", "reason", "error")
_CODE = re.compile(r"[A-Za-z0-9_]{1,40}")
_TRY_AGAIN = frozenset({408, 425})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status that the caller is prepared for, and the whole body."""

    status: int
    body: bytes
    sent_at: datetime | None = None
    """When the vendor sent it, by its own clock."""

    def read(self, model: type[Model]) -> Model:
        """The JSON body as ``model``. What is no JSON comes from something in between and may pass; JSON of another
        shape would come again."""
        try:
            return read_json(model, self.body)
        except ValidationError as error:
            if error.errors(include_input=False, include_url=False)[0]["type"] == "json_invalid":
                raise TemporaryFailure("bad_answer", "The answer is no JSON.", effect_unknown=True) from None
            raise PermanentFailure("bad_answer", what_is_wrong(error), effect_unknown=True) from None

    def read_nothing(self) -> None:
        """The body of an answer that tells nothing: of a success any JSON, or none, and of any other status that the
        caller is prepared for whatever it likes. Raises ``TemporaryFailure`` for a success of something in between."""
        if not 200 <= self.status < 300:
            return
        try:
            json.loads(self.body or b"{}")
        except (ValueError, RecursionError):
            raise TemporaryFailure("bad_answer", "The answer is no JSON.", effect_unknown=True) from None


class Http:
    """Requests to one vendor. May be used from many threads at once; connections are kept and shared.

    ``vendor`` is how messages call it, ``check`` names the settings to look at when it refuses the credentials. What
    the vendor says is repeated in messages, unless it holds one of ``secrets`` or the request's own authorization.
    ``code_field`` names the field of an error in which the vendor has its own word for it: that becomes the failure's
    ``code``. With ``only_public`` no address in a private network is asked, whatever its name.
    """

    def __init__(  # noqa: PLR0913  # each is a word of what a provider says of its vendor
        self,
        base_url: str,
        clock: Clock,
        *,
        vendor: str,
        check: Iterable[str],
        only_public: bool,
        secrets: Iterable[str] = (),
        timeout: httpx.Timeout = TIMEOUT,
        code_field: str = "",
    ) -> None:
        self._base_url = base_url
        self._clock = clock
        self._vendor = vendor
        self._check = " and ".join(check)
        self._secrets = tuple(secrets)
        self._code_field = code_field
        self._only_public = only_public
        self._is_pinned = only_public and not goes_by_proxy(base_url)
        # The environment is trusted for HTTPS_PROXY and SSL_CERT_FILE: many servers have no other way out. A request
        # that goes to what was looked up here has no name left by which a proxy could be chosen.
        trust_env = not self._is_pinned
        self._client = httpx.Client(verify=_tls(), timeout=timeout, follow_redirects=False, trust_env=trust_env)
        # Nobody says when a provider is done with; its connections go with it.
        weakref.finalize(self, self._client.close)

    def request(
        self,
        method: str,
        path: str,
        *,
        authorization: str = "",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        expected: frozenset[int] = frozenset(),
    ) -> Answer:
        """One request, sent once; never again behind the caller's back.

        Any 2xx and the statuses in ``expected`` are answers. Raises ``PermanentFailure``, ``TemporaryFailure`` or
        ``RateLimited`` for everything else. ``authorization`` is the header that proves who we are, such as
        ``Bearer …``; left out where the path does.
        """
        # An answer that unpacks to a thousand times its size cannot be bounded by counting what arrives.
        sent = {"Accept-Encoding": "identity", **(headers or {})}
        if authorization:
            sent["Authorization"] = authorization
        request = self._client.build_request(method, self._base_url + path, headers=sent, content=content)
        if self._only_public:
            self._keep_public(request)
        deadline = self._clock.now() + ANSWER_WITHIN
        try:
            response = self._client.send(request, stream=True)
            try:
                body = self._read(response, deadline)
            finally:
                response.close()
        except httpx.TransportError as error:
            raise self._not_answered(error) from None
        if response.is_success or response.status_code in expected:
            return Answer(response.status_code, body, _date(response.headers.get("date", "")))
        raise self._refusal(response, body, [*self._secrets, *authorization.split()[-1:]])

    def compare_clocks(self, answer: Answer) -> str:
        """How our clock agrees with the vendor's, as a sentence. Raises ``PermanentFailure`` when a signature with a
        time in it would not be accepted."""
        if answer.sent_at is None:
            return f"{self._vendor} does not tell its time."
        apart = abs((self._clock.now() - answer.sent_at).total_seconds())
        if apart > CLOCKS_APART_AT_MOST_SECONDS:
            detail = f"Our clock and {self._vendor}'s are {apart:.0f} seconds apart: set this machine's clock."
            raise PermanentFailure("clock", detail)
        return f"Our clock agrees with {self._vendor}'s."

    def _keep_public(self, request: httpx.Request) -> None:
        """Have it go to an address that was looked at; the certificate must still be the name's. A proxy looks names up
        by itself: there only those that lead into a private network from here as well are refused."""
        host = request.url.host
        try:
            address = find_public(host, request.url.port or 0)
        except OSError:
            if self._is_pinned:
                raise TemporaryFailure("unreachable", f"{self._vendor} cannot be reached.") from None
            return
        if self._is_pinned:
            request.url = request.url.copy_with(host=address)
            # https://www.python-httpx.org/advanced/extensions/#sni_hostname
            request.extensions = {**request.extensions, "sni_hostname": host}

    def _read(self, response: httpx.Response, deadline: datetime) -> bytes:
        """The body. The timeouts count each piece: only the clock stops a vendor that sends a byte now and then."""
        body = bytearray()
        self._check_time(deadline)
        for piece in response.iter_raw():
            body += piece
            if len(body) > LARGEST_ANSWER:
                raise PermanentFailure("answer_too_large", f"{self._vendor} answered with over 1 MiB.")
            self._check_time(deadline)
        return bytes(body)

    def _check_time(self, deadline: datetime) -> None:
        if self._clock.now() > deadline:
            raise TemporaryFailure("timeout", f"{self._vendor} is too slow.", effect_unknown=True)

    def _not_answered(self, error: httpx.TransportError) -> RequestFailed:
        match error:
            case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout() | httpx.ProxyError():
                return TemporaryFailure("unreachable", f"{self._vendor} cannot be reached.")
            case httpx.TimeoutException():
                return TemporaryFailure("timeout", f"{self._vendor} did not answer.", effect_unknown=True)
            case _:
                return TemporaryFailure("dropped", f"{self._vendor} hung up.", effect_unknown=True)

    def _refusal(self, response: httpx.Response, body: bytes, secrets: Iterable[str]) -> RequestFailed:
        status = response.status_code
        code = _own_code(body, self._code_field, secrets) or f"http_{status}"
        detail = f"{self._vendor} answered {status}{_said(body, secrets)}."
        if status == 429:
            return RateLimited(self._retry_after_seconds(response), detail)
        if status >= 500 or status in _TRY_AGAIN:
            # A server may fail after it has done what it was asked, and a gateway speaks for one that has not answered.
            return TemporaryFailure(code, detail, effect_unknown=status >= 500)
        if status in {401, 403}:
            detail += f" Check {self._check}."
        if response.is_redirect:
            detail += " Redirects are not followed: set the address that it leads to."
        return PermanentFailure(code, detail)

    def _retry_after_seconds(self, response: httpx.Response) -> float:
        """https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds, or a date; some vendors write it in
        ISO 8601."""
        value = response.headers.get("retry-after", "")
        try:
            seconds = float(value) if value.isdecimal() else self._seconds_until(value)
        except (ValueError, OverflowError):
            seconds = RETRY_AFTER_UNSAID_SECONDS
        return min(max(seconds, 0.0), RETRY_AFTER_AT_MOST_SECONDS)

    def _seconds_until(self, value: str) -> float:
        date = _date(value) or datetime.fromisoformat(value)
        if date.tzinfo is None:
            raise ValueError("no date with its zone")
        return (date - self._clock.now()).total_seconds()


def _date(http_date: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    return None if date.tzinfo is None else date


@functools.cache
def _tls() -> ssl.SSLContext:
    """The certificates of the world, read once: it takes 40 ms."""
    return httpx.create_ssl_context(trust_env=True)


def _said(body: bytes, secrets: Iterable[str]) -> str:
    """The vendor's own words, where they are short, in a place we know, and do not repeat a secret of ours."""
    try:
        words = _words(json.loads(body))
    except (ValueError, RecursionError):
        return ""
    if words is None or any(secret in words for secret in secrets):
        return ""
    cleaned = clean_text(words)
    return f" ({cleaned})" if cleaned else ""


def _own_code(body: bytes, field: str, secrets: Iterable[str]) -> str:
    """The vendor's word for an error, such as 3001; ``""`` where it has none that can be shown."""
    try:
        answer = json.loads(body) if field else None
    except (ValueError, RecursionError):
        return ""
    code = str(answer.get(field) or "") if isinstance(answer, dict) else ""
    can_be_shown = _CODE.fullmatch(code) and not any(secret in code for secret in secrets)
    return code if can_be_shown else ""


def _words(answer: Any) -> str | None:
    """``{"error": {"message": …}}``, ``{"message": …}``, ``{"error": "…", "info": "…"}``, OAuth's ``{"error": "…",
    "reason": "…"}`` and Twirp's ``{"msg": …}`` (https://twitchtv.github.io/twirp/docs/errors.html)."""
    if not isinstance(answer, dict):
        return None
    inner = answer.get("error")
    found = inner if isinstance(inner, dict) else answer
    return next((found[key] for key in _PLACES_OF_WORDS if isinstance(found.get(key), str)), None)
