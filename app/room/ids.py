"""Names that nobody can guess."""

from __future__ import annotations

import hashlib
import secrets

# No vowels, so no words; nothing that looks or sounds like another.
_LETTERS = "bcdfghjkmnpqrstvwxz"


def new_meeting_id() -> str:
    """Twelve letters in groups, short enough to read out: ``kfpw-xzqr-stvb``."""
    letters = [secrets.choice(_LETTERS) for _ in range(12)]
    return "-".join("".join(letters[start : start + 4]) for start in (0, 4, 8))


def new_id(prefix: str) -> str:
    """A public id, such as ``c-3f9a…``."""
    return f"{prefix}-{secrets.token_hex(8)}"


def new_secret() -> str:
    """What proves that a browser is who it was before."""
    return secrets.token_urlsafe(24)


def participant_id(secret: str, name: str) -> str:
    """The public id of who goes by this name in the browser that holds this secret.

    Everybody may see it, nobody gets in with it.
    """
    return "p-" + hashlib.sha256(f"{secret} {name.casefold()}".encode()).hexdigest()[:16]
