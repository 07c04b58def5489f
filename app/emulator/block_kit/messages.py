"""What Slack checks of the `blocks` of a message, and the errors it answers with."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice

from app.emulator.block_kit.blocks import complaints_about
from app.emulator.block_kit.rules import Scene
from app.emulator.errors import JsonObject, SlackError

MAX_TOTAL_CHARACTERS = 13_200
"""Not documented; about this size is where `msg_blocks_too_long` was seen."""

MOST_COMPLAINTS = 20


def checked_blocks(value: object, is_call: Callable[[str], bool], where: str = "/blocks") -> list[JsonObject]:
    """The blocks if Slack would take them; else `invalid_blocks` and its siblings, with the places."""
    if not isinstance(value, list) or not all(isinstance(block, dict) for block in value):
        raise SlackError("invalid_blocks_format")
    complaints = list(islice(complaints_about(value, where, Scene("message", is_call)), MOST_COMPLAINTS))
    if complaints:
        raise SlackError("invalid_blocks", *complaints)
    if len(json.dumps(value)) > MAX_TOTAL_CHARACTERS:
        raise SlackError("msg_blocks_too_long")
    return [dict(block) for block in value]
