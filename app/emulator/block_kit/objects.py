"""The objects that elements and blocks are made of: https://docs.slack.dev/reference/block-kit/composition-objects"""

from __future__ import annotations

from typing import Any

from app.emulator.block_kit.rules import (
    Complaints,
    Rule,
    Scene,
    Shape,
    anything,
    boolean,
    complaint,
    items,
    matching,
    one_of,
    string,
    url,
)

PLAIN = ("plain_text",)
ANY_TEXT = ("plain_text", "mrkdwn")
_TEXT_FIELDS = {"plain_text": {"text", "type", "emoji"}, "mrkdwn": {"text", "type", "verbatim"}}


def text(most: int, kinds: tuple[str, ...] = PLAIN) -> Rule:
    """A text object of so many characters."""

    def check(value: Any, where: str, scene: Scene) -> Complaints:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in kinds:
            yield complaint(f"must provide a text object of type {' or '.join(kinds)}", where)
            return
        for name in value.keys() - _TEXT_FIELDS[kind]:
            yield complaint(f"invalid additional property: {name}", where)
        if "text" not in value:
            yield complaint("missing required field: text", where)
        else:
            yield from string(most)(value["text"], f"{where}/text", scene)
        for name in value.keys() & {"emoji", "verbatim"}:
            yield from boolean(value[name], f"{where}/{name}", scene)

    return check


DATE = matching(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "a date in the format YYYY-MM-DD")
TIME = matching(r"([01]\d|2[0-3]):[0-5]\d", "a time in the format HH:mm")

CONFIRM = Shape(
    {"title": text(100), "text": text(300, ANY_TEXT), "confirm": text(30), "deny": text(30)},
    {"style": one_of("primary", "danger")},
)
SLACK_FILE = Shape(optional={"id": string(), "url": url(web=True)}, either=("id", "url"))
DISPATCH = Shape(optional={"trigger_actions_on": items(one_of("on_enter_pressed", "on_character_entered"), most=2)})
FILTER = Shape(
    optional={
        "include": items(one_of("im", "mpim", "private", "public"), most=4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    }
)
WORKFLOW = Shape({"trigger": Shape({"url": url(web=True)}, {"customizable_input_parameters": anything}).check})


def option(kinds: tuple[str, ...] = PLAIN, *, linked: bool = False) -> Rule:
    """An option of a menu or a group of choices."""
    optional: dict[str, Rule] = {"description": text(75, kinds)}
    if linked:
        optional["url"] = url()
    return Shape({"text": text(75, kinds), "value": string(150)}, optional).check


def group(value: Any, where: str, scene: Scene) -> Complaints:
    """A group of options under a label."""
    return Shape({"label": text(75), "options": items(option(), most=100)}).check(value, where, scene)
