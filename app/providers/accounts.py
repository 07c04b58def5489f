"""The kinds of settings a provider's account is made of, checked at start.

What passes here can go into an address or a header later without another check.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr


class Account(BaseModel):
    """One customer's credentials at a provider. Each field is one setting; its description is the help text."""

    model_config = ConfigDict(frozen=True)


def _base_address(value: str) -> str:
    return _web_address(value).rstrip("/")


def _web_address(value: str) -> str:
    if not is_web_address(value):
        raise ValueError("must be an address such as https://meet.example.com")
    return value


def _header_value(value: str) -> str:
    # A header holds no line break and, to be read the same everywhere, nothing outside ASCII.
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be printable ASCII without spaces: was something else pasted?")
    return value


def _secret_header_value(value: SecretStr) -> SecretStr:
    _header_value(value.get_secret_value())
    return value


def is_web_address(value: str, schemes: frozenset[str] = frozenset({"http", "https"})) -> bool:
    """Whether ``value`` is an absolute address with a host, in one of ``schemes``, and nothing else around it.

    One with a user name is none: ``https://your-bank.com@example.com`` leads to example.com.
    """
    try:
        parts = urlsplit(value)
        has_host = bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:  # an unfinished [IPv6] host, or a port that is no number
        return False
    return parts.scheme in schemes and has_host and is_unbroken(value)


def is_unbroken(value: str) -> bool:
    """Whether an address can stand in a text without ending early or starting something else."""
    return value.isprintable() and not any(character in ' <>"|\\^`' for character in value)


BaseAddress: TypeAlias = Annotated[str, AfterValidator(_base_address)]
"""An http(s) address that paths are put behind; without the slash at its end."""

WebAddress: TypeAlias = Annotated[str, AfterValidator(_web_address)]

HeaderValue: TypeAlias = Annotated[str, AfterValidator(_header_value)]

HeaderSecret: TypeAlias = Annotated[SecretStr, AfterValidator(_secret_header_value)]
