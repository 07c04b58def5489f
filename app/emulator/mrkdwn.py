"""Slack's mrkdwn as safe HTML, for the page: links, mentions, emphasis, code, line breaks.

Format: https://docs.slack.dev/messaging/formatting-message-text. Slack's texts carry `&amp;`, `&lt;` and `&gt;`
for the three characters that mean something in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from markupsafe import Markup, escape

_ANGLE = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
_CODE = re.compile(r"```\n?(.+?)\n?```|`([^`\n]+)`", re.DOTALL)
_STYLES = (
    (re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)"), "strong"),
    (re.compile(r"(?<!\w)_([^_\n]+)_(?!\w)"), "em"),
    (re.compile(r"(?<!\w)~([^~\n]+)~(?!\w)"), "s"),
)
_DATE = re.compile(r"!date\^(\d{1,10})\^([^^]+)(?:\^.*)?")
_EMOJI = re.compile(r":([a-z0-9_+-]+):")
# Those that apps say something with; any other stays as it is written.
_CHARACTERS = {
    "white_check_mark": "\N{WHITE HEAVY CHECK MARK}",
    "heavy_check_mark": "\N{HEAVY CHECK MARK}\N{VARIATION SELECTOR-16}",
    "x": "\N{CROSS MARK}",
    "warning": "\N{WARNING SIGN}\N{VARIATION SELECTOR-16}",
    "bulb": "\N{ELECTRIC LIGHT BULB}",
    "bell": "\N{BELL}",
    "hourglass_flowing_sand": "\N{HOURGLASS WITH FLOWING SAND}",
    "lock": "\N{LOCK}",
    "telephone_receiver": "\N{TELEPHONE RECEIVER}",
    "tada": "\N{PARTY POPPER}",
    "wave": "\N{WAVING HAND SIGN}",
    "+1": "\N{THUMBS UP SIGN}",
}
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
    if date := _DATE.fullmatch(target):
        return _date(int(date[1]), _plain(date[2]), _plain(label or ""))
    if target[0] not in "@#":
        return escape(_plain(label or target))
    name = names.get(target[1:], label or target[1:])
    return Markup('<span class="mention">{}{}</span>').format(target[0], _plain(name))


def _date(seconds: int, form: str, fallback: str) -> Markup:
    """A moment, which the browser writes in the reader's own time zone; until then what the app wrote for those who
    cannot."""
    iso = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Markup('<time datetime="{}" data-date="{}">{}</time>').format(iso, form, fallback or iso)


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
    html = _EMOJI.sub(lambda match: _CHARACTERS.get(match[1], match[0]), _safe(text))
    for pattern, tag in _STYLES:
        html = pattern.sub(_wrapped(tag), html)
    return html.replace("\n", "<br>")


def _safe(text: str) -> str:
    return str(escape(_plain(text)))


def _wrapped(tag: str) -> Callable[[re.Match[str]], str]:
    return lambda match: f"<{tag}>{match[1]}</{tag}>"
