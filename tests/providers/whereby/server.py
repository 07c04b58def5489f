"""A stand-in for Whereby's API, after its documentation and its OpenAPI description of 2026.

https://docs.whereby.com/reference/whereby-rest-api-reference and, for the filter of the list,
https://docs.whereby.com/whereby-101/using-the-rest-api/name-prefixes
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.providers.standin import Asked, Reply, StandIn

KEY = "api-key-of-the-whereby-account"
SECRET = "current-secret-of-the-whereby-webhook"
OLD_SECRET = "previous-secret-of-the-whereby-webhook"
ROOM_KEY = "room-key-of-the-host"
SUBDOMAIN_URL = "https://example-team.whereby.com"


class WherebyServer(StandIn):
    """``meetings`` (by id) is what it holds; tests may change it. ``wanted`` is what each was made from. With
    ``filters`` off, the list is of all meetings, whatever was asked for."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.meetings: dict[str, dict[str, Any]] = {}
        self.wanted: list[dict[str, Any]] = []
        self.filters = True

    def settings(self) -> dict[str, str]:
        return {"WHEREBY_URL": self.url, "WHEREBY_API_KEY": KEY, "WHEREBY_WEBHOOK_SECRET": SECRET}

    def requests(self) -> list[str]:
        """What was asked, such as ``POST /meetings``; without parameters."""
        return [f"{asked.method} {urlsplit(asked.path).path}" for asked in self.asked]

    def _answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return told(401, {"error": "Unauthorized"})
        url = urlsplit(asked.path)
        query = parse_qs(url.query)
        match asked.method, url.path.strip("/").split("/"):
            case "POST", ["meetings"]:
                return self._create(json.loads(asked.body))
            case "GET", ["meetings"]:
                return self._list(query)
            case "GET", ["meetings", meeting_id] if meeting_id in self.meetings:
                return told(200, self._shown(meeting_id, query.get("fields", [])))
            case "DELETE", ["meetings", meeting_id]:
                self.meetings.pop(meeting_id, None)
                return Reply(204)
        return told(404, {"error": "Not found"})

    def _create(self, wanted: dict[str, Any]) -> Reply:
        self.wanted.append(wanted)
        meeting_id = str(82490894 + len(self.wanted))
        self.add(meeting_id, f"{wanted['roomNamePrefix']}172aa26e-802a-41a6-ba1f-{meeting_id:0>12}", wanted["endDate"])
        return told(201, self._shown(meeting_id, wanted.get("fields", [])))

    def add(self, meeting_id: str, room: str, end_date: str = "2026-11-20T16:00:00Z") -> None:
        self.meetings[meeting_id] = {
            "meetingId": meeting_id,
            "startDate": "2026-11-20T12:00:00.000Z",
            "endDate": end_date,
            "roomName": f"/{room}",
            "roomUrl": f"{SUBDOMAIN_URL}/{room}",
        }

    def _list(self, query: dict[str, list[str]]) -> Reply:
        begins = query.get("roomName[startsWith]", [""])[0] if self.filters else ""
        found = [one for one in self.meetings.values() if one["roomName"].startswith(begins)]
        return told(200, {"results": found[: int(query.get("limit", ["50"])[0])], "cursor": None})

    def _shown(self, meeting_id: str, fields: list[str]) -> dict[str, Any]:
        meeting = self.meetings[meeting_id]
        if "hostRoomUrl" in fields:
            return {**meeting, "hostRoomUrl": f"{meeting['roomUrl']}?roomKey={ROOM_KEY}"}
        return meeting


def told(status: int, answer: object) -> Reply:
    return Reply(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})
