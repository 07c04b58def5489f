"""The kinds of settings a provider's account is made of, checked at start.

What passes here can go into an address or a header later without another check.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr

from app.config import is_web_address


class Account(BaseModel):
    """One customer's credentials at a provider. Each field is one setting; its description is the help text."""

    model_config = ConfigDict(frozen=True)


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


WebAddress: TypeAlias = Annotated[str, AfterValidator(_web_address)]

HeaderValue: TypeAlias = Annotated[str, AfterValidator(_header_value)]

HeaderSecret: TypeAlias = Annotated[SecretStr, AfterValidator(_secret_header_value)]
