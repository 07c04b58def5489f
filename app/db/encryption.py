"""What is secret or personal is encrypted before it is stored, where the settings give keys.

The keys are those of one ``Database``, and found by its dialect: that is all a column type gets to see of it. Values
that were stored before there were keys stay readable, because a mark tells which are encrypted. Fernet
(https://cryptography.io/en/latest/fernet/) is AES with an HMAC, so nobody can change what is stored either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from weakref import WeakKeyDictionary

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Dialect

from app.errors import StoredUnreadable

MARK = b"$fernet$"
AS_IS = b"$plain$"
"""In front of a value that is not encrypted, and would be taken for one of these two."""


class Cipher:
    """``keys`` are Fernet keys: the first encrypts, all decrypt. Without any nothing is encrypted."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self.is_on = bool(keys)
        self._first = Fernet(keys[0]) if keys else None
        self._all = MultiFernet([Fernet(key) for key in keys]) if keys else None

    def seal(self, value: bytes) -> bytes:
        if self._first is not None:
            return MARK + self._first.encrypt(value)
        return AS_IS + value if value.startswith((MARK, AS_IS)) else value

    def open(self, stored: bytes) -> bytes:
        """Raises ``StoredUnreadable``."""
        if not stored.startswith(MARK):
            return stored.removeprefix(AS_IS)
        if self._all is None:
            raise StoredUnreadable("It is encrypted, and ENCRYPTION_KEYS is not set.")
        try:
            return self._all.decrypt(stored.removeprefix(MARK))
        except InvalidToken:
            raise StoredUnreadable("It is encrypted with a key that is not among ENCRYPTION_KEYS.") from None

    def is_sealed_with_first(self, stored: bytes) -> bool:
        if self._first is None or not stored.startswith(MARK):
            return False
        try:
            self._first.decrypt(stored.removeprefix(MARK))
        except InvalidToken:
            return False
        return True

    def seal_text(self, text: str) -> str:
        return self.seal(text.encode()).decode()

    def open_text(self, stored: str) -> str:
        return self.open(stored.encode()).decode() if stored.startswith("$") else stored

    def blind(self, value: str) -> str:
        """What stands in a column that rows are looked up by: the same for the same value, whatever the keys. Encrypted
        it would be another each time. Whoever can guess the value can find it; nobody can read it off."""
        return hashlib.sha256(value.encode()).hexdigest() if self.is_on else value

    def forms(self, values: Iterable[str]) -> list[str]:
        """All that may stand in such a column for these: rows may be older than the keys."""
        plain = list(values)
        return [*plain, *map(self.blind, plain)] if self.is_on else plain

    def copy(self, value: str | None) -> str | None:
        """What stands encrypted beside a blind value, to be read; nothing where that can be read itself."""
        return value if self.is_on else None


_OFF = Cipher()
_CIPHERS: WeakKeyDictionary[Dialect, Cipher] = WeakKeyDictionary()


def use(dialect: Dialect, cipher: Cipher) -> None:
    """From now on the database of this dialect reads and writes with ``cipher``."""
    _CIPHERS[dialect] = cipher


def cipher_of(dialect: Dialect) -> Cipher:
    return _CIPHERS.get(dialect, _OFF)
