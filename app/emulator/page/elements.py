"""Interactive elements of Block Kit as a page draws them: buttons, menus, fields.

Reference: https://docs.slack.dev/reference/block-kit/block-elements
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

from app.emulator.errors import JsonObject
from app.emulator.page.faces import cast
from app.emulator.workspace import Workspace

_FIELDS = {
    "plain_text_input": "text",
    "email_text_input": "email",
    "url_text_input": "url",
    "number_input": "number",
    "datepicker": "date",
    "timepicker": "time",
    "datetimepicker": "datetime-local",
    "rich_text_input": "text",
}
_INITIAL = ("initial_value", "initial_date", "initial_time", "initial_user", "initial_channel", "initial_conversation")
_CHOOSERS = {"checkboxes": "checkboxes", "radio_buttons": "radios", "overflow": "overflow"}


@dataclass(frozen=True)
class OptionView:
    """One of the things to choose."""

    value: str
    label: str
    description: str = ""
    is_chosen: bool = False
    url: str | None = None


@dataclass(frozen=True)
class ElementView:
    """An element. `kind` is how it is drawn: button, overflow, select, checkboxes, radios, field, image or unknown."""

    kind: str
    type: str
    action_id: str = ""
    label: str = ""
    value: str = ""
    style: str = ""
    url: str | None = None
    placeholder: str = ""
    input_type: str = "text"
    is_multiline: bool = False
    is_multiple: bool = False
    is_remote: bool = False
    options: list[OptionView] = field(default_factory=list)
    question: str = ""
    seconds: int | None = None


def plain(text: Any) -> str:
    """The words of a text object, or of a bare string."""
    return str(text.get("text", "")) if isinstance(text, dict) else str(text or "")


def element_view(workspace: Workspace, element: JsonObject) -> ElementView:
    """The view of any element; one of a type that is not known says so."""
    kind = str(element.get("type", ""))
    if kind in {"button", "workflow_button"}:
        return _button(element)
    if kind == "image":
        return ElementView("image", kind, label=str(element.get("alt_text", "")))
    if kind in _FIELDS:
        return replace(_field(element), **_READ[kind](element)) if kind in _READ else _field(element)
    if kind in _CHOOSERS or kind.removeprefix("multi_").endswith("_select"):
        return _chooser(workspace, element)
    return ElementView("unknown", kind)


def _button(element: JsonObject) -> ElementView:
    return ElementView(
        "button",
        "button",
        element.get("action_id", ""),
        plain(element.get("text")),
        str(element.get("value", "")),
        str(element.get("style", "")),
        _web_address(element.get("url")),
        question=_question(element),
    )


def _field(element: JsonObject) -> ElementView:
    initial = next((str(element[name]) for name in _INITIAL if name in element), "")
    return ElementView(
        "field",
        element["type"],
        element.get("action_id", ""),
        value=initial,
        placeholder=plain(element.get("placeholder")),
        input_type=_FIELDS[element["type"]],
        is_multiline=bool(element.get("multiline")),
    )


def _picked_time(element: JsonObject) -> dict[str, Any]:
    """In UTC, which the browser turns into the reader's own time by the seconds beside it."""
    seconds = element.get("initial_date_time")
    if seconds is None:
        return {}
    return {"value": f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M}", "seconds": int(seconds)}


def _rich_words(element: JsonObject) -> dict[str, Any]:
    """Rich text is written here as plain text."""
    held = element.get("initial_rich_text_value") or element.get("initial_value")
    return {"value": words_of(held), "is_multiline": True}


_READ: Mapping[str, Callable[[JsonObject], dict[str, Any]]] = {
    "datetimepicker": _picked_time,
    "rich_text_input": _rich_words,
}


def rich_text_of(words: str) -> JsonObject:
    """Plain text as the rich text that an input of it reports."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": words}]}
    return {"type": "rich_text", "elements": [section]}


def words_of(rich_text: Any) -> str:
    """The words in rich text, without what makes them rich; a line for each part."""
    if not isinstance(rich_text, dict):
        return ""
    if not isinstance(rich_text.get("elements"), list):
        return str(rich_text.get("text") or rich_text.get("url") or "")
    between = "" if rich_text.get("type") == "rich_text_section" else "\n"
    return between.join(words_of(each) for each in rich_text["elements"])


def _chooser(workspace: Workspace, element: JsonObject) -> ElementView:
    kind = element["type"]
    return ElementView(
        _CHOOSERS.get(kind, "select"),
        kind,
        element.get("action_id", ""),
        placeholder=plain(element.get("placeholder")),
        is_multiple=kind.startswith("multi_"),
        is_remote=kind.endswith("external_select"),
        options=_options(workspace, element),
        question=_question(element),
    )


def _options(workspace: Workspace, element: JsonObject) -> list[OptionView]:
    kind, chosen = element["type"], _chosen(element)
    if "users_select" in kind:
        return [OptionView(user.id, user.real_name, is_chosen=user.id in chosen) for user in cast(workspace)]
    if "conversations_select" in kind or "channels_select" in kind:
        named = [each for each in workspace.channels.values() if each.kind in ("public", "private")]
        return [OptionView(each.id, f"#{each.name}", is_chosen=each.id in chosen) for each in named]
    return [_option(each, chosen) for each in all_options(element)]


def all_options(element: JsonObject) -> list[JsonObject]:
    """The options of an element, also those in groups and those that are chosen at first."""
    grouped = [each for group in element.get("option_groups") or [] for each in group.get("options", [])]
    listed = [*(element.get("options") or []), *grouped]
    return listed or element.get("initial_options") or [element.get("initial_option", {})]


def _chosen(element: JsonObject) -> set[str]:
    options = [element.get("initial_option") or {}, *(element.get("initial_options") or [])]
    ids = [str(element[name]) for name in _INITIAL if name in element]
    lists = [each for name in ("users", "channels", "conversations") for each in element.get(f"initial_{name}") or []]
    return {str(option.get("value", "")) for option in options if option} | set(ids) | set(lists)


def _option(option: JsonObject, chosen: set[str]) -> OptionView:
    value = str(option.get("value", ""))
    description = plain(option.get("description"))
    return OptionView(value, plain(option.get("text")), description, value in chosen, _web_address(option.get("url")))


def _question(element: JsonObject) -> str:
    confirm = element.get("confirm")
    return f"{plain(confirm.get('title'))}\n{plain(confirm.get('text'))}" if isinstance(confirm, dict) else ""


def _web_address(url: object) -> str | None:
    return url if isinstance(url, str) and url.startswith(("http://", "https://")) else None


def lines(text: str) -> Markup:
    """Plain text as HTML that keeps its line breaks."""
    return Markup("<br>").join(escape(line) for line in text.split("\n"))
