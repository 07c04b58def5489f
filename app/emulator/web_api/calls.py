"""calls.*: the table and the arguments; the rules are in `app.emulator.calls`.

https://docs.slack.dev/apis/web-api/using-the-calls-api
"""

from __future__ import annotations

import re

from app.emulator.call_shapes import call_object
from app.emulator.calls import Call, CallDetails
from app.emulator.errors import JsonObject, SlackError, invalid_arguments
from app.emulator.participants import Person, read_people, require_known, require_names
from app.emulator.rate_limits import TIER_3
from app.emulator.web_api.context import Arguments, Context
from app.emulator.web_api.method import Method

_WEB_URL = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_ANY_URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)
_LAST_SECOND = 9_999_999_999
"""Ten digits: a time in milliseconds is longer, and refused."""


def add(context: Context) -> JsonObject:
    """calls.add: make a call known. The answer never says `channels`, because none can show it yet."""
    args, workspace = context.args, context.workspace
    details = CallDetails(
        external_unique_id=args.required("external_unique_id"),
        join_url=_web_url(args.required("join_url")),
        created_by=_created_by(context),
        date_start=_date_start(args, workspace.now()),
        title=args.text("title"),
        external_display_id=args.text("external_display_id"),
        desktop_app_join_url=_desktop_url(args),
    )
    people = _people(context) if args.has("users") else []
    require_names(people)
    call = workspace.calls.add(details, people)
    return {"call": call_object(call, workspace.switches, channels=False)}


def update(context: Context) -> JsonObject:
    """calls.update: change the title or the links."""
    changes = {}
    for name, check in (("title", str), ("join_url", _web_url), ("desktop_app_join_url", _any_url)):
        value = context.args.text(name)
        if value is not None:
            changes[name] = check(value)
    return _shown(context, context.workspace.calls.update(_id(context), changes))


def end(context: Context) -> JsonObject:
    """calls.end: end a call, after `duration` seconds if given. The only answer that carries `date_end`."""
    call = context.workspace.calls.end(_id(context), context.args.whole_number("duration"))
    return {"call": call_object(call, context.workspace.switches, date_end=True)}


def info(context: Context) -> JsonObject:
    """calls.info: how a call stands; `users` are those who are in now."""
    return _shown(context, context.workspace.calls.get(_id(context)))


def participants_add(context: Context) -> JsonObject:
    """calls.participants.add: people came in."""
    people = _some_people(context)
    require_names(people)
    return _shown(context, context.workspace.calls.join(_id(context), people))


def participants_remove(context: Context) -> JsonObject:
    """calls.participants.remove: people left."""
    return _shown(context, context.workspace.calls.leave(_id(context), _some_people(context)))


def _id(context: Context) -> str:
    return context.args.required("id")


def _shown(context: Context, call: Call) -> JsonObject:
    switches = context.workspace.switches
    return {"call": call_object(call, switches, date_end=switches.info_shows_date_end)}


def _created_by(context: Context) -> str:
    given = context.args.text("created_by")
    if given is None:
        if context.grant.bot_id and context.workspace.switches.created_by == "required":
            raise SlackError("invalid_created_by")
        return context.grant.user_id
    if given not in context.workspace.users:
        raise SlackError("invalid_created_by")
    return given


def _date_start(args: Arguments, now: float) -> int:
    text = args.text("date_start")
    if text is None:
        return int(now)
    if not (text.isascii() and text.isdigit() and len(text) <= 18) or not 0 < int(text) <= _LAST_SECOND:
        raise SlackError("invalid_start_time")
    return int(text)


def _desktop_url(args: Arguments) -> str | None:
    text = args.text("desktop_app_join_url")
    return None if text is None else _any_url(text)


def _web_url(text: str) -> str:
    if not _WEB_URL.fullmatch(text):
        raise invalid_arguments("must be a valid http(s) url [json-pointer:/join_url]")
    return text


def _any_url(text: str) -> str:
    if not _ANY_URL.fullmatch(text):
        raise invalid_arguments("must be a valid url [json-pointer:/desktop_app_join_url]")
    return text


def _people(context: Context) -> list[Person]:
    switches = context.workspace.switches
    people = read_people(context.args.array("users"), switches.max_users_per_request)
    require_known(people, context.workspace.users.__contains__)
    return people


def _some_people(context: Context) -> list[Person]:
    people = _people(context)
    if not people:
        raise invalid_arguments("no less than 1 items allowed [json-pointer:/users]")
    return people


_WRITE = ("calls:write",)
METHODS = (
    Method("calls.add", add, _WRITE, TIER_3, ("external_unique_id", "join_url")),
    Method("calls.update", update, _WRITE, TIER_3, ("id",)),
    Method("calls.end", end, _WRITE, TIER_3, ("id",)),
    Method("calls.info", info, ("calls:read",), TIER_3, ("id",), allows_get=True),
    Method("calls.participants.add", participants_add, _WRITE, TIER_3, ("id", "users"), "missing_argument"),
    Method("calls.participants.remove", participants_remove, _WRITE, TIER_3, ("id", "users"), "missing_argument"),
)
