"""The blocks of Block Kit, their fields, and where each may stand: https://docs.slack.dev/reference/block-kit/blocks

The `call` block is missing there; its shape is described at
https://docs.slack.dev/apis/web-api/using-the-calls-api.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from app.emulator.block_kit.elements import ELEMENTS, IN_ACTIONS, IN_CONTEXT_ACTIONS, IN_INPUT, IN_SECTION
from app.emulator.block_kit.interactive import elements_of
from app.emulator.block_kit.objects import ANY_TEXT, SLACK_FILE, text
from app.emulator.block_kit.rich_text import COLUMNS, PARTS, ROWS
from app.emulator.block_kit.rules import (
    Complaints,
    Rule,
    Scene,
    Shape,
    anything,
    boolean,
    complaint,
    items,
    one_of,
    string,
    typed,
    url,
)
from app.emulator.errors import JsonObject

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
_ONLY_IN_MESSAGES = {"call", "context_actions", "file", "markdown", "table"}
_ONLY_IN_MODALS = {"file_input"}


def _known_call(value: Any, where: str, scene: Scene) -> Complaints:
    if not scene.is_call(str(value)):
        yield complaint("invalid call_id", where)


def _context_part(value: Any, where: str, scene: Scene) -> Complaints:
    if isinstance(value, dict) and value.get("type") in ANY_TEXT:
        return text(3000, ANY_TEXT)(value, where, scene)
    return typed(ELEMENTS, ("image",))(value, where, scene)


_BLOCK_ID: Mapping[str, Rule] = {"block_id": string(255)}


def _block(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *either: str) -> Shape:
    return Shape(required, {**_BLOCK_ID, **(optional or {})}, either)


BLOCKS: Mapping[str, Shape] = {
    "actions": _block({"elements": items(typed(ELEMENTS, IN_ACTIONS), most=25)}),
    "call": _block({"call_id": _known_call}, {"api_decoration_available": boolean, "call": anything}),
    "context": _block({"elements": items(_context_part, most=10)}),
    "context_actions": _block({"elements": items(typed(ELEMENTS, IN_CONTEXT_ACTIONS), most=5)}),
    "divider": _block({}),
    "file": _block({"external_id": string(255), "source": one_of("remote")}),
    "header": _block({"text": text(150)}),
    "image": _block(
        {"alt_text": string(2000)},
        {"image_url": url(web=True), "slack_file": SLACK_FILE.check, "title": text(2000)},
        "image_url",
        "slack_file",
    ),
    "input": _block(
        {"label": text(2000), "element": typed(ELEMENTS, IN_INPUT)},
        {"hint": text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "markdown": _block({"text": string(12_000)}),
    "rich_text": _block({"elements": PARTS}),
    "section": _block(
        {},
        {
            "text": text(3000, ANY_TEXT),
            "fields": items(text(2000, ANY_TEXT), most=10),
            "accessory": typed(ELEMENTS, IN_SECTION),
            "expand": boolean,
        },
    ),
    "table": _block({"rows": ROWS}, {"column_settings": COLUMNS}),
    "video": _block(
        {
            "alt_text": string(2000),
            "title": text(200),
            "thumbnail_url": url(web=True),
            "video_url": url(web=True),
        },
        {
            "author_name": string(50),
            "description": text(200),
            "provider_icon_url": url(web=True),
            "provider_name": string(50),
            "title_url": url(web=True),
        },
    ),
}
_ANY_BLOCK = typed(BLOCKS)


def complaints_about(blocks: list[Any], where: str, scene: Scene) -> Complaints:
    """Everything that is wrong with some blocks for this surface."""
    if len(blocks) > MOST_BLOCKS[scene.surface]:
        yield complaint(f"no more than {MOST_BLOCKS[scene.surface]} items allowed", where)
        return
    for index, block in enumerate(blocks):
        yield from _about_block(block, f"{where}/{index}", scene)
    yield from _repeated_block_ids(blocks, where)


def _about_block(block: Any, where: str, scene: Scene) -> Complaints:
    if isinstance(block, dict) and scene.surface != "message" and block.get("type") in _ONLY_IN_MESSAGES:
        yield complaint(f"unsupported type: {block['type']}", f"{where}/type")
        return
    yield from _ANY_BLOCK(block, where, scene)
    if isinstance(block, dict):
        yield from _about_contents(block, where, scene)


def _about_contents(block: JsonObject, where: str, scene: Scene) -> Complaints:
    if block.get("type") == "section" and not (block.get("text") or block.get("fields")):
        yield complaint("missing required field: text or fields", where)
    elements = list(elements_of(block))
    if scene.surface != "modal" and any(each["type"] in _ONLY_IN_MODALS for each in elements):
        yield complaint("unsupported type: file_input", f"{where}/element/type")
    given = Counter(str(each["action_id"]) for each in elements if each.get("action_id"))
    for action_id in [each for each, times in given.items() if times > 1]:
        yield complaint(f"action_id already exists: {action_id}", where)


def _repeated_block_ids(blocks: list[Any], where: str) -> Complaints:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id") if isinstance(block, dict) else None
        if isinstance(block_id, str) and block_id in seen:
            yield complaint(f"block_id already exists: {block_id}", f"{where}/{index}/block_id")
        if isinstance(block_id, str) and block_id:
            seen.add(block_id)
