"""What a browser sends about an element, turned into what Slack tells the app about it.

Payloads: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from app.emulator.errors import JsonObject, Misused
from app.emulator.page.elements import all_options, rich_text_of

Given = Mapping[str, Mapping[str, Sequence[str]]]
"""The values of each element, by block_id and action_id."""

_SINGLE = {
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
}
_PRESSED = {"button", "workflow_button"}
_STATELESS = {*_PRESSED, "overflow", "image"}
_TEXTS = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}


def action(blocks: list[JsonObject], block_id: str, action_id: str, values: Sequence[str]) -> JsonObject:
    """What somebody did to an element, as an entry of `actions` says it."""
    element = find_element(blocks, block_id, action_id)
    return {"action_id": action_id, "block_id": block_id} | answer(element, values)


def state(blocks: list[JsonObject], given: Given) -> JsonObject:
    """The `state` of a view: the answer of every element that holds one."""
    values: dict[str, JsonObject] = {}
    for block_id, element in _holding(blocks):
        action_id = element["action_id"]
        said = given.get(block_id, {}).get(action_id, [])
        values.setdefault(block_id, {})[action_id] = {"type": element["type"]} | answer(element, said)
    return {"values": values}


def find_element(blocks: list[JsonObject], block_id: str, action_id: str) -> JsonObject:
    """The element with these ids; Misused if there is none."""
    for block, element in _elements(blocks):
        if block == block_id and element.get("action_id") == action_id:
            return element
    raise Misused(f"there is no element {action_id!r} in a block {block_id!r}")


def answer(element: JsonObject, values: Sequence[str]) -> JsonObject:
    """The part of an action or a state that says what was chosen or written."""
    kind = str(element["type"])
    first = values[0] if values and values[0] else None
    if kind in _PRESSED:
        return {"text": element["text"]} | ({"value": element["value"]} if "value" in element else {})
    if kind in _TEXTS:
        return {"value": first}
    if kind in _SINGLE:
        return {_SINGLE[kind]: first}
    if kind == "rich_text_input":
        return {"rich_text_value": rich_text_of(first) if first else None}
    if kind == "datetimepicker":
        return {"selected_date_time": int(first) if first else None}
    return _chosen(kind, element, [value for value in values if value])


def filled(blocks: list[JsonObject], values: Mapping[str, Mapping[str, JsonObject]]) -> list[JsonObject]:
    """Blocks whose elements begin with what they hold by now, so that they are drawn with it."""
    return [_filled_block(block, values.get(block.get("block_id", ""), {})) for block in blocks]


def _filled_block(block: JsonObject, held: Mapping[str, JsonObject]) -> JsonObject:
    places = {name: block[name] for name in ("element", "accessory") if isinstance(block.get(name), dict)}
    filled_in: JsonObject = {name: _filled_element(element, held) for name, element in places.items()}
    if block.get("type") == "actions":
        filled_in["elements"] = [_filled_element(element, held) for element in block["elements"]]
    return block | filled_in


def _filled_element(element: JsonObject, held: Mapping[str, JsonObject]) -> JsonObject:
    now = held.get(element.get("action_id", ""), {})
    named = {"initial_" + key.removeprefix("selected_"): value for key, value in now.items() if key != "type"}
    return element | {key: value for key, value in named.items() if value is not None}


def _chosen(kind: str, element: JsonObject, values: list[str]) -> JsonObject:
    one = kind.removeprefix("multi_")
    if kind.startswith("multi_") and one in _SINGLE:
        return {_SINGLE[one] + "s": values}
    options = [_option(element, value) for value in values]
    if kind.startswith("multi_") or kind == "checkboxes":
        return {"selected_options": options}
    return {"selected_option": options[0] if options else None}


def _option(element: JsonObject, value: str) -> JsonObject:
    """The whole option, which is what Slack sends; a remote one is only known by its value here."""
    known = next((each for each in all_options(element) if each.get("value") == value), None)
    if known is None and not element["type"].endswith("external_select"):
        raise Misused(f"{value!r} is not one of the options")
    return known or {"text": {"type": "plain_text", "text": value}, "value": value}


def _holding(blocks: list[JsonObject]) -> Iterator[tuple[str, JsonObject]]:
    return ((block_id, element) for block_id, element in _elements(blocks) if element["type"] not in _STATELESS)


def _elements(blocks: list[JsonObject]) -> Iterator[tuple[str, JsonObject]]:
    for block in blocks:
        inside = [block.get("element"), block.get("accessory"), *(block.get("elements") or [])]
        for element in inside:
            if isinstance(element, dict) and element.get("action_id"):
                yield block["block_id"], element
