"""Text that people type, tamed: names and titles become one line that can be stored and shown anywhere."""

from __future__ import annotations

import re

# Control characters (PostgreSQL stores no NUL), halves of surrogate pairs, and the marks that reverse the direction
# of all text after them. What joins the parts of an emoji stays.
UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """``text`` without what cannot be shown, and with single spaces; ``""`` when nothing is left."""
    return " ".join(UNWANTED.sub(" ", text).split())
