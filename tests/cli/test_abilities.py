"""What the documents say of settings."""

from __future__ import annotations

import pytest

from app.config import read_setting
from app.providers.base import Provider
from app.providers.registry import PROVIDERS, default_of

DEFAULTS = [
    pytest.param(provider, field, written, id=f"{provider.name} {field}")
    for provider in PROVIDERS
    for field, setting in provider.Account.model_fields.items()
    if (written := default_of(setting))
]


@pytest.mark.parametrize(("provider", "field", "written"), DEFAULTS)
def test_a_default_is_written_as_one_would_write_it(provider: type[Provider], field: str, written: str) -> None:
    default = provider.Account.model_fields[field].default
    assert read_setting(provider.Account, field, {field.upper(): written}) == default
