"""What the emulator refuses in the blocks of a message, as Slack does."""

from __future__ import annotations

from typing import Any

import pytest

from app.emulator.block_kit.messages import checked_blocks
from app.emulator.errors import SlackError

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "Hello"}}
BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Press"}, "action_id": "press"}


def check(*blocks: object) -> list[dict[str, Any]]:
    return checked_blocks(list(blocks), {"R1"}.__contains__)


@pytest.mark.parametrize(
    "block",
    [
        SECTION,
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "Hello"}]},
        {"type": "divider"},
        {"type": "header", "text": {"type": "plain_text", "text": "Calls"}},
        {"type": "actions", "elements": [BUTTON]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "Hello"}]},
        {"type": "call", "call_id": "R1"},
    ],
)
def test_good_blocks_are_taken_as_they_are(block: dict[str, Any]) -> None:
    assert check(block) == [block]


@pytest.mark.parametrize(
    ("block", "place"),
    [
        ({"type": "call", "call_id": "R2"}, "/blocks/0/call_id"),
        ({"type": "call"}, "/blocks/0"),
        ({"type": "huddle"}, "/blocks/0/type"),
        ({"type": ["section"]}, "/blocks/0/type"),
        ({}, "/blocks/0/type"),
        ({"type": "section"}, "/blocks/0"),
        ({"type": "section", "text": "Hello"}, "/blocks/0/text"),
        ({"type": "section", "text": {"type": "mrkdwn", "text": ""}}, "/blocks/0/text/text"),
        ({"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}, "/blocks/0/text/text"),
        ({"type": "section", "fields": [{}] * 11}, "/blocks/0/fields"),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "Calls"}}, "/blocks/0/text"),
        ({"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}, "/blocks/0/text/text"),
        ({"type": "actions", "elements": []}, "/blocks/0/elements"),
        ({"type": "actions", "elements": [BUTTON] * 26}, "/blocks/0/elements"),
        ({"type": "context", "elements": "Hello"}, "/blocks/0/elements"),
        ({**SECTION, "block_id": "x" * 256}, "/blocks/0/block_id"),
    ],
)
def test_a_bad_block_is_refused_with_its_place(block: dict[str, Any], place: str) -> None:
    with pytest.raises(SlackError, match="invalid_blocks") as refused:
        check(block)
    assert refused.value.messages[0].endswith(f"[json-pointer:{place}]")


def test_two_blocks_need_two_ids() -> None:
    with pytest.raises(SlackError, match="invalid_blocks"):
        check({**SECTION, "block_id": "same"}, {**SECTION, "block_id": "same"})


def test_fifty_blocks_are_enough() -> None:
    assert len(check(*[SECTION] * 50)) == 50
    with pytest.raises(SlackError, match="invalid_blocks"):
        check(*[SECTION] * 51)


def test_all_blocks_together_have_a_size() -> None:
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}
    assert len(check(*[long] * 4)) == 4
    with pytest.raises(SlackError, match="msg_blocks_too_long"):
        check(*[long] * 5)


@pytest.mark.parametrize("blocks", [None, "text", {}, [SECTION, "text"]])
def test_blocks_are_a_list_of_objects(blocks: object) -> None:
    with pytest.raises(SlackError, match="invalid_blocks_format"):
        checked_blocks(blocks, {"R1"}.__contains__)
