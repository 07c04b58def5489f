"""Rich text, Slack's own tree of formatted text, as safe HTML.

Reference: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup, escape

from app.emulator.errors import JsonObject
from app.emulator.mrkdwn import link

_STYLES = {"bold": "strong", "italic": "em", "strike": "s", "code": "code"}
_BOXES = {"rich_text_section": "p", "rich_text_quote": "blockquote", "rich_text_preformatted": "pre"}


def rich_text(block: JsonObject, names: Mapping[str, str]) -> Markup:
    """A `rich_text` block; parts that are not known are left out."""
    return _joined(_part(part, names) for part in block.get("elements", []))


def _part(part: JsonObject, names: Mapping[str, str]) -> Markup:
    kind = part.get("type")
    inner = part.get("elements", [])
    if kind == "rich_text_list":
        tag = "ol" if part.get("style") == "ordered" else "ul"
        return _wrapped(tag, _joined(_wrapped("li", _inline(item.get("elements", []), names)) for item in inner))
    if kind in _BOXES:
        return _wrapped(_BOXES[kind], _inline(inner, names))
    return Markup("")


def _inline(elements: list[JsonObject], names: Mapping[str, str]) -> Markup:
    return _joined(_styled(element, names) for element in elements)


def _styled(element: JsonObject, names: Mapping[str, str]) -> Markup:
    html = _leaf(element, names)
    for name, tag in _STYLES.items():
        if element.get("style", {}).get(name):
            html = _wrapped(tag, html)
    return html


def _leaf(element: JsonObject, names: Mapping[str, str]) -> Markup:
    kind = element.get("type")
    if kind == "link":
        return link(element["url"], element.get("text") or element["url"])
    if kind in ("user", "channel"):
        sign, target = ("@", element.get("user_id")) if kind == "user" else ("#", element.get("channel_id"))
        return Markup('<span class="mention">{}{}</span>').format(sign, names.get(str(target), target))
    if kind == "broadcast":
        return Markup('<span class="mention">@{}</span>').format(element.get("range", ""))
    if kind == "emoji":
        return escape(f":{element.get('name', '')}:")
    return Markup("<br>").join(escape(line) for line in str(element.get("text", "")).split("\n"))


def _wrapped(tag: str, inner: Markup) -> Markup:
    return Markup("<{0}>{1}</{0}>").format(Markup(tag), inner)  # noqa: S704 - the tags are our own


def _joined(parts: object) -> Markup:
    return Markup("").join(parts)  # type: ignore[arg-type]
