"""What a browser sends of an element, as Slack tells it to the app."""

from __future__ import annotations

from typing import Any

import pytest

from app.emulator import Emulator
from app.emulator.errors import Misused
from app.emulator.page import forms
from app.emulator.page.elements import element_view

ONE = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
TWO = {"text": {"type": "plain_text", "text": "Two"}, "value": "2"}


def block(element: dict[str, Any]) -> dict[str, Any]:
    return {"type": "input", "block_id": "b", "element": {"action_id": "a", **element}}


@pytest.mark.parametrize(
    ("element", "values", "told"),
    [
        ({"type": "plain_text_input"}, ["Hi"], {"value": "Hi"}),
        ({"type": "plain_text_input"}, [], {"value": None}),
        ({"type": "static_select", "options": [ONE, TWO]}, ["2"], {"selected_option": TWO}),
        ({"type": "static_select", "options": [ONE, TWO]}, [], {"selected_option": None}),
        ({"type": "static_select", "option_groups": [{"options": [ONE]}]}, ["1"], {"selected_option": ONE}),
        ({"type": "multi_static_select", "options": [ONE, TWO]}, ["1", "2"], {"selected_options": [ONE, TWO]}),
        ({"type": "checkboxes", "options": [ONE]}, [], {"selected_options": []}),
        ({"type": "radio_buttons", "options": [ONE]}, ["1"], {"selected_option": ONE}),
        ({"type": "users_select"}, ["U0ADA"], {"selected_user": "U0ADA"}),
        ({"type": "multi_users_select"}, ["U0ADA"], {"selected_users": ["U0ADA"]}),
        ({"type": "multi_conversations_select"}, ["C0GENERAL"], {"selected_conversations": ["C0GENERAL"]}),
        ({"type": "datepicker"}, ["2026-11-20"], {"selected_date": "2026-11-20"}),
        ({"type": "datetimepicker"}, ["1795165200"], {"selected_date_time": 1795165200}),
    ],
)
def test_a_state_says_what_was_filled_in(element: dict[str, Any], values: list[str], told: dict[str, Any]) -> None:
    state = forms.state([block(element)], {"b": {"a": values}})
    assert state == {"values": {"b": {"a": {"type": element["type"], **told}}}}


def test_buttons_hold_nothing() -> None:
    button = {"type": "button", "action_id": "go", "text": ONE["text"]}
    assert forms.state([{"type": "actions", "block_id": "b", "elements": [button]}], {}) == {"values": {}}


def test_an_action_says_which_element_it_was() -> None:
    overflow = {"type": "overflow", "action_id": "more", "options": [ONE, TWO]}
    blocks = [{"type": "section", "block_id": "s", "accessory": overflow}]
    assert forms.action(blocks, "s", "more", ["2"]) == {"block_id": "s", "action_id": "more", "selected_option": TWO}


def test_what_is_not_there_cannot_be_used() -> None:
    with pytest.raises(Misused, match="no element"):
        forms.action([], "b", "a", [])
    with pytest.raises(Misused, match="not one of the options"):
        forms.action([block({"type": "static_select", "options": [ONE]})], "b", "a", ["9"])


def test_a_view_is_drawn_with_what_it_holds() -> None:
    [filled] = forms.filled([block({"type": "plain_text_input"})], {"b": {"a": {"type": "x", "value": "Hi"}}})
    assert filled["element"]["initial_value"] == "Hi"


def test_rich_text_is_written_as_plain_text_and_shown_again(emulator: Emulator) -> None:
    said = forms.answer({"type": "rich_text_input"}, ["First\nSecond"])
    [part] = said["rich_text_value"]["elements"]
    assert part == {"type": "rich_text_section", "elements": [{"type": "text", "text": "First\nSecond"}]}
    blocks = [{"type": "input", "block_id": "b", "element": {"type": "rich_text_input", "action_id": "a"}}]
    [block] = forms.filled(blocks, {"b": {"a": said}})
    view = element_view(emulator.workspace(), block["element"])
    assert (view.kind, view.value, view.is_multiline) == ("field", "First\nSecond", True)


def test_a_date_and_time_begins_with_what_the_app_says(emulator: Emulator) -> None:
    view = element_view(emulator.workspace(), {"type": "datetimepicker", "initial_date_time": 1_700_000_000})
    assert (view.value, view.seconds) == ("2023-11-14T22:13", 1_700_000_000)
