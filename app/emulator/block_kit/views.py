"""What Slack checks of a view: https://docs.slack.dev/reference/views"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from app.emulator.block_kit.blocks import complaints_about
from app.emulator.block_kit.messages import MOST_COMPLAINTS
from app.emulator.block_kit.objects import text
from app.emulator.block_kit.rules import Complaints, Rule, Scene, Shape, boolean, complaint, string
from app.emulator.errors import JsonObject, SlackError, invalid_arguments

MAX_CHARACTERS = 250_000


def _blocks(value: Any, where: str, scene: Scene) -> Complaints:
    if isinstance(value, list):
        yield from complaints_about(value, where, scene)
    else:
        yield complaint("must provide an array", where)


_BOTH: Mapping[str, Rule] = {
    "callback_id": string(255, least=0),
    "external_id": string(255, least=0),
    "private_metadata": string(3000, least=0),
}
_MODAL = Shape(
    {"blocks": _blocks, "title": text(24)},
    {
        **_BOTH,
        "clear_on_close": boolean,
        "close": text(24),
        "notify_on_close": boolean,
        "submit": text(24),
        "submit_disabled": boolean,
    },
)
_HOME = Shape({"blocks": _blocks}, _BOTH)


def checked_view(value: object, is_call: Callable[[str], bool], kinds: tuple[str, ...] = ("modal",)) -> JsonObject:
    """The view if Slack would take it for one of these kinds; else `invalid_arguments` with the places."""
    if not isinstance(value, dict):
        raise invalid_arguments("must provide an object [json-pointer:/view]")
    if value.get("type") not in kinds:
        raise invalid_arguments(f"unsupported type: {value.get('type')} [json-pointer:/view/type]")
    complaints = list(islice(_about_view(value, is_call), MOST_COMPLAINTS))
    if complaints:
        raise invalid_arguments(*complaints)
    if len(json.dumps(value)) > MAX_CHARACTERS:
        raise SlackError("view_too_large")
    return dict(value)


def _about_view(view: JsonObject, is_call: Callable[[str], bool]) -> Complaints:
    fields = {name: part for name, part in view.items() if name != "type"}
    if view["type"] == "home":
        yield from _HOME.check(fields, "/view", Scene("home", is_call))
        return
    yield from _MODAL.check(fields, "/view", Scene("modal", is_call))
    blocks = view.get("blocks")
    has_inputs = isinstance(blocks, list) and any(
        isinstance(block, dict) and block.get("type") == "input" for block in blocks
    )
    if has_inputs and not view.get("submit"):
        yield complaint("missing required field: submit", "/view")
