"""What BigBlueButton answers: always XML, with its own word for success and failure inside of an HTTP 200.

https://docs.bigbluebutton.org/development/api/#error-handling
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from defusedxml.ElementTree import ParseError, fromstring

from app.errors import PermanentFailure, RequestFailed, TemporaryFailure
from app.providers.payloads import clean_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# bbb-webhooks could not store or read its hooks (https://github.com/bigbluebutton/bbb-webhooks,
# src/out/webhooks/api/responses.js), and what load balancers say when no server is left.
_MAY_PASS = frozenset({"createHookError", "listHookError", "internalError"})

_CHECKSUM_ERROR = (
    "BigBlueButton does not accept our checksum. "
    "Check BIGBLUEBUTTON_SECRET, and that the server supports BIGBLUEBUTTON_CHECKSUM."
)


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """A ``<response>``: its return code, and the texts of what stands directly in it, by tag."""

    texts: Mapping[str, str]
    element: Element

    @property
    def has_succeeded(self) -> bool:
        return self.texts["returncode"].upper() == "SUCCESS"

    @property
    def message_key(self) -> str:
        """BigBlueButton's own word for what happened, which stays the same over its versions; mostly ``""`` on success.

        A few refusals stand in a list: ``<errors><error key="…" message="…"/></errors>``.
        """
        return self.texts.get("messageKey") or self._first_error("key")

    @property
    def message(self) -> str:
        return self.texts.get("message") or self._first_error("message")

    def failure(self, secret: str) -> RequestFailed:
        """The refusal as one of our kinds. ``secret`` is not repeated, whatever the server says."""
        code = _without(secret, self.message_key) or "failed"
        if code == "checksumError":
            return PermanentFailure(code, _CHECKSUM_ERROR)
        words = _without(secret, self.message)
        kind = TemporaryFailure if code in _MAY_PASS else PermanentFailure
        return kind(code, f"BigBlueButton refused ({words})." if words else "BigBlueButton refused.")

    def _first_error(self, attribute: str) -> str:
        error = self.element.find("errors/error")
        return "" if error is None else error.get(attribute, "")


def read_answer(body: bytes) -> ApiAnswer:
    """``body`` as an answer of the API. What is none comes from something in between, and may pass: raises
    ``TemporaryFailure``."""
    try:
        element = fromstring(body)
    except (ParseError, ValueError, LookupError):  # ValueError: entities, which are refused; or an odd encoding
        raise TemporaryFailure(
            "bad_answer", "The answer is no XML. Check BIGBLUEBUTTON_URL.", effect_unknown=True
        ) from None
    texts = {str(child.tag): (child.text or "").strip() for child in element}
    if "returncode" not in texts:
        raise TemporaryFailure("bad_answer", "The answer is not BigBlueButton's.", effect_unknown=True)
    return ApiAnswer(texts, element)


def _without(secret: str, words: str) -> str | None:
    return None if secret in words else clean_text(words)
