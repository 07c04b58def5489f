"""The Web API: one module for each family of methods, each with its rows of the table.

`arguments` reads a request, `context` is what a method gets, `method` is a row, `answer` puts them together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.emulator.errors import JsonObject
from app.emulator.web_api import (
    apps,
    auth,
    calls,
    chat,
    conversations,
    functions,
    history,
    oauth,
    openid,
    profiles,
    team,
    unfurls,
    users,
    views,
)
from app.emulator.web_api.arguments import IncomingCall
from app.emulator.web_api.method import Method

if TYPE_CHECKING:
    from app.emulator.slack import Slack

_FAMILIES = (
    apps,
    auth,
    calls,
    chat,
    conversations,
    functions,
    history,
    openid,
    profiles,
    team,
    unfurls,
    users,
    views,
)
METHODS: dict[str, Method] = {method.name: method for family in _FAMILIES for method in family.METHODS}

OPEN_METHODS: dict[str, Callable[[Slack, IncomingCall], JsonObject]] = {
    "api.test": auth.api_test,
    **oauth.OPEN_METHODS,
}
"""The methods that need no token; they have no limits here either."""
