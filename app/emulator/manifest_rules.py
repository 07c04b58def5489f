"""What Slack refuses in a manifest, as far as an app can trip over it.

Limits: https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.emulator.known_names import BOT_EVENTS, EVENT_SCOPES, SCOPES

Problem = tuple[str, str]
_COMMAND = re.compile(r"/[^\s/]{1,31}")
_DOMAIN = re.compile(r"([a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)
_LOCAL = ("http://127.0.0.1", "http://localhost")
_SECTIONS = {"_metadata", "display_information", "features", "functions", "oauth_config", "settings"}
_MOST = {
    "/features/slash_commands": 50,
    "/features/shortcuts": 10,
    "/features/unfurl_domains": 5,
    "/oauth_config/redirect_urls": 1000,
    "/oauth_config/scopes/bot": 255,
    "/oauth_config/scopes/user": 255,
    "/settings/event_subscriptions/bot_events": 100,
}


def problems_of(manifest: Mapping[str, Any]) -> list[Problem]:
    """Everything that is wrong with a manifest, as places and words."""
    return [
        *_structure(manifest),
        *_names(manifest),
        *_commands(manifest),
        *_shortcuts(manifest),
        *_scopes(manifest),
        *_events(manifest),
        *_addresses(manifest),
    ]


def _at(manifest: Mapping[str, Any], where: str) -> Any:
    """The value at a JSON pointer, None where there is none."""
    value: Any = manifest
    for name in where.split("/")[1:]:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _listed(manifest: Mapping[str, Any], where: str) -> list[Any]:
    value = _at(manifest, where)
    return value if isinstance(value, list) else []


def _structure(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    for name in manifest:
        if name not in _SECTIONS:
            yield f"/{name}", "unknown section"
    for where, most in _MOST.items():
        value = _at(manifest, where)
        if value is not None and not isinstance(value, list):
            yield where, "must be a list"
        elif value is not None and len(value) > most:
            yield where, f"no more than {most} items allowed"


def _names(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    name = _at(manifest, "/display_information/name")
    if not isinstance(name, str) or not 0 < len(name) <= 35:
        yield "/display_information/name", "must be 1 to 35 characters"
    description = _at(manifest, "/display_information/description")
    if description is not None and len(str(description)) > 140:
        yield "/display_information/description", "must be at most 140 characters"


def _commands(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    where = "/features/slash_commands"
    for index, each in enumerate(_listed(manifest, where)):
        if not isinstance(each, Mapping) or not _COMMAND.fullmatch(str(each.get("command", ""))):
            yield f"{where}/{index}/command", "must be a slash and 1 to 31 characters"
            continue
        if not 0 < len(str(each.get("description", ""))) <= 2000:
            yield f"{where}/{index}/description", "must be 1 to 2000 characters"
        if len(str(each.get("usage_hint", ""))) > 1000:
            yield f"{where}/{index}/usage_hint", "must be at most 1000 characters"


def _shortcuts(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    where = "/features/shortcuts"
    for index, each in enumerate(_listed(manifest, where)):
        if not isinstance(each, Mapping) or each.get("type") not in ("global", "message"):
            yield f"{where}/{index}/type", "must be global or message"
            continue
        for name, most in (("name", 24), ("callback_id", 255), ("description", 150)):
            if not 0 < len(str(each.get(name, ""))) <= most:
                yield f"{where}/{index}/{name}", f"must be 1 to {most} characters"
    if _listed(manifest, where) and not _at(manifest, "/settings/interactivity/is_enabled"):
        yield "/settings/interactivity/is_enabled", "shortcuts need interactivity"


def _scopes(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    bot = _listed(manifest, "/oauth_config/scopes/bot")
    for kind in ("bot", "user"):
        where = f"/oauth_config/scopes/{kind}"
        for index, scope in enumerate(_listed(manifest, where)):
            if scope not in SCOPES:
                yield f"{where}/{index}", f"there is no scope {scope}"
    uses_commands = _listed(manifest, "/features/slash_commands") or _listed(manifest, "/features/shortcuts")
    if uses_commands and "commands" not in bot:
        yield "/oauth_config/scopes/bot", "slash commands and shortcuts need the scope commands"


def _events(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    where = "/settings/event_subscriptions/bot_events"
    bot = _listed(manifest, "/oauth_config/scopes/bot")
    for index, event in enumerate(_listed(manifest, where)):
        if event not in BOT_EVENTS:
            yield f"{where}/{index}", f"there is no event {event}"
        elif EVENT_SCOPES.get(event) not in (None, *bot):
            yield f"{where}/{index}", f"{event} needs the scope {EVENT_SCOPES[event]}"
    functions = _at(manifest, "/functions")
    if functions and _at(manifest, "/settings/function_runtime") != "remote":
        yield "/settings/function_runtime", "functions need the runtime remote"
    if functions and not _at(manifest, "/settings/org_deploy_enabled"):
        yield "/settings/org_deploy_enabled", "functions need org_deploy_enabled"


def _addresses(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    for index, domain in enumerate(_listed(manifest, "/features/unfurl_domains")):
        if not _DOMAIN.fullmatch(str(domain)):
            yield f"/features/unfurl_domains/{index}", "must be a domain with its ending"
    for index, url in enumerate(_listed(manifest, "/oauth_config/redirect_urls")):
        # Slack asks for https everywhere; an app on this machine has none.
        if not str(url).startswith(("https://", *_LOCAL)):
            yield f"/oauth_config/redirect_urls/{index}", "must be an https URL"
    if _at(manifest, "/settings/socket_mode_enabled"):
        return
    for name, reason in (("event_subscriptions", "bot_events"), ("interactivity", "is_enabled")):
        where = f"/settings/{name}/request_url"
        if _at(manifest, f"/settings/{name}/{reason}") and not _at(manifest, where):
            yield where, "missing without Socket Mode"
