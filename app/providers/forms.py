"""Each provider's account as a form for people: made of the account's model, so that it is described once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo

from app.providers.accounts import SEVERAL_LINES
from app.providers.base import Provider
from app.providers.registry import BY_NAME, default_of, setting_prefix

_WORDS = {"api": "API", "id": "ID", "url": "address", "muc": "MUC"}
_BEGINNING = re.compile("^(Value error, |Input (?=should)|String (?=should))")
# In a person's words what Pydantic says in a programmer's; all else is said well enough.
_IN_WORDS = {
    "missing": "is needed",
    "string_pattern_mismatch": "does not look as it should",
    "bool_parsing": "must be true or false",
}


class FieldKind(StrEnum):
    """How a field is entered."""

    TEXT = "text"
    SECRET = "secret"  # noqa: S105
    SECRET_LINES = "secret lines"  # noqa: S105
    """A secret of several lines: a private key."""
    NUMBER = "number"
    YES_NO = "yes or no"
    """``true`` or ``false``."""
    CHOICE = "choice"
    """One of ``choices``."""
    LIST = "list"
    """Separated by commas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One setting of an account. ``help`` is a sentence or two; ``default`` is what counts where nothing is entered,
    ``""`` where there is nothing."""

    name: str
    label: str
    help: str
    kind: FieldKind
    is_optional: bool
    default: str = ""
    choices: tuple[str, ...] = ()

    @property
    def is_secret(self) -> bool:
        """Whether it is never shown again."""
        return self.kind in {FieldKind.SECRET, FieldKind.SECRET_LINES}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderForm:
    """What is asked of somebody who adds an account. ``sends_events`` says whether its webhooks must find the way
    here, ``registers_webhooks`` whether we can see to that ourselves."""

    provider: str
    display_name: str
    fields: tuple[FormField, ...]
    sends_events: bool
    registers_webhooks: bool

    @property
    def secret_names(self) -> frozenset[str]:
        return frozenset(field.name for field in self.fields if field.is_secret)


# In this order: a bool is an int as well.
_KINDS: Mapping[type, FieldKind] = {
    bool: FieldKind.YES_NO,
    int: FieldKind.NUMBER,
    float: FieldKind.NUMBER,
    tuple: FieldKind.LIST,
    frozenset: FieldKind.LIST,
}


@cache
def form_of(provider: type[Provider]) -> ProviderForm:
    return ProviderForm(
        provider=provider.name,
        display_name=provider.display_name,
        fields=tuple(_field(provider, name, info) for name, info in provider.Account.model_fields.items()),
        sends_events=provider.capabilities.sends_events,
        registers_webhooks=provider.capabilities.registers_webhooks,
    )


def all_forms() -> list[ProviderForm]:
    """By what people call the providers."""
    return sorted(map(form_of, BY_NAME.values()), key=lambda form: form.display_name.lower())


def problems_of(provider: type[Provider], error: ValidationError) -> dict[str, str]:
    """What is wrong with what was entered: a sentence for each field, which never quotes it."""
    problems: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        # Every check of an account is one of a field's; should there be another, it must be seen somewhere.
        name = str(problem["loc"][0]) if problem["loc"] else next(iter(provider.Account.model_fields))
        said = _IN_WORDS.get(problem["type"]) or _BEGINNING.sub("", problem["msg"])
        problems.setdefault(name, in_labels(provider, f"This {said}."))
    return problems


def in_labels(provider: type[Provider], text: str) -> str:
    """``text`` with labels of the form in the place of names that settings have in the environment."""
    prefix = setting_prefix(provider)
    names = sorted(provider.Account.model_fields, key=len, reverse=True)
    pattern = "|".join(f"{prefix}{name.upper()}" for name in names)
    return re.sub(rf"\b({pattern})\b", lambda found: f"“{_label(found[1].removeprefix(prefix).lower())}”", text)


def _field(provider: type[Provider], name: str, info: FieldInfo) -> FormField:
    kind, choices = _kind(info)
    return FormField(
        name=name,
        label=_label(name),
        help=in_labels(provider, info.description or ""),
        kind=kind,
        is_optional=not info.is_required(),
        default=default_of(info),
        choices=choices,
    )


def _label(name: str) -> str:
    """``previous_api_key`` → ``Previous API key``."""
    text = " ".join(_WORDS.get(word, word) for word in name.split("_"))
    return text[:1].upper() + text[1:]


def _kind(info: FieldInfo) -> tuple[FieldKind, tuple[str, ...]]:
    parts = [*_parts(info.annotation), *info.metadata]
    types = [part for part in parts if isinstance(part, type)]
    if SecretStr in types:
        return (FieldKind.SECRET_LINES if SEVERAL_LINES in parts else FieldKind.SECRET), ()
    for kind in types:
        if issubclass(kind, Enum):
            return FieldKind.CHOICE, tuple(str(choice.value) for choice in kind)
    found = (known for parent, known in _KINDS.items() if any(issubclass(kind, parent) for kind in types))
    return next(found, FieldKind.TEXT), ()


def _parts(annotation: Any) -> Iterator[object]:
    """The types in an annotation, and what stands beside them."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _parts(arguments[0])
        yield from arguments[1:]
    elif origin in {Union, UnionType}:
        for argument in arguments:
            yield from _parts(argument)
    else:
        yield origin or annotation
