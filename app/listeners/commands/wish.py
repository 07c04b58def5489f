"""What somebody typed behind the slash command, as a wish."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from app.domain.plain_text import one_line
from app.slack import texts


class Verb(StrEnum):
    START = "start"
    END = "end"
    RENAME = "rename"
    LIST = "list"
    SETTINGS = "settings"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Wish:
    """``title`` is plain text, as the card shows it; empty when none was given."""

    verb: Verb
    title: str = ""


def read_wish(text: str) -> Wish:
    """``end``, ``list`` and the like are wishes only when they stand alone: "end of year review" is a title."""
    title = plain(text)
    first, _, rest = title.partition(" ")
    if first.lower() == Verb.RENAME:
        return Wish(Verb.RENAME, rest.strip())
    if title.lower() in {Verb.END, Verb.LIST, Verb.SETTINGS, Verb.HELP}:
        return Wish(Verb(title.lower()))
    return Wish(Verb.START, title)


# What Slack makes of people, channels and links where the manifest in use sets should_escape. Ours does not.
# https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling
_ENTITY = re.compile(r"<(?P<kind>[@#!]?)(?P<target>[^<>|]*)(?:\|(?P<label>[^<>]*))?>")


def plain(text: str) -> str:
    """``text`` without Slack's mark-up, on one line."""
    return one_line(texts.unescape(_ENTITY.sub(_label, text)))


def _label(entity: re.Match[str]) -> str:
    label = entity["label"] or entity["target"]
    return f"{entity['kind'].replace('!', '@')}{label}"
