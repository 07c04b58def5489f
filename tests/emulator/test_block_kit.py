"""Every type of Block Kit: what is taken, what is refused, where it may stand, and what Slack says to an app."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient

from app.emulator.block_kit.elements import ELEMENTS, IN_ACTIONS, IN_CONTEXT_ACTIONS, IN_INPUT, IN_SECTION
from app.emulator.block_kit.interactive import INTERACTIVE
from app.emulator.block_kit.messages import checked_blocks
from app.emulator.block_kit.views import checked_view
from app.emulator.errors import SlackError
from tests.emulator.slack_side import refusal

Json = dict[str, Any]
OPTION = {"text": {"type": "plain_text", "text": "One"}, "value": "1"}
MENU = {"options": [OPTION]}


def plain(text: str = "Text") -> Json:
    return {"type": "plain_text", "text": text}


LINK = {"type": "link", "url": "https://example.com", "text": "there", "style": {"bold": True}}
RICH = {"type": "rich_text_section", "elements": [{"type": "text", "text": "Hello "}, LINK]}
VIDEO = {
    "type": "video",
    "alt_text": "A film",
    "title": plain(),
    "thumbnail_url": "https://example.com/t.png",
    "video_url": "https://example.com/v",
}
IMAGE = {"type": "image", "image_url": "https://example.com/i.png", "alt_text": "A picture"}
INPUT = {"type": "input", "label": plain(), "element": {"type": "plain_text_input", "action_id": "typed"}}
BUTTON = {"type": "button", "text": plain(), "action_id": "press"}
GOOD_ELEMENTS: list[Json] = [
    {**BUTTON, "style": "primary", "value": "v", "url": "https://example.com", "accessibility_label": "Press"},
    {**BUTTON, "confirm": {"title": plain(), "text": plain(), "confirm": plain(), "deny": plain(), "style": "danger"}},
    {"type": "channels_select", "initial_channel": "C1", "placeholder": plain()},
    {"type": "checkboxes", "options": [OPTION], "initial_options": [OPTION]},
    {"type": "conversations_select", "default_to_current_conversation": True, "filter": {"include": ["public"]}},
    {"type": "datepicker", "initial_date": "2026-11-20"},
    {"type": "datetimepicker", "initial_date_time": 1_700_000_000},
    {"type": "email_text_input"},
    {"type": "external_select", "min_query_length": 0},
    {
        "type": "feedback_buttons",
        "positive_button": {"text": plain(), "value": "+"},
        "negative_button": {"text": plain(), "value": "-"},
    },
    {"type": "file_input", "filetypes": ["png"], "max_files": 2},
    {"type": "icon_button", "icon": "trash", "text": plain()},
    IMAGE,
    {"type": "multi_channels_select"},
    {"type": "multi_conversations_select"},
    {"type": "multi_external_select", "max_selected_items": 3},
    {"type": "multi_static_select", **MENU},
    {"type": "multi_users_select", "initial_users": ["U1"]},
    {"type": "number_input", "is_decimal_allowed": False, "min_value": "1"},
    {"type": "overflow", "options": [{**OPTION, "url": "https://example.com"}]},
    {"type": "plain_text_input", "multiline": True, "min_length": 1, "max_length": 3000},
    {"type": "radio_buttons", "options": [{**OPTION, "text": {"type": "mrkdwn", "text": "*One*"}}]},
    {"type": "rich_text_input"},
    {"type": "static_select", "option_groups": [{"label": plain(), "options": [OPTION]}]},
    {"type": "timepicker", "initial_time": "09:30", "timezone": "Europe/Berlin"},
    {"type": "url_text_input"},
    {"type": "users_select", "initial_user": "U1", "focus_on_load": True},
    {"type": "workflow_button", "text": plain(), "workflow": {"trigger": {"url": "https://example.com"}}},
]


def holding(element: Json) -> Json:
    """A block in which such an element may stand."""
    kind = element["type"]
    if kind in IN_INPUT:
        return {"type": "input", "label": plain(), "element": element}
    if kind in IN_SECTION:
        return {"type": "section", "text": plain(), "accessory": element}
    block = "context_actions" if kind in IN_CONTEXT_ACTIONS else "actions"
    return {"type": block, "elements": [element]}


def modal(*blocks: Any, **more: Any) -> Json:
    return {"type": "modal", "title": plain(), "submit": plain(), "blocks": list(blocks), **more}


def words_only(each: object) -> str:
    """A test is known by the words it expects."""
    return each if isinstance(each, str) else ""


def check(block: Any) -> None:
    checked_blocks([block], {"R1"}.__contains__)


def check_view(view: Any, *kinds: str) -> None:
    checked_view(view, {"R1"}.__contains__, kinds or ("modal", "home"))


def test_the_good_elements_are_all_there_are() -> None:
    assert {element["type"] for element in GOOD_ELEMENTS} == set(ELEMENTS)
    assert set(ELEMENTS) - {"image"} == INTERACTIVE
    assert set(ELEMENTS) == {*IN_ACTIONS, *IN_INPUT, *IN_SECTION, *IN_CONTEXT_ACTIONS}


@pytest.mark.parametrize("element", GOOD_ELEMENTS, ids=lambda element: element["type"])
def test_good_elements_are_taken(element: Json) -> None:
    if element["type"] in IN_CONTEXT_ACTIONS:
        check(holding(element))
    else:
        check_view(modal(holding(element)))


GOOD_BLOCKS: list[Json] = [
    {"type": "actions", "elements": [BUTTON, {**BUTTON, "action_id": "other"}]},
    {"type": "call", "call_id": "R1"},
    {"type": "context", "elements": [plain(), {"type": "mrkdwn", "text": "*x*", "verbatim": True}, IMAGE]},
    {"type": "divider", "block_id": "line"},
    {"type": "file", "external_id": "f", "source": "remote"},
    {"type": "header", "text": {**plain(), "emoji": True}},
    {**IMAGE, "title": plain()},
    {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "A picture"},
    {**INPUT, "hint": plain(), "optional": True, "dispatch_action": False},
    {"type": "markdown", "text": "**Hello**"},
    {"type": "rich_text", "elements": [RICH, {"type": "rich_text_list", "style": "bullet", "elements": [RICH]}]},
    {"type": "section", "text": plain(), "fields": [plain()], "accessory": BUTTON, "expand": True},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]], "column_settings": [{"align": "left"}]},
    VIDEO,
]


@pytest.mark.parametrize("block", GOOD_BLOCKS, ids=lambda block: block["type"])
def test_good_blocks_are_taken(block: Json) -> None:
    check(block)


BAD_BLOCKS: list[tuple[Any, str, str]] = [
    ({"type": "carousel_of_dreams"}, "unsupported type: carousel_of_dreams", "/type"),
    ({"type": "divider", "colour": "red"}, "invalid additional property: colour", ""),
    ({"type": "header"}, "missing required field: text", ""),
    ({"type": "header", "text": {"type": "plain_text"}}, "missing required field: text", "/text"),
    ({"type": "header", "text": plain("")}, "must be more than 0 characters", "/text/text"),
    ({"type": "header", "text": {**plain(), "verbatim": True}}, "invalid additional property: verbatim", "/text"),
    ({"type": "header", "text": {**plain(), "emoji": "yes"}}, "must provide a boolean", "/text/emoji"),
    ({"type": "header", "text": {"type": "plain_text", "text": 5}}, "must provide a string", "/text/text"),
    ({"type": "image", "alt_text": "A"}, "missing required field: image_url or slack_file", ""),
    ({**IMAGE, "slack_file": {"id": "F1"}}, "only one of these is allowed: image_url or slack_file", ""),
    ({**IMAGE, "image_url": "picture.png"}, "must be a valid URL", "/image_url"),
    (
        {"type": "section", "text": plain(), "accessory": {"type": "slider"}},
        "unsupported type: slider",
        "/accessory/type",
    ),
    ({"type": "section", "text": plain(), "accessory": "button"}, "must provide an object", "/accessory"),
    ({"type": "section", "fields": [plain("x" * 2001)]}, "must be less than 2001 characters", "/fields/0/text"),
    ({"type": "section", "fields": []}, "no less than 1 items allowed", "/fields"),
    ({"type": "context", "elements": [BUTTON]}, "unsupported type: button", "/elements/0/type"),
    ({"type": "actions", "elements": [IMAGE]}, "unsupported type: image", "/elements/0/type"),
    ({"type": "actions", "elements": [BUTTON, BUTTON]}, "action_id already exists: press", ""),
    ({"type": "input", "label": plain(), "element": BUTTON}, "unsupported type: button", "/element/type"),
    ({"type": "input", "label": plain()}, "missing required field: element", ""),
    (
        {"type": "input", "label": plain(), "element": {"type": "file_input"}},
        "unsupported type: file_input",
        "/element/type",
    ),
    (
        {"type": "input", "label": plain(), "element": {"type": "number_input"}},
        "missing required field: is_decimal_allowed",
        "/element",
    ),
    ({"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters", "/text"),
    ({"type": "rich_text", "elements": [{"type": "paragraph"}]}, "unsupported type: paragraph", "/elements/0/type"),
    (
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text"}]}]},
        "missing required field: text",
        "/elements/0/elements/0",
    ),
    ({"type": "table", "rows": [["cell"]]}, "must provide an object", "/rows/0/0"),
    ({**VIDEO, "video_url": None}, "missing required field: video_url", ""),
]


@pytest.mark.parametrize(
    ("block", "words", "place"), BAD_BLOCKS, ids=lambda each: each if isinstance(each, str) else ""
)
def test_bad_blocks_are_refused_with_words_and_place(block: Any, words: str, place: str) -> None:
    with pytest.raises(SlackError, match="invalid_blocks") as refused:
        check(block)
    assert f"{words} [json-pointer:/blocks/0{place}]" in refused.value.messages


BAD_ELEMENTS: list[tuple[Json, str, str]] = [
    ({**BUTTON, "action_id": "x" * 256}, "must be less than 256 characters", "/action_id"),
    ({**BUTTON, "style": "pink"}, "value must be one of: primary, danger", "/style"),
    ({**BUTTON, "text": plain("x" * 76)}, "must be less than 76 characters", "/text/text"),
    ({**BUTTON, "confirm": {}}, "missing required field: title", "/confirm"),
    ({"type": "overflow", "options": [OPTION] * 6}, "no more than 5 items allowed", "/options"),
    ({"type": "static_select"}, "missing required field: options or option_groups", ""),
    ({"type": "static_select", "options": [OPTION] * 101}, "no more than 100 items allowed", "/options"),
    ({"type": "static_select", "options": [{"text": plain()}]}, "missing required field: value", "/options/0"),
    ({"type": "datepicker", "initial_date": "20.11.2026"}, "must be a date in the format YYYY-MM-DD", "/initial_date"),
    ({"type": "timepicker", "initial_time": "25:00"}, "must be a time in the format HH:mm", "/initial_time"),
    ({"type": "multi_users_select", "max_selected_items": 0}, "must be between 1 and 1000", "/max_selected_items"),
    ({"type": "multi_users_select", "max_selected_items": True}, "must provide an integer", "/max_selected_items"),
]


@pytest.mark.parametrize(("element", "words", "place"), BAD_ELEMENTS, ids=words_only)
def test_bad_elements_are_refused_with_words_and_place(element: Json, words: str, place: str) -> None:
    with pytest.raises(SlackError, match="invalid_blocks") as refused:
        check({"type": "actions", "elements": [element]})
    assert f"{words} [json-pointer:/blocks/0/elements/0{place}]" in refused.value.messages


BAD_VIEWS: list[tuple[Any, str]] = [
    (None, "must provide an object [json-pointer:/view]"),
    ({"type": "dialog"}, "unsupported type: dialog [json-pointer:/view/type]"),
    ({"type": "modal", "blocks": []}, "missing required field: title [json-pointer:/view]"),
    ({"type": "modal", "title": plain()}, "missing required field: blocks [json-pointer:/view]"),
    (modal(title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
    (modal(title="Title"), "must provide a text object of type plain_text [json-pointer:/view/title]"),
    (modal(blocks={}), "must provide an array [json-pointer:/view/blocks]"),
    (modal("divider"), "must provide an object [json-pointer:/view/blocks/0]"),
    (modal(INPUT, submit=None), "missing required field: submit [json-pointer:/view]"),
    (modal(private_metadata="x" * 3001), "must be less than 3001 characters [json-pointer:/view/private_metadata]"),
    (modal(callback_id="x" * 256), "must be less than 256 characters [json-pointer:/view/callback_id]"),
    (modal(clear_on_close="yes"), "must provide a boolean [json-pointer:/view/clear_on_close]"),
    (modal(colour="red"), "invalid additional property: colour [json-pointer:/view]"),
    (modal(*[{"type": "divider"}] * 101), "no more than 100 items allowed [json-pointer:/view/blocks]"),
    (modal({"type": "call", "call_id": "R1"}), "unsupported type: call [json-pointer:/view/blocks/0/type]"),
    (modal({"type": "table", "rows": []}), "unsupported type: table [json-pointer:/view/blocks/0/type]"),
    (
        modal({"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}),
        "block_id already exists: b [json-pointer:/view/blocks/1/block_id]",
    ),
    ({"type": "home", "blocks": [], "title": plain()}, "invalid additional property: title [json-pointer:/view]"),
    (
        {"type": "home", "blocks": [{**INPUT, "element": {"type": "file_input"}}]},
        "unsupported type: file_input [json-pointer:/view/blocks/0/element/type]",
    ),
]


@pytest.mark.parametrize(("view", "message"), BAD_VIEWS, ids=words_only)
def test_bad_views_are_refused_with_words_and_place(view: Any, message: str) -> None:
    with pytest.raises(SlackError, match="invalid_arguments") as refused:
        check_view(view)
    assert message in refused.value.messages


def test_a_view_has_a_size() -> None:
    long = {"type": "section", "text": plain("x" * 2900)}
    with pytest.raises(SlackError, match="view_too_large"):
        check_view(modal(*[long] * 90))


def test_an_app_hears_all_that_is_wrong_in_slacks_form(client: WebClient) -> None:
    blocks = [{"type": "header"}, {"type": "divider", "colour": "red"}]
    body = refusal(lambda: client.chat_postMessage(channel="C0GENERAL", text="Hi", blocks=blocks))
    assert (body["error"], body["response_metadata"]["messages"]) == (
        "invalid_blocks",
        [
            "[ERROR] missing required field: text [json-pointer:/blocks/0]",
            "[ERROR] invalid additional property: colour [json-pointer:/blocks/1]",
        ],
    )


def test_the_blocks_of_attachments_are_checked_too(client: WebClient) -> None:
    attachments = [{"blocks": [{"type": "huddle"}]}]
    body = refusal(lambda: client.chat_postMessage(channel="C0GENERAL", text="Hi", attachments=attachments))
    assert body["error"] == "invalid_blocks"
    assert body["response_metadata"]["messages"][0].endswith("[json-pointer:/attachments/0/blocks/0/type]")


def test_elements_without_an_action_id_get_one(client: WebClient) -> None:
    blocks = [{"type": "actions", "elements": [{"type": "button", "text": plain()}]}]
    message = client.chat_postMessage(channel="C0GENERAL", text="Hi", blocks=blocks)["message"]
    assert message["blocks"][0]["elements"][0]["action_id"]
