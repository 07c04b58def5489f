"""The elements of Block Kit and their fields: https://docs.slack.dev/reference/block-kit/block-elements"""

from __future__ import annotations

from collections.abc import Mapping

from app.emulator.block_kit.objects import (
    ANY_TEXT,
    CONFIRM,
    DATE,
    DISPATCH,
    FILTER,
    SLACK_FILE,
    TIME,
    WORKFLOW,
    group,
    option,
    text,
)
from app.emulator.block_kit.rules import Rule, Shape, anything, boolean, items, one_of, string, url, whole

_ACTION: Mapping[str, Rule] = {"action_id": string(255)}
_FOCUS: Mapping[str, Rule] = {**_ACTION, "focus_on_load": boolean}
_MENU: Mapping[str, Rule] = {**_FOCUS, "placeholder": text(150), "confirm": CONFIRM.check}
_MANY: Mapping[str, Rule] = {**_MENU, "max_selected_items": whole(1, 1000)}
_STATIC: Mapping[str, Rule] = {
    "options": items(option(), most=100),
    "option_groups": items(group, most=100),
}
_TYPED: Mapping[str, Rule] = {**_FOCUS, "placeholder": text(150), "dispatch_action_config": DISPATCH.check}
_ID = string(255)
_IDS = items(_ID, most=1000, least=0)
_LAST_SECOND = 9_999_999_999

_FEEDBACK = Shape({"text": text(75), "value": string(2000)}, {"accessibility_label": string(75)})

ELEMENTS: Mapping[str, Shape] = {
    "button": Shape(
        {"text": text(75)},
        {
            **_ACTION,
            "url": url(),
            "value": string(2000, least=0),
            "style": one_of("primary", "danger"),
            "confirm": CONFIRM.check,
            "accessibility_label": string(75),
        },
    ),
    "channels_select": Shape(optional={**_MENU, "initial_channel": _ID, "response_url_enabled": boolean}),
    "checkboxes": Shape(
        {"options": items(option(ANY_TEXT), most=10)},
        {**_FOCUS, "initial_options": items(option(ANY_TEXT), most=10), "confirm": CONFIRM.check},
    ),
    "conversations_select": Shape(
        optional={
            **_MENU,
            "initial_conversation": _ID,
            "default_to_current_conversation": boolean,
            "response_url_enabled": boolean,
            "filter": FILTER.check,
        }
    ),
    "datepicker": Shape(optional={**_MENU, "initial_date": DATE}),
    "datetimepicker": Shape(
        optional={**_FOCUS, "initial_date_time": whole(1_000_000_000, _LAST_SECOND), "confirm": CONFIRM.check}
    ),
    "email_text_input": Shape(optional={**_TYPED, "initial_value": string()}),
    "external_select": Shape(
        optional={**_MENU, "initial_option": option(), "min_query_length": whole(0, 1000)},
    ),
    "feedback_buttons": Shape({"positive_button": _FEEDBACK.check, "negative_button": _FEEDBACK.check}, _ACTION),
    "file_input": Shape(optional={**_ACTION, "filetypes": items(string(20), most=100), "max_files": whole(1, 10)}),
    "icon_button": Shape(
        {"icon": one_of("trash"), "text": text(75)},
        {
            **_ACTION,
            "value": string(2000),
            "confirm": CONFIRM.check,
            "accessibility_label": string(75),
            "visible_to_user_ids": _IDS,
        },
    ),
    "image": Shape(
        {"alt_text": string(2000)},
        {"image_url": url(web=True), "slack_file": SLACK_FILE.check},
        either=("image_url", "slack_file"),
    ),
    "multi_channels_select": Shape(optional={**_MANY, "initial_channels": _IDS}),
    "multi_conversations_select": Shape(
        optional={
            **_MANY,
            "initial_conversations": _IDS,
            "default_to_current_conversation": boolean,
            "filter": FILTER.check,
        }
    ),
    "multi_external_select": Shape(
        optional={**_MANY, "initial_options": items(option(), most=100), "min_query_length": whole(0, 1000)}
    ),
    "multi_static_select": Shape(
        optional={**_MANY, **_STATIC, "initial_options": items(option(), most=100)},
        either=("options", "option_groups"),
    ),
    "multi_users_select": Shape(optional={**_MANY, "initial_users": _IDS}),
    "number_input": Shape(
        {"is_decimal_allowed": boolean},
        {**_TYPED, "initial_value": string(), "min_value": string(), "max_value": string()},
    ),
    "overflow": Shape(
        {"options": items(option(linked=True), most=5)},
        {**_ACTION, "confirm": CONFIRM.check},
    ),
    "plain_text_input": Shape(
        optional={
            **_TYPED,
            "initial_value": string(3000, least=0),
            "multiline": boolean,
            "min_length": whole(0, 3000),
            "max_length": whole(1, 3000),
        }
    ),
    "radio_buttons": Shape(
        {"options": items(option(ANY_TEXT), most=10)},
        {**_FOCUS, "initial_option": option(ANY_TEXT), "confirm": CONFIRM.check},
    ),
    "rich_text_input": Shape(optional={**_TYPED, "initial_value": anything}),
    "static_select": Shape(
        optional={**_MENU, **_STATIC, "initial_option": option()}, either=("options", "option_groups")
    ),
    "timepicker": Shape(optional={**_MENU, "initial_time": TIME, "timezone": string(100)}),
    "url_text_input": Shape(optional={**_TYPED, "initial_value": string()}),
    "users_select": Shape(optional={**_MENU, "initial_user": _ID}),
    "workflow_button": Shape(
        {"text": text(75), "workflow": WORKFLOW.check},
        {**_ACTION, "style": one_of("primary", "danger"), "accessibility_label": string(75)},
    ),
}

_SELECTS = tuple(f"{kind}_select" for kind in ("channels", "conversations", "external", "static", "users"))
_MULTI_SELECTS = tuple(f"multi_{kind}" for kind in _SELECTS)
_CHOICES = ("checkboxes", "radio_buttons", "datepicker", "timepicker", *_SELECTS, *_MULTI_SELECTS)
_INPUTS = ("email_text_input", "number_input", "plain_text_input", "rich_text_input", "url_text_input")

IN_ACTIONS = ("button", "datetimepicker", "overflow", "workflow_button", "rich_text_input", *_CHOICES)
IN_SECTION = ("button", "image", "overflow", "workflow_button", *_CHOICES)
IN_INPUT = ("datetimepicker", "file_input", *_CHOICES, *_INPUTS)
IN_CONTEXT_ACTIONS = ("feedback_buttons", "icon_button")
