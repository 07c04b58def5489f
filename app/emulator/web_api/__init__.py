"""The Web API: one module for each family of methods, each with its rows of the table.

`arguments` reads a request, `context` is what a method gets, `method` is a row, `answer` puts them together.
"""

from __future__ import annotations

from app.emulator.web_api import auth, calls, chat, conversations, users, views
from app.emulator.web_api.method import Method

METHODS: dict[str, Method] = {
    method.name: method for family in (auth, calls, chat, conversations, users, views) for method in family.METHODS
}
