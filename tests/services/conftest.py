"""Fixtures for the use cases."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.db.sealed import NEW


@pytest.fixture
def encryption_keys() -> Sequence[str]:
    """Accounts with secrets are taken only where these are encrypted."""
    return [NEW]
