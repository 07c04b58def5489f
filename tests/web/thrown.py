"""Requests to be thrown at a webhook endpoint: mostly spoilt or forged, some signed, a few altogether genuine.

They are made for WSGI directly, because clients would tidy up what must arrive as it is: wrong lengths, odd methods,
headers and paths of any bytes.
"""

from __future__ import annotations

import base64
import io
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from app.providers.base import WebhookRequest
from tests.providers.contract import WebhookCase

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LARGEST = 1024 * 1024
METHODS = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "post", "")
PATHS = ("/", "//", "/..", "/../standard", "/%2e%2e", "/\x00", "/\xff\xfe", "/events", "/" + "x" * 3000, "/a/b/c", " ")
HEADERS = (
    ("Content-Type", "multipart/form-data; boundary=x"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Content-Type", "application/json; charset=utf-7"),
    ("Content-Encoding", "gzip"),
    ("Transfer-Encoding", "chunked"),
    ("Expect", "100-continue"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-HTTP-Method-Override", "GET"),
    ("Host", "[::"),
    ("Host", "a b:99999"),
    ("Cookie", "\xff=\xfe; $Version=1"),
    ("Authorization", "Basic !!!"),
    ("Accept", "*/*;q=NaN"),
)
LENGTHS = ("0", "1", "7", "-1", "99999999999999999999", "1e3", "x", "")
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 10**30, "", "\x00", "\ud83d", "😀" * 300, "9" * 5000, "x" * 5000, [], {}, [[]],
    {"": None}, "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "NaN", "null", ["a", {"b": 1}],
)  # fmt: skip
BODIES = (b"", b"null", b"[]", b"{}", b"7", b'""', b"{", b"\xff\xfe", b"\x00" * 64, b"[" * 50_000, b'{"a":' * 2_000)


def token(header: bytes, claims: bytes = b"{}") -> str:
    """A JSON web token that nobody has signed."""
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (header, claims, b"unsigned"))


TOKENS = (
    token(b'{"alg":"none"}'), token(b'{"alg":["HS256"]}'), token(b"[" * 3000), token(b'{"alg":"HS256"}', b"[" * 3000),
    token(b'{"alg":"RS256","kid":{}}'), token(b'{"alg":"HS256","crit":["b64"],"b64":false}'), token(b"null", b"\xff"),
)  # fmt: skip
TEXTS = (
    "", " ", "v1,", "v1,=", "..", "a.b.c", "Bearer", "Bearer ", "nan", "1e400", "-1", "sha256=", "\x7f", "\xe9" * 50,
    *TOKENS, *(f"Bearer {one}" for one in TOKENS),
)  # fmt: skip


class Verdict(StrEnum):
    """What is known of a request because of how it was made."""

    GENUINE = "genuine"
    """The vendor could have sent it so."""
    SIGNED = "signed"
    """The proof is true, the body may be anything."""
    FORGED = "forged"
    """Whoever made it did not know the secret."""
    UNCLEAR = "unclear"
    """Something that may or may not matter is different from a genuine one, but not its body."""


@dataclass(frozen=True, kw_only=True)
class Thrown:
    """``length`` is what Content-Length says, where that is not the truth."""

    request: WebhookRequest
    verdict: Verdict
    length: str | None = None

    @property
    def body_seen(self) -> bytes:
        """As much of the body as Content-Length promises; none where that is no length."""
        if self.length is None:
            return self.request.body
        return self.request.body[: int(self.length) if self.length.isdecimal() else 0]

    def environ(self, name: str) -> WSGIEnvironment:
        """As a server would hand it to the app of the provider ``name``."""
        sent = self.request
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": sent.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": f"/webhooks/{name}{sent.path}",
            "QUERY_STRING": sent.query,
            "SERVER_NAME": "calls.example.com",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(sent.body)) if self.length is None else self.length,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(sent.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for header, value in sent.headers.items():
            key = header.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        return environ


class Thrower:
    """Makes requests for one provider, the same ones from the same ``seed``."""

    def __init__(self, case: WebhookCase, seed: str) -> None:
        self._case = case
        self._random = random.Random(seed)
        self._genuine = case.deliveries()
        self._foreign = [case.delivery(body, case.sign_with_foreign_secret) for body in case.history]
        self._kinds: Sequence[Callable[[], Thrown]] = (
            *[self._forged] * 12,
            *[self._spoilt] * 40,
            *[self._unproven] * 15,
            *[self._elsewhere] * 15,
            *[self._altered] * 15,
            *[self._signed] * 3,
            *[self._as_it_should_be] * 2,
        )

    def next(self) -> Thrown:
        return self._random.choice(self._kinds)()

    def _as_it_should_be(self) -> Thrown:
        return Thrown(request=self._case.provider.test_delivery(), verdict=Verdict.GENUINE)

    def _signed(self) -> Thrown:
        """Anything at all with a true proof: a vendor of tomorrow, or one that has been broken into."""
        return Thrown(request=self._case.delivery(self._body()), verdict=Verdict.SIGNED)

    def _forged(self) -> Thrown:
        """Signed with another secret, and then maybe spoilt as well."""
        request = self._random.choice(self._foreign)
        if self._random.random() < 0.5:
            request = self._with_other_header(request)
        return Thrown(request=request, verdict=Verdict.FORGED)

    def _spoilt(self) -> Thrown:
        """A true proof with another body."""
        request, body = self._random.choice(self._genuine), self._body()
        forged = self._case.proves_body and body != request.body
        verdict = Verdict.FORGED if forged else Verdict.SIGNED
        return Thrown(request=replace(request, body=body), verdict=verdict)

    def _unproven(self) -> Thrown:
        """Without the proof, or with something else in its place."""
        request = self._random.choice(self._genuine)
        garbage = {name.lower(): self._text() for name in self._case.proof_headers if self._random.random() < 0.5}
        others = {name: value for name, value in request.headers.items() if not self._proves(name)}
        request = replace(request, headers={**others, **garbage}, query=self._text() if request.query else "")
        return Thrown(request=request, verdict=Verdict.FORGED)

    def _elsewhere(self) -> Thrown:
        """By another method, at another path, with another query or a length that is not true."""
        request, length = self._random.choice(self._genuine), None
        match self._random.randrange(4):
            case 0:
                request = replace(request, method=self._random.choice(METHODS))
            case 1:
                path = self._random.choice((*PATHS, *self._case.provider.webhook_paths))
                request = replace(request, path=path + self._random.choice(("", "", self._text())))
            case 2:
                request = replace(request, query=f"{request.query}{self._random.choice('&=?%')}{self._text()}")
            case _:
                length = self._random.choice(LENGTHS)
        return Thrown(request=request, verdict=Verdict.UNCLEAR, length=length)

    def _altered(self) -> Thrown:
        """With one header changed, left out or added."""
        return Thrown(request=self._with_other_header(self._random.choice(self._genuine)), verdict=Verdict.UNCLEAR)

    def _with_other_header(self, request: WebhookRequest) -> WebhookRequest:
        headers = dict(request.headers)
        if self._random.random() < 0.4:
            name, value = self._random.choice(HEADERS)
            headers[name.lower()] = value
        elif headers:
            name = self._random.choice(sorted(headers))
            headers[name] = self._mangled(headers[name])
        return replace(request, headers=headers)

    def _proves(self, header: str) -> bool:
        return header.lower() in {name.lower() for name in self._case.proof_headers}

    def _mangled(self, text: str) -> str:
        cut = self._random.randrange(len(text) + 1)
        return self._random.choice(
            (text[:cut], text[cut:], text * 2, text.swapcase(), text[:cut] + self._text() + text[cut:], f" {text} ")
        )

    def _text(self) -> str:
        """What can stand in a header or a query: any bytes, read as Latin-1, without what ends a line."""
        if self._random.random() < 0.5:
            return self._random.choice(TEXTS)
        text = self._random.randbytes(self._random.choice((1, 8, 64))).decode("latin-1")
        return text.translate({0: None, 10: None, 13: None})

    def _body(self) -> bytes:
        chance, body = self._random.random(), self._random.choice(self._case.history)
        if chance < 0.002:
            return b" " * (LARGEST + self._random.choice((-1, 0, 1, 100_000)) - len(body)) + body
        if chance < 0.2:
            garbage = self._random.choice((*BODIES, self._random.randbytes(self._random.randrange(300))))
            return self._random.choice((garbage, self._case.pack(garbage)))
        return self._spoilt_json(body) if chance < 0.6 else self._spoilt_bytes(body)

    def _spoilt_bytes(self, body: bytes) -> bytes:
        cut, end = sorted(self._random.randrange(len(body) + 1) for _ in range(2))
        middle = self._random.choice((b"", self._random.randbytes(3), body[cut:end] * 2, b"\x00", b"e999", b'"'))
        return body[:cut] + middle + body[end if self._random.random() < 0.5 else cut :]

    def _spoilt_json(self, body: bytes) -> bytes:
        """One value, anywhere in it, is another one."""
        told = holder = json.loads(self._case.unpack(body))
        while True:
            keys = sorted(holder) if isinstance(holder, dict) else range(len(holder))
            key = self._random.choice(keys)
            if not isinstance(holder[key], dict | list) or not holder[key] or self._random.random() < 0.3:
                holder[key] = self._random.choice(VALUES)
                text = json.dumps(told, ensure_ascii=self._random.random() < 0.5)
                return self._case.pack(text.encode("utf-8", "surrogatepass"))
            holder = holder[key]
