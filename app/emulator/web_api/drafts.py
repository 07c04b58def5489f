"""From arguments to a message: the same for chat.*, response URLs and answers to commands."""

from __future__ import annotations

import re
from typing import Any

from app.emulator.block_kit.messages import checked_blocks
from app.emulator.errors import JsonObject, SlackError
from app.emulator.messages import Draft
from app.emulator.web_api.context import Arguments
from app.emulator.workspace import Workspace

_TS = re.compile(r"\d{1,12}\.\d{6}")


def read_draft(args: Arguments, workspace: Workspace) -> Draft:
    """What a message is to say, with everything in it checked; it may still be empty."""
    blocks = args.array_or_text("blocks") if args.has("blocks") else []
    return Draft(
        text=args.text("text") or "",
        blocks=checked_blocks(blocks, workspace.calls.__contains__),
        attachments=_attachments(args, workspace),
        thread_ts=_thread_ts(args),
        metadata=_metadata(args),
    )


def _attachments(args: Arguments, workspace: Workspace) -> list[JsonObject]:
    value: Any = args.array_or_text("attachments") if args.has("attachments") else []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise SlackError("invalid_attachments")
    for index, attachment in enumerate(value):
        if attachment.get("blocks") is not None:
            checked_blocks(attachment["blocks"], workspace.calls.__contains__, f"/attachments/{index}/blocks")
    return value


def _thread_ts(args: Arguments) -> str | None:
    text = args.text("thread_ts")
    if text is not None and not _TS.fullmatch(text):
        raise SlackError("invalid_thread_ts")
    return text


def _metadata(args: Arguments) -> JsonObject | None:
    if not args.has("metadata"):
        return None
    value = args.array_or_text("metadata")
    if not isinstance(value, dict) or not {"event_type", "event_payload"} <= set(value):
        raise SlackError("invalid_metadata_format")
    return value
