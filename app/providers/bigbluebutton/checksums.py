"""BigBlueButton's proofs: a hash over what is said and a secret that both sides know."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import urlencode


class Algorithm(StrEnum):
    """What a checksum may be made with, the weakest first.

    https://docs.bigbluebutton.org/development/api/#configuration
    """

    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"

    @property
    def letters(self) -> int:
        """How long a checksum is, in hexadecimal. No two algorithms make the same length."""
        return hashlib.new(self.value).digest_size * 2

    def checksum(self, *parts: str | bytes) -> str:
        """Over ``parts``, one behind the other, in hexadecimal."""
        digest = hashlib.new(self.value)
        for part in parts:
            digest.update(part.encode() if isinstance(part, str) else part)
        return digest.hexdigest()


def signed_query(algorithm: Algorithm, call: str, parameters: Mapping[str, str], secret: str) -> str:
    """The query of an API request, its checksum at the end.

    https://docs.bigbluebutton.org/development/api/#usage
    """
    query = urlencode(parameters)
    checksum = f"checksum={algorithm.checksum(call, query, secret)}"
    return f"{query}&{checksum}" if query else checksum


def is_same(ours: str, theirs: str) -> bool:
    """In constant time, so that nobody guesses letter by letter."""
    return hmac.compare_digest(ours.encode(), theirs.encode("utf-8", "surrogatepass"))
