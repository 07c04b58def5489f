"""Foreign payloads are tamed here, once: after this border every text can be stored, shown and compared.

PostgreSQL stores no NUL and no half of a surrogate pair; a name can be as long as its owner likes and can turn the
direction of the whole card around; a time can lie beyond any calendar. None of it may come further than this.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, TypeAlias, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

from app.config import is_web_address
from app.domain.plain_text import UNWANTED, one_line
from app.errors import WebhookMalformed

LONGEST_NAME = 200
LONGEST_KEY = 200
LONGEST_ADDRESS = 2000

# Far enough from both ends of the calendar that any time zone can be subtracted.
_YEARS = range(1970, 2200)

Model = TypeVar("Model", bound=BaseModel)


class Payload(BaseModel):
    """A foreign JSON object: unknown fields are ignored, and a number may stand where we read a text."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


def read_payload(model: type[Model], body: bytes) -> Model:
    """``body`` as ``model``. Raises ``WebhookMalformed`` that names the fields and never quotes them."""
    try:
        return read_json(model, body)
    except ValidationError as error:
        raise WebhookMalformed(what_is_wrong(error)) from None


def read_json(model: type[Model], body: bytes) -> Model:
    """``body`` as ``model``. Raises pydantic's ``ValidationError``, also when it is no JSON at all."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if error.errors(include_input=False, include_url=False)[0]["type"] != "json_invalid":
            raise
        repaired = _without_halves(body)
        if repaired is None:
            raise
    return model.model_validate_json(repaired)


def _without_halves(body: bytes) -> bytes | None:
    """JavaScript that cuts a name in the middle of an emoji sends ``\\ud83d`` alone, which strict parsers refuse."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return None


def what_is_wrong(error: ValidationError) -> str:
    """The first few problems, each with the path of its field, without any of the values."""
    problems = error.errors(include_input=False, include_url=False, include_context=False)[:3]
    return "; ".join(f"{'.'.join(map(str, p['loc'])) or 'body'}: {p['msg']}" for p in problems)


def clean_text(value: str | None) -> str | None:
    """``value`` as one line that can be stored and shown, cut to ``LONGEST_NAME``; None when nothing is left."""
    if not value:
        return None
    return one_line(value)[:LONGEST_NAME].strip() or None


def stable_key(value: str) -> str:
    """``value`` where it can be stored, else its hash.

    Never repaired or cut: two keys that differ must not become one, or somebody could pass for another.
    """
    if len(value) <= LONGEST_KEY and not UNWANTED.search(value):
        return value
    return "sha256-" + hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def clean_address(value: str | None) -> str | None:
    """``value`` when it is a web address, else None: a picture is not worth refusing a person for."""
    return value if value and len(value) <= LONGEST_ADDRESS and is_web_address(value) else None


def _within_reason(value: datetime) -> datetime:
    if value.year not in _YEARS:
        raise ValueError("this moment cannot be meant")
    return value.astimezone(UTC)


Key: TypeAlias = Annotated[str, StringConstraints(min_length=1), AfterValidator(stable_key)]
"""An id of the vendor's: of a meeting, a person, a connection, an event."""

Name: TypeAlias = Annotated[str | None, AfterValidator(clean_text)]

PictureAddress: TypeAlias = Annotated[str | None, AfterValidator(clean_address)]

Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(_within_reason)]
"""A time in UTC, from ISO 8601 with a zone or from seconds since 1970 (pydantic reads both, also in a string)."""
