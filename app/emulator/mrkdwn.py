"""Slack's mrkdwn as safe HTML, for the page: links, mentions, emphasis, code, line breaks.

Format: https://docs.slack.dev/messaging/formatting-message-text. Slack's texts carry `&amp;`, `&lt;` and `&gt;`
for the three characters that mean something in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from markupsafe import Markup, escape

_ANGLE = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_CODE = re.compile(r"```\n?(.+?)\n?```|`([^`\n]+)`", re.DOTALL)
_STYLES = (
    (re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)"), "strong"),
    (re.compile(r"(?<!\w)_([^_\n]+)_(?!\w)"), "em"),
    (re.compile(r"(?<!\w)~([^~\n]+)~(?!\w)"), "s"),
)
_GROUPS = {"!here", "!channel", "!everyone"}
_UNESCAPED = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def as_html(text: str, names: Mapping[str, str]) -> Markup:
    """A text as HTML; `names` gives the names of the users and channels that may be mentioned."""
    parts: list[Markup] = []
    position = 0
    for match in _ANGLE.finditer(text):
        parts += [_styled(text[position : match.start()]), _reference(match[1], match[2], names)]
        position = match.end()
    return Markup("").join([*parts, _styled(text[position:])])


def _reference(target: str, label: str | None, names: Mapping[str, str]) -> Markup:
    """What stands between angle brackets: a link, a mention, or just text."""
    if target.startswith(("http://", "https://")):
        return link(_plain(target), _plain(label or target))
    if target in _GROUPS:
        return Markup('<span class="mention">@{}</span>').format(target[1:])
    if target[0] not in "@#":
        return escape(_plain(label or target))
    name = names.get(target[1:], label or target[1:])
    return Markup('<span class="mention">{}{}</span>').format(target[0], _plain(name))


def link(url: str, label: str) -> Markup:
    """A link, unless the URL is of a kind that a page must not follow."""
    if not url.startswith(("http://", "https://")):
        return escape(label)
    return Markup('<a href="{}" target="_blank" rel="noreferrer noopener">{}</a>').format(url, label)


def _plain(text: str) -> str:
    for escaped, character in _UNESCAPED:
        text = text.replace(escaped, character)
    return text


def _styled(text: str) -> Markup:
    """Text with its styles; what is code has none."""
    parts: list[str] = []
    position = 0
    for match in _CODE.finditer(text):
        block, word = (_safe(each) if each else "" for each in match.groups())
        code = f"<pre>{block}</pre>" if block else f"<code>{word}</code>"
        parts += [_emphasised(text[position : match.start()]), code]
        position = match.end()
    parts.append(_emphasised(text[position:]))
    return Markup("".join(parts))  # noqa: S704 - escaped piece by piece; only our own tags were added


def _emphasised(text: str) -> str:
    html = _safe(text)
    for pattern, tag in _STYLES:
        html = pattern.sub(_wrapped(tag), html)
    return html.replace("\n", "<br>")


def _safe(text: str) -> str:
    return str(escape(_plain(text)))


def _wrapped(tag: str) -> Callable[[re.Match[str]], str]:
    return lambda match: f"<{tag}>{match[1]}</{tag}>"
