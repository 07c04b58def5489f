"""A stand-in for the API of a MiroTalk SFU server, after its documentation and source.

https://docs.mirotalk.com/mirotalk-sfu/api/ and app/src/ServerApi.js of
https://github.com/miroslavpejic85/mirotalksfu, as they were in 2026.
"""

from __future__ import annotations

import json
from urllib.parse import quote

from tests.providers.standin import Asked, Reply, StandIn

KEY = "api-key-secret-of-the-mirotalk-server"


class MiroTalkServer(StandIn):
    """``rooms`` are those with somebody in them; tests may change them."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.rooms: set[str] = set()

    def settings(self) -> dict[str, str]:
        return {"MIROTALK_URL": self.url, "MIROTALK_API_KEY_SECRET": KEY}

    def _answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != KEY:
            return told(403, {"error": "Unauthorized!"})
        match asked.method, asked.path.removeprefix("/api/v1/").split("/"):
            case "POST", ["join"]:
                return told(200, {"join": join_link(asked)})
            case "DELETE", ["meeting", room]:
                return self._end(room)
        return not_found()

    def _end(self, room: str) -> Reply:
        if room not in self.rooms:
            return told(404, {"success": False, "error": "Room not found"})
        self.rooms.remove(room)
        return told(200, {"success": True, "message": "Meeting ended", "room": room})


def join_link(asked: Asked) -> str:
    """The server makes the address from the host that it was asked under."""
    wanted = json.loads(asked.body)
    name, avatar = (quote(str(wanted.get(field) or "false"), safe="") for field in ("name", "avatar"))
    flags = "&".join(f"{flag}={str(wanted[flag]).lower()}" for flag in ("audio", "video", "notify"))
    return f"https://{asked.headers['host']}/join?room={wanted['room']}&name={name}&avatar={avatar}&{flags}"


def not_found() -> Reply:
    """The page for an address that the server does not know."""
    return Reply(404, b"<!DOCTYPE html><title>Not found</title>", {"Content-Type": "text/html"})


def told(status: int, answer: object) -> Reply:
    return Reply(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})
