"""From an HTTP request to the arguments of a method, with the complaints and warnings Slack has about it.

Encodings: https://docs.slack.dev/apis/web-api/#post-bodies. The error codes are in the table of every method.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Request

from app.emulator.errors import JsonObject, SlackError
from app.emulator.nesting import read_json

_CHARSETS = {"utf-8", "utf8", "iso-8859-1"}
_ARGUMENT_NAME = re.compile(r"\w{1,128}", re.ASCII)
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


@dataclass(frozen=True)
class IncomingCall:
    """A request as it was read. `error` is what makes it unreadable; the arguments are then empty."""

    args: JsonObject
    is_json: bool = False
    token: str | None = None
    warnings: tuple[str, ...] = ()
    error: SlackError | None = None
    basic: tuple[str, str] | None = None

    def credentials(self) -> tuple[str | None, str | None]:
        """The client id and secret, from the `Authorization` header or from the arguments."""
        return self.basic or (self.args.get("client_id"), self.args.get("client_secret"))


def read_request(request: Request) -> IncomingCall:
    """Read a request to the Web API; never raises."""
    token = _bearer(request.headers.get("Authorization", ""))
    try:
        args = dict(request.args.items(multi=False))
        # Apps made since February 2021 may not send a token in the query string:
        # https://docs.slack.dev/changelog/2020-11-no-more-tokens-in-querystrings-for-newly-created-apps
        args.pop("token", None)
        body = _read_body(request)
        _check_names(body)
        if request.mimetype != _JSON:
            token = token or body.get("token")
        body.pop("token", None)
    except SlackError as error:
        return IncomingCall({}, token=token, error=error)
    is_json = request.mimetype == _JSON
    return IncomingCall({**args, **body}, is_json, token, _warnings(request), basic=_basic(request))


def _basic(request: Request) -> tuple[str, str] | None:
    given = request.authorization
    if given is None or given.type != "basic":
        return None
    return given.username or "", given.password or ""


def _bearer(header: str) -> str | None:
    scheme, _, token = header.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _read_body(request: Request) -> JsonObject:
    if request.method != "POST" or not request.get_data(cache=True):
        return {}
    if not request.mimetype:
        raise SlackError("missing_post_type")
    if request.mimetype not in _READERS:
        raise SlackError("invalid_post_type")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in _CHARSETS:
        raise SlackError("invalid_charset")
    return _READERS[request.mimetype](request, charset)


def _read_json(request: Request, charset: str) -> JsonObject:
    try:
        value = read_json(request.get_data().decode(charset), _refuse_constant)
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(value, dict):
        raise SlackError("json_not_object")
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _read_form(request: Request, charset: str) -> JsonObject:
    try:
        text = request.get_data().decode(charset)
        return dict(parse_qsl(text, keep_blank_values=True, encoding=charset, errors="strict"))
    except ValueError:
        raise SlackError("invalid_form_data") from None


def _read_multipart(request: Request, _charset: str) -> JsonObject:
    fields: JsonObject = dict(request.form.items(multi=False))
    if not fields:
        raise SlackError("invalid_form_data")
    return fields


_READERS: Mapping[str, Callable[[Request, str], JsonObject]] = {
    _JSON: _read_json,
    _FORM: _read_form,
    "text/plain": _read_form,
    "multipart/form-data": _read_multipart,
}


def _check_names(args: Mapping[str, Any]) -> None:
    for name in args:
        if "[" in name:
            raise SlackError("invalid_array_arg")
        if not _ARGUMENT_NAME.fullmatch(name):
            raise SlackError("invalid_arg_name")


def _warnings(request: Request) -> tuple[str, ...]:
    if request.method != "POST" or not request.mimetype:
        return ()
    has_charset = "charset" in request.mimetype_params
    if request.mimetype in (_JSON, "text/plain"):
        return () if has_charset else ("missing_charset",)
    return ("superfluous_charset",) if has_charset else ()
