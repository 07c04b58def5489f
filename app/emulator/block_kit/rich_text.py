"""Rich text and tables: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block"""

from __future__ import annotations

from collections.abc import Mapping

from app.emulator.block_kit.rules import Rule, Shape, anything, boolean, items, one_of, string, typed, url, whole

_STYLES = ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
_STYLE: Mapping[str, Rule] = {"style": Shape(optional=dict.fromkeys(_STYLES, boolean)).check}
_ID = string(255)

_LEAVES: Mapping[str, Shape] = {
    "broadcast": Shape({"range": one_of("here", "channel", "everyone")}, _STYLE),
    "channel": Shape({"channel_id": _ID}, _STYLE),
    "color": Shape({"value": string(20)}, _STYLE),
    "date": Shape(
        {"timestamp": whole(0, 9_999_999_999), "format": string()}, {**_STYLE, "url": url(), "fallback": string()}
    ),
    "emoji": Shape({"name": string(255)}, {**_STYLE, "unicode": string(255), "skin_tone": whole(1, 6)}),
    "link": Shape({"url": url()}, {**_STYLE, "text": string(least=0), "unsafe": boolean}),
    "team": Shape({"team_id": _ID}, _STYLE),
    "text": Shape({"text": string(40_000)}, _STYLE),
    "user": Shape({"user_id": _ID}, _STYLE),
    "usergroup": Shape({"usergroup_id": _ID}, _STYLE),
}
_PIECES = items(typed(_LEAVES), most=1000, least=0)
_SECTION = Shape({"elements": _PIECES})
_BORDER: Mapping[str, Rule] = {"border": whole(0, 1)}
_PARTS: Mapping[str, Shape] = {
    "rich_text_list": Shape(
        {"style": one_of("bullet", "ordered"), "elements": items(typed({"rich_text_section": _SECTION}), most=1000)},
        {**_BORDER, "indent": whole(0, 8), "offset": whole(0, 10_000)},
    ),
    "rich_text_preformatted": Shape({"elements": _PIECES}, {**_BORDER, "language": string(50)}),
    "rich_text_quote": Shape({"elements": _PIECES}, _BORDER),
    "rich_text_section": _SECTION,
}

PARTS: Rule = items(typed(_PARTS), most=1000)
"""What stands in a rich text block."""

_CELLS: Mapping[str, Shape] = {
    "raw_number": Shape({"value": anything}, {"text": string()}),
    "raw_text": Shape({"text": string(least=0)}),
    "rich_text": Shape({"elements": PARTS}, {"block_id": _ID}),
}
ROWS: Rule = items(items(typed(_CELLS), most=20), most=100)
"""What stands in a table: https://docs.slack.dev/reference/block-kit/blocks/table-block"""

COLUMNS: Rule = items(
    Shape(optional={"align": one_of("left", "center", "right"), "is_wrapped": boolean}).check, most=20, least=0
)
