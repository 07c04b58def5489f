"""functions.completeSuccess and functions.completeError."""

from __future__ import annotations

from app.emulator.errors import JsonObject
from app.emulator.rate_limits import TIER_3
from app.emulator.steps import complete
from app.emulator.web_api.context import Context
from app.emulator.web_api.method import Method


def complete_success(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/functions.completeSuccess"""
    execution_id = context.args.required("function_execution_id")
    complete(context.slack, context.workspace, execution_id, outputs=context.args.array_or_text("outputs"))
    return {}


def complete_error(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/functions.completeError"""
    execution_id = context.args.required("function_execution_id")
    complete(context.slack, context.workspace, execution_id, error=context.args.required("error"))
    return {}


METHODS = (
    Method("functions.completeError", complete_error, (), TIER_3, ("function_execution_id", "error")),
    Method("functions.completeSuccess", complete_success, (), TIER_3, ("function_execution_id", "outputs")),
)
