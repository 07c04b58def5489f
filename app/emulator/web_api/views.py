"""views.open, views.push, views.update and views.publish."""

from __future__ import annotations

from app.emulator.block_kit.views import checked_view
from app.emulator.errors import JsonObject, SlackError, invalid_arguments
from app.emulator.rate_limits import TIER_4
from app.emulator.triggers import Trigger
from app.emulator.views import View
from app.emulator.web_api.context import Context
from app.emulator.web_api.method import Method


def open_view(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/views.open"""
    definition = _definition(context)
    return _shown(context, context.workspace.views.open(_trigger(context).user_id, definition))


def push(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/views.push: only from inside a modal."""
    definition = _definition(context)
    return _shown(context, context.workspace.views.push(_trigger(context).user_id, definition))


def update(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/views.update"""
    args = context.args
    if not (args.has("view_id") or args.has("external_id")):
        raise invalid_arguments("missing required field: view_id or external_id")
    definition = _definition(context, ("modal", "home"))
    view = context.workspace.views.find(args.text("view_id"), args.text("external_id"))
    return _shown(context, context.workspace.views.update(view, definition, args.text("hash")))


def publish(context: Context) -> JsonObject:
    """https://docs.slack.dev/reference/methods/views.publish"""
    user_id = context.args.required("user_id")
    if user_id not in context.workspace.users:
        raise SlackError("user_not_found")
    manifest = context.slack.manifest
    if manifest is not None and not manifest.home_tab:
        raise SlackError("not_enabled")
    definition = _definition(context, ("home",))
    return _shown(context, context.workspace.views.publish(user_id, definition, context.args.text("hash")))


def _definition(context: Context, kinds: tuple[str, ...] = ("modal",)) -> JsonObject:
    return checked_view(context.args.array_or_text("view"), context.workspace.calls.__contains__, kinds)


def _trigger(context: Context) -> Trigger:
    given = context.args.text("trigger_id") or context.args.text("interactivity_pointer")
    if given is None:
        raise invalid_arguments("missing required field: trigger_id")
    return context.workspace.triggers.use(given)


def _shown(context: Context, view: View) -> JsonObject:
    return {"view": context.workspace.shown_view(view)}


METHODS = (
    Method("views.open", open_view, per_minute=TIER_4, required=("view",)),
    Method("views.publish", publish, per_minute=TIER_4, required=("user_id", "view")),
    Method("views.push", push, per_minute=TIER_4, required=("view",)),
    Method("views.update", update, per_minute=TIER_4, required=("view",)),
)
