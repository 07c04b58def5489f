"""Blocks of Block Kit, as Slack wants them."""

from __future__ import annotations

from typing import Any

from slack_sdk.models.blocks import CallBlock, MarkdownTextObject, SectionBlock

Blocks = list[dict[str, Any]]


def call_blocks(slack_call_id: str) -> Blocks:
    """The card. Slack fills it in and keeps it up to date; we only name the call."""
    return [CallBlock(call_id=slack_call_id).to_dict()]


def paragraph(mrkdwn: str) -> SectionBlock:
    """Some text in mrkdwn."""
    return SectionBlock(text=MarkdownTextObject(text=mrkdwn))
