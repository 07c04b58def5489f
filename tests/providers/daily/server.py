"""A stand-in for Daily's API, after its documentation and its OpenAPI description (version 1.1.1) of 2026.

https://docs.daily.co/reference/rest-api and https://docs.daily.co/docs/rest-api/errors
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

from tests.providers.standin import Asked, Reply, StandIn

KEY = "api-key-of-the-example-team-at-daily"
# Each is 32 bytes in base64: "current-secret-of-our-webhooks!!" and the like.
SECRET = "Y3VycmVudC1zZWNyZXQtb2Ytb3VyLXdlYmhvb2tzISE="
OLD_SECRET = "cHJldmlvdXMtc2VjcmV0LW9mLW91ci13ZWJob29rcyE="
FOREIGN_SECRET = "c29tZWJvZHktZWxzZSdzLXNlY3JldC0zMi1ieXRlcyE="
DOMAIN_URL = "https://example-team.daily.co"
CHECK = b'{"test":"test"}'
HOOK_FIELDS = {"url", "basicAuth", "retryType", "eventTypes", "hmac"}


class DailyServer(StandIn):
    """``rooms`` (by name), ``present`` and ``sessions`` (by room, newest first) and ``hooks`` are what it holds; tests
    may change them. ``visit_hook`` is what happens when a hook's address is tried: it gives the status."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.rooms: dict[str, dict[str, Any]] = {}
        self.present: dict[str, list[dict[str, Any]]] = {}
        self.sessions: dict[str, list[dict[str, Any]]] = {}
        self.hooks: list[dict[str, Any]] = []
        self.most_present = 100
        self.visit_hook: Callable[[bytes], int] = lambda _: 200

    def settings(self) -> dict[str, str]:
        return {"DAILY_URL": self.url, "DAILY_API_KEY": KEY, "DAILY_WEBHOOK_SECRET": SECRET}

    def requests(self) -> list[str]:
        """What was asked, such as ``POST /rooms``."""
        return [f"{asked.method} {asked.path}" for asked in self.asked]

    def _answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return refusal(401, "authentication-error", "")
        wanted = json.loads(asked.body) if asked.body else {}
        url = urlsplit(asked.path)
        match asked.method, url.path.strip("/").split("/"):
            case method, ["rooms", *path]:
                return self._rooms(method, path, wanted)
            case "GET", ["meetings"]:
                return self._sessions(parse_qs(url.query))
            case "POST", ["meeting-tokens"]:
                return told({"token": jwt.encode(wanted["properties"], KEY, algorithm="HS256")})
            case method, ["webhooks", *path]:
                return self._webhooks(method, path, wanted)
        return refusal(404, "not-found", "")

    def _rooms(self, method: str, path: list[str], wanted: dict[str, Any]) -> Reply:
        if (method, path) == ("POST", []):
            return self._create_room(wanted)
        name = path[0]
        room = self.rooms.get(name)
        match method, path[1:]:
            case "GET", [] if room:
                return told(room)
            case "DELETE", [] if room:
                del self.rooms[name]
                return told({"deleted": True, "name": name})
            case "GET", ["presence"] if room:
                present = self.present.get(name, [])
                return told({"total_count": len(present), "data": present[: self.most_present]})
        return no_room(name)

    def _create_room(self, wanted: dict[str, Any]) -> Reply:
        name = wanted["name"]
        if name in self.rooms:
            return refusal(400, "invalid-request-error", f"a room named {name} already exists")
        self.rooms[name] = {
            "id": f"5e3cf703-5547-47d6-a371-{len(self.rooms):012}",
            "name": name,
            "api_created": True,
            "privacy": wanted["privacy"],
            "url": f"{DOMAIN_URL}/{name}",
            "created_at": "2026-11-20T12:00:00.000Z",
            "config": wanted["properties"],
        }
        return told(self.rooms[name])

    def _sessions(self, query: dict[str, list[str]]) -> Reply:
        found = self.sessions.get(query["room"][0], [])
        return told({"total_count": len(found), "data": found[: int(query["limit"][0])]})

    def _webhooks(self, method: str, path: list[str], wanted: dict[str, Any]) -> Reply:
        known = next((hook for hook in self.hooks if [hook["uuid"]] == path), None)
        match method, path:
            case "GET", []:
                return told(self.hooks)
            case "POST", _:
                return self._put_hook(wanted, known)
            case "DELETE", [_] if known:
                self.hooks.remove(known)
                return told({})
        return refusal(404, "not-found", "")

    def _put_hook(self, wanted: dict[str, Any], known: dict[str, Any] | None) -> Reply:
        if not set(wanted) <= HOOK_FIELDS:
            return refusal(400, "invalid-request-error", "unknown parameter")
        if self.visit_hook(CHECK) != 200:
            return refusal(400, "invalid-request-error", "non-200 status code returned from webhook endpoint")
        hook: dict[str, Any] = known if known is not None else {"uuid": f"hook-{len(self.hooks)}"}
        hook.update(wanted, state="ACTIVE", failedCount=0)
        if known is None:
            self.hooks.append(hook)
        return told(hook)


def told(answer: object) -> Reply:
    return Reply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})


def refusal(status: int, error: str, info: str) -> Reply:
    return Reply(status, json.dumps({"error": error, "info": info}).encode(), {"Content-Type": "application/json"})


def no_room(name: str) -> Reply:
    return refusal(404, "not-found", f"room {name} not found")
