"""Values that a browser keeps for us: nobody else can read them, change them, or make them up."""

from __future__ import annotations

import base64
import hmac
from datetime import timedelta
from typing import Generic, TypeVar

from cryptography.fernet import Fernet, InvalidToken
from pydantic import TypeAdapter, ValidationError

from app.clock import Clock

T = TypeVar("T")


def derived_key(secret: str, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose alone. Whoever learns it learns neither the secret nor the other keys."""
    return hmac.digest(secret.encode(), f"switchboard {purpose}".encode(), "sha256")


class Seal(Generic[T]):
    """Values of one kind, sealed for one purpose and good for a while.

    Fernet signs as well as it encrypts: what stands in a cookie or an address is personal, and ends up in the
    browser's files and in the logs of proxies.
    """

    def __init__(self, secret: str, purpose: str, kind: type[T], *, good_for: timedelta, clock: Clock) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(derived_key(secret, purpose)))
        self._adapter = TypeAdapter(kind)
        self._seconds = int(good_for.total_seconds())
        self._clock = clock

    def close(self, value: T) -> str:
        return self._fernet.encrypt_at_time(self._adapter.dump_json(value), self._now()).decode()

    def open(self, sealed: str) -> T | None:
        """The value; None when it is not one of ours, is of another purpose, or has expired."""
        try:
            told = self._fernet.decrypt_at_time(sealed.encode(errors="replace"), self._seconds, self._now())
            return self._adapter.validate_json(told)
        except (InvalidToken, ValidationError):
            # The second: an older version has sealed it.
            return None

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
