"""What comes in from outside, read into values of the right type and length, or refused."""

from __future__ import annotations

import json
import re

from flask import Request

from app.room.errors import JsonObject, Refused

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\s]+")


def json_object(request: Request) -> JsonObject:
    """The body, which must be a JSON object."""
    try:
        value = json.loads(request.get_data())
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Refused(400, "The body must be a JSON object.")
    return value


def text(body: JsonObject, name: str, longest: int) -> str:
    """A text that may be empty, with each run of spaces and control characters as one space."""
    value = body.get(name, "")
    if not isinstance(value, str):
        raise Refused(400, f"{name} must be a text.")
    # Half a surrogate pair is valid in JSON, but nothing that can be sent on.
    cleaned = _CONTROL.sub(" ", value).strip().encode("utf-8", "replace").decode()
    if len(cleaned) > longest:
        raise Refused(400, f"{name} must not be longer than {longest} characters.")
    return cleaned


def needed_text(body: JsonObject, name: str, longest: int) -> str:
    """A text that says something."""
    value = text(body, name, longest)
    if not value:
        raise Refused(400, f"{name} is missing.")
    return value


def flag(body: JsonObject, name: str) -> bool:
    """True only if it is said."""
    return body.get(name) is True


def object_in(body: JsonObject, name: str) -> JsonObject:
    """An object in the body, which must be there."""
    value = body.get(name)
    if not isinstance(value, dict):
        raise Refused(400, f"{name} must be a JSON object.")
    return value


def flat_object(body: JsonObject, name: str) -> JsonObject | None:
    """An object of texts and numbers, or None if there is none: nothing nested, which might have no end."""
    value = body.get(name)
    if not isinstance(value, dict) or any(isinstance(each, dict | list) for each in value.values()):
        return None
    return value


def count(body: JsonObject, name: str) -> int:
    """A whole number from 0."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Refused(400, f"{name} must be a whole number.")
    return value
