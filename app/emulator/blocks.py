"""What Slack checks of the `blocks` of a message, as far as an app can trip over it.

Reference: https://docs.slack.dev/reference/block-kit/blocks. The `call` block is missing there; its shape is
described at https://docs.slack.dev/apis/web-api/using-the-calls-api.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from app.emulator.errors import JsonObject, SlackError

MAX_BLOCKS = 50
MAX_TOTAL_CHARACTERS = 13_200
"""Not documented; about this size is where `msg_blocks_too_long` was seen."""

_LIST_LIMITS = {"actions": ("elements", 25), "context": ("elements", 10), "section": ("fields", 10)}
_REQUIRED = {
    "actions": "elements",
    "call": "call_id",
    "context": "elements",
    "file": "external_id",
    "header": "text",
    "image": "alt_text",
    "input": "element",
    "markdown": "text",
    "rich_text": "elements",
    "table": "rows",
    "video": "video_url",
}
_TEXT_LIMITS = {"header": 150, "section": 3000}
_TEXT_KINDS = {"header": ("plain_text",), "section": ("plain_text", "mrkdwn")}
_KNOWN_TYPES = {*_REQUIRED, "divider", "section"}


def checked_blocks(value: object, is_call: Callable[[str], bool]) -> list[JsonObject]:
    """The blocks if Slack would take them; else `invalid_blocks` and its siblings, with the place."""
    if not isinstance(value, list) or not all(isinstance(block, dict) for block in value):
        raise SlackError("invalid_blocks_format")
    if len(value) > MAX_BLOCKS:
        raise SlackError("invalid_blocks", f"no more than {MAX_BLOCKS} items allowed [json-pointer:/blocks]")
    for index, block in enumerate(value):
        _check_block(block, f"/blocks/{index}", is_call)
    _check_block_ids(value)
    if len(json.dumps(value)) > MAX_TOTAL_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return [dict(block) for block in value]


def _check_block(block: JsonObject, where: str, is_call: Callable[[str], bool]) -> None:
    kind = block.get("type")
    if not isinstance(kind, str) or kind not in _KNOWN_TYPES:
        raise SlackError("invalid_blocks", f"unsupported type: {kind} [json-pointer:{where}/type]")
    _check_required(block, kind, where)
    _check_list(block, kind, where)
    _check_text(block, kind, where)
    if kind == "call" and not is_call(str(block["call_id"])):
        raise SlackError("invalid_blocks", f"invalid call_id [json-pointer:{where}/call_id]")


def _check_required(block: JsonObject, kind: str, where: str) -> None:
    name = _REQUIRED.get(kind)
    if name and not block.get(name):
        raise SlackError("invalid_blocks", f"missing required field: {name} [json-pointer:{where}]")
    if kind == "section" and not (block.get("text") or block.get("fields")):
        raise SlackError("invalid_blocks", f"missing required field: text or fields [json-pointer:{where}]")


def _check_list(block: JsonObject, kind: str, where: str) -> None:
    if kind not in _LIST_LIMITS:
        return
    name, limit = _LIST_LIMITS[kind]
    items = block.get(name, [])
    if not isinstance(items, list):
        raise SlackError("invalid_blocks", f"must provide an array [json-pointer:{where}/{name}]")
    if len(items) > limit:
        raise SlackError("invalid_blocks", f"no more than {limit} items allowed [json-pointer:{where}/{name}]")


def _check_text(block: JsonObject, kind: str, where: str) -> None:
    if kind not in _TEXT_LIMITS or block.get("text") is None:
        return
    text = block["text"]
    if not isinstance(text, dict) or text.get("type") not in _TEXT_KINDS[kind]:
        raise SlackError("invalid_blocks", f"must provide a text object [json-pointer:{where}/text]")
    length = len(str(text.get("text", "")))
    if not 0 < length <= _TEXT_LIMITS[kind]:
        limit = _TEXT_LIMITS[kind]
        raise SlackError("invalid_blocks", f"must be 1 to {limit} characters [json-pointer:{where}/text/text]")


def _check_block_ids(blocks: list[JsonObject]) -> None:
    given = [str(block["block_id"]) for block in blocks if block.get("block_id")]
    if len(set(given)) < len(given):
        raise SlackError("invalid_blocks", "block_id already exists [json-pointer:/blocks]")
    if any(len(block_id) > 255 for block_id in given):
        raise SlackError("invalid_blocks", "must be less than 256 characters [json-pointer:/blocks/block_id]")
