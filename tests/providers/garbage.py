"""What arrives when nothing is as it should be: texts, headers and bodies for Hypothesis to draw."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import strategies as st

ANY_TEXT = st.text(st.characters())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(10**30), max_value=10**30)
    | st.floats()
    | ANY_TEXT
    | st.integers().map(str)
    | st.sampled_from(["", "\x00", "\ud83d", "😀", "x" * 5000, "9" * 5000, "0001-01-01T00:00:00+23:59", "1e400"])
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)


def json_bodies() -> st.SearchStrategy[bytes]:
    """Any JSON, and nesting deeper than any parser goes."""
    deep = st.integers(1, 100_000).map(lambda depth: b"[" * depth + b"]" * depth)
    return ANY_JSON.map(lambda value: json.dumps(value).encode()) | deep


def garbage_for(true_values: Sequence[str]) -> st.SearchStrategy[str]:
    """Any text, what is almost right, and what is right but cut, doubled or interrupted. Not interrupted near the
    end: base64 has several spellings of one signature, and parsers that skip what they do not know."""
    near = st.sampled_from(true_values)
    return (
        ANY_TEXT
        | near.map(lambda text: text[:-1])
        | near.map(lambda text: text * 2)
        | near.map(str.swapcase)
        | st.tuples(near, ANY_TEXT, st.integers(0, 60)).map(lambda t: t[0][: t[2]] + t[1] + t[0][t[2] :])
        | st.sampled_from(["v1,", "v1", ",", "v1,=", "v1,\ud83d", "..", "a.b.c", "Bearer", "nan", "inf", "1e400", "-1"])
    )


@st.composite
def spoiled(draw: st.DrawFn, history: Sequence[bytes]) -> bytes:
    """A true body with one value, anywhere in it, replaced by something else."""
    body = json.loads(draw(st.sampled_from(history)))
    holder = body
    while True:
        key = draw(st.sampled_from(sorted(holder)))
        if not isinstance(holder[key], dict) or not holder[key] or draw(st.booleans()):
            holder[key] = draw(ANY_JSON)
            return json.dumps(body, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
        holder = holder[key]
