"""The parts of Block Kit that people act on: where they stand in a block, and what they say when acted on.

Elements: https://docs.slack.dev/reference/block-kit/block-elements
"""

from __future__ import annotations

from collections.abc import Iterator

from app.emulator.errors import JsonObject
from app.emulator.ids import Ids

_VALUE_KEYS = {
    "channels_select": "selected_channel",
    "checkboxes": "selected_options",
    "conversations_select": "selected_conversation",
    "datepicker": "selected_date",
    "datetimepicker": "selected_date_time",
    "email_text_input": "value",
    "external_select": "selected_option",
    "feedback_buttons": "value",
    "file_input": "files",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
    "multi_external_select": "selected_options",
    "multi_static_select": "selected_options",
    "multi_users_select": "selected_users",
    "number_input": "value",
    "overflow": "selected_option",
    "plain_text_input": "value",
    "radio_buttons": "selected_option",
    "rich_text_input": "rich_text_value",
    "static_select": "selected_option",
    "timepicker": "selected_time",
    "url_text_input": "value",
    "users_select": "selected_user",
}
_PRESSED = {"button", "icon_button", "workflow_button"}
_WITHOUT_STATE = {"button", "feedback_buttons", "icon_button", "overflow", "workflow_button"}
INTERACTIVE = {*_VALUE_KEYS, *_PRESSED}
"""The types of element that carry an `action_id`."""


def value_key(kind: str) -> str:
    """Under which name an element of this type reports what was chosen or typed."""
    return _VALUE_KEYS.get(kind, "value")


def elements_of(block: JsonObject) -> Iterator[JsonObject]:
    """The interactive elements of one block, wherever they stand in it."""
    listed = block.get("elements")
    candidates = [block.get("accessory"), block.get("element"), *(listed if isinstance(listed, list) else [])]
    for each in candidates:
        if _is_interactive(each):
            yield each


def _is_interactive(part: object) -> bool:
    """Whether people can act on a part of a block; whatever it is, it may not have been checked yet."""
    kind = part.get("type") if isinstance(part, dict) else None
    return isinstance(kind, str) and kind in INTERACTIVE


def find_element(
    blocks: list[JsonObject], action_id: str, block_id: str | None = None
) -> tuple[JsonObject, str] | None:
    """The element with this action id, and its block's id; without a block id the first one."""
    for block in blocks:
        if block_id not in (None, block.get("block_id")):
            continue
        for element in elements_of(block):
            if element.get("action_id") == action_id:
                return element, str(block["block_id"])
    return None


def with_ids(blocks: list[JsonObject], ids: Ids) -> list[JsonObject]:
    """The blocks as Slack keeps them: each block with a `block_id`, each interactive element with an `action_id`."""
    return [_with_action_ids(block, ids) | {"block_id": block.get("block_id") or ids.block_id()} for block in blocks]


def _with_action_ids(block: JsonObject, ids: Ids) -> JsonObject:
    def finished(part: object) -> object:
        if isinstance(part, dict) and _is_interactive(part) and not part.get("action_id"):
            return part | {"action_id": ids.block_id()}
        return part

    block = {name: finished(part) for name, part in block.items()}
    if isinstance(block.get("elements"), list):
        block["elements"] = [finished(each) for each in block["elements"]]
    return block


def initial_values(blocks: list[JsonObject]) -> JsonObject:
    """What the inputs of some blocks say before anybody touches them: the `values` of a view's or message's state."""
    values: JsonObject = {}
    for block in blocks:
        for element in elements_of(block):
            if element["type"] not in _WITHOUT_STATE:
                values.setdefault(str(block["block_id"]), {})[str(element["action_id"])] = _initial(element)
    return values


def _initial(element: JsonObject) -> JsonObject:
    key = value_key(element["type"])
    initial = element.get("initial_" + key.removeprefix("selected_").removesuffix("_value"))
    if key == "rich_text_value":
        initial = element.get("initial_value")
    return {"type": element["type"], key: ([] if initial is None and key in _LISTS else initial)}


_LISTS = {"selected_options", "selected_users", "selected_channels", "selected_conversations", "files"}


def missing_inputs(blocks: list[JsonObject], values: JsonObject) -> list[str]:
    """The block ids of the inputs that must be filled in and are not."""
    return [
        str(block["block_id"])
        for block in blocks
        if block.get("type") == "input" and not block.get("optional") and not _is_filled(block, values)
    ]


def _is_filled(block: JsonObject, values: JsonObject) -> bool:
    element = block["element"]
    given = values.get(block["block_id"], {}).get(element["action_id"], {})
    return given.get(value_key(element["type"])) not in (None, "", [])
