"""Pages as a reader takes them in."""

from __future__ import annotations

import re


def words(html: str) -> str:
    """The page without its tags, as one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def card_words(html: str) -> str:
    """The first call card of the page, as one line."""
    return words(html[html.index('<section class="card') :].partition("</section>")[0])
