"""What Slack checks of a view: https://docs.slack.dev/reference/views"""

from __future__ import annotations

import json
from collections.abc import Callable

from app.emulator.errors import JsonObject, SlackError, invalid_arguments

MAX_CHARACTERS = 250_000


def checked_view(value: object, is_call: Callable[[str], bool], kinds: tuple[str, ...] = ("modal",)) -> JsonObject:
    """The view if Slack would take it for one of these kinds; else its refusal."""
    if not isinstance(value, dict):
        raise invalid_arguments("must provide an object [json-pointer:/view]")
    if value.get("type") not in kinds:
        raise invalid_arguments("must be a valid view type [json-pointer:/view/type]")
    if not isinstance(value.get("blocks"), list):
        raise invalid_arguments("missing required field: blocks [json-pointer:/view]")
    if len(json.dumps(value)) > MAX_CHARACTERS:
        raise SlackError("view_too_large")
    return dict(value)
