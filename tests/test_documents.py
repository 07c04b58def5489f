"""What the documents say of the code is so."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.documents import DOCUMENTS, made_anew


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_what_is_made_from_the_code_is_up_to_date(document: Path) -> None:
    assert document.read_text(encoding="utf-8") == made_anew(document), "run: python -m app providers document"
