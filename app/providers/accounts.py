"""The kinds of settings a provider's account is made of, checked at start.

What passes here can go into an address or a header later without another check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, BaseModel, ConfigDict, PrivateAttr, SecretStr

from app.config import is_web_address

SMALLEST_KEY_BITS = 2048


ONLY_PUBLIC: Mapping[str, bool] = {"only_public": True}
"""The context to validate the settings of somebody whom we do not know with."""


class Account(BaseModel):
    """One customer's credentials at a provider. Each field is one setting; its description is the help text."""

    model_config = ConfigDict(frozen=True)
    _only_public: bool = PrivateAttr(default=False)

    def model_post_init(self, context: Any) -> None:
        self._only_public = bool(context and context.get("only_public"))

    @property
    def only_public(self) -> bool:
        """Whether its addresses may not lead into private networks."""
        return self._only_public


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


def read_private_key(pem: SecretStr) -> RSAPrivateKey:
    """Raises ``ValueError`` with what is wrong, never with what was given. In a setting of one line, ``\\n`` stands for
    the end of a line of the key."""
    try:
        text = pem.get_secret_value().replace("\\n", "\n")
        key = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey) or key.key_size < SMALLEST_KEY_BITS:
        raise ValueError("must be an RSA private key of 2048 bits or more, in PEM, without a password")
    return key


def _private_key(value: SecretStr) -> SecretStr:
    read_private_key(value)
    return value


WebAddress: TypeAlias = Annotated[str, AfterValidator(_web_address)]

HeaderValue: TypeAlias = Annotated[str, AfterValidator(_header_value)]

HeaderSecret: TypeAlias = Annotated[SecretStr, AfterValidator(_secret_header_value)]

SEVERAL_LINES = "several lines"
"""Stands beside the type of a setting that is entered in several lines."""

PrivateKey: TypeAlias = Annotated[SecretStr, AfterValidator(_private_key), SEVERAL_LINES]
"""An RSA key to sign tokens with; ``read_private_key`` reads it."""
