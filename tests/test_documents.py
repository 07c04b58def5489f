"""What the documents say of the code is so."""

from __future__ import annotations

import re
import textwrap
from dataclasses import fields
from pathlib import Path

import pytest

from app.cli.documents import DOCUMENTS, ROOT, made_anew
from app.domain.meetings import Capabilities
from tests.providers.contract import METHODS

DOCS = ROOT / "docs"
WALKTHROUGH = (DOCS / "adding-a-provider.md").read_text(encoding="utf-8")
EXCERPTS = re.findall(r"<!-- from: (\S+) -->\n```python\n(.*?)\n```", WALKTHROUGH, re.DOTALL)
PAGES = [ROOT / "README.md", *DOCS.rglob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_what_is_made_from_the_code_is_up_to_date(document: Path) -> None:
    assert document.read_text(encoding="utf-8") == made_anew(document), "run: python -m app providers document"


def test_all_code_of_the_walkthrough_says_where_it_is_from() -> None:
    assert len(EXCERPTS) == WALKTHROUGH.count("```python") > 10


@pytest.mark.parametrize(("path", "excerpt"), EXCERPTS)
def test_the_code_of_the_walkthrough_stands_in_the_code(path: str, excerpt: str) -> None:
    """As whole lines that follow each other, wherever they are indented."""
    lines, length = (ROOT / path).read_text(encoding="utf-8").splitlines(), len(excerpt.splitlines())
    passages = ("\n".join(lines[at : at + length]) for at in range(len(lines) - length + 1))
    assert any(textwrap.dedent(passage) == excerpt for passage in passages)


def test_the_walkthrough_tells_of_every_capability_and_its_methods() -> None:
    assert {field.name for field in fields(Capabilities)} == METHODS.keys()
    for capability, methods in METHODS.items():
        named = ", ".join(f"`{method}`" for method in methods)
        assert f"| `{capability}` | {named} |" in WALKTHROUGH


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
