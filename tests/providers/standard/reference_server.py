"""The other side of docs/standard-provider.md, as small as it can be: meetings in memory, webhooks as signed bodies."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from tests.providers.standard.signing import signed
from tests.providers.standin import Asked, Reply, StandIn

API_KEY = "key-of-the-standard-provider"
SECRET = "whsec_" + "c3RhbmRhcmQtcHJvdmlkZXItY3VycmVudC1zZWNyZXQ="
OLD_SECRET = "whsec_" + "c3RhbmRhcmQtcHJvdmlkZXItcHJldmlvdXMtc2VjcmV0"


@dataclass
class HeldMeeting:
    key: str
    title: str
    state: str = "waiting"
    participants: list[dict[str, str]] = field(default_factory=list)


class ReferenceServer(StandIn):
    """``meetings`` by their id is what it holds; tests may change it."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.meetings: dict[str, HeldMeeting] = {}

    def settings(self) -> dict[str, str]:
        return {
            "STANDARD_URL": f"{self.url}/api/",
            "STANDARD_API_KEY": API_KEY,
            "STANDARD_WEBHOOK_SECRET": SECRET,
        }

    def _answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {API_KEY}":
            return told(401, {"error": {"message": "The API key is not known."}})
        match asked.method, asked.path.removeprefix("/api/").split("/"):
            case "POST", ["meetings"]:
                return self._create(json.loads(asked.body), asked.headers["idempotency-key"])
            case "POST", ["meetings", meeting_id, "end"]:
                return self._end(unquote(meeting_id))
            case "POST", ["meetings", meeting_id, "links"]:
                return self._link(unquote(meeting_id), json.loads(asked.body)["person"])
            case "GET", ["meetings", meeting_id]:
                return self._state(unquote(meeting_id))
        return told(404, {"error": {"message": "There is nothing here."}})

    def _create(self, wanted: dict[str, Any], key: str) -> Reply:
        """The key is looked up first: it may be the second attempt of a request whose answer was lost."""
        found = next((id_ for id_, held in self.meetings.items() if held.key == key), None)
        meeting_id = found or f"meeting/{len(self.meetings) + 1}"
        self.meetings.setdefault(meeting_id, HeldMeeting(key, wanted["title"]))
        number = meeting_id.rpartition("/")[2]
        answer = {
            "id": meeting_id,
            "join_url": f"https://meet.example.com/{number}",
            "desktop_app_join_url": f"examplemeet://join/{number}",
            "display_id": f"100-{number}",
        }
        return told(200 if found else 201, answer)

    def _link(self, meeting_id: str, person: dict[str, Any]) -> Reply:
        """A real one would keep the person under the secret in the link."""
        if meeting_id not in self.meetings:
            return told(404, {})
        secret = hashlib.sha256(f"{meeting_id} {person['key']}".encode()).hexdigest()
        return told(201, {"url": f"https://meet.example.com/{quote(meeting_id, safe='')}?as={secret}"})

    def _end(self, meeting_id: str) -> Reply:
        held = self.meetings.get(meeting_id)
        if held is None or held.state == "ended":
            return told(410 if held else 404, {})
        held.state, held.participants = "ended", []
        return Reply(204)

    def _state(self, meeting_id: str) -> Reply:
        held = self.meetings.get(meeting_id)
        if held is None:
            return told(404, {})
        return told(200, {"state": held.state, "title": held.title, "participants": held.participants})


def told(status: int, answer: object) -> Reply:
    return Reply(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})


# --- What it would send -------------------------------------------------------------------------------------------


def webhook(word: str, at: datetime, meeting_id: str = "meeting/1", **data: Any) -> bytes:
    told = {"type": word, "timestamp": at.isoformat(), "data": {"meeting_id": meeting_id, **data}}
    return json.dumps(told, ensure_ascii=False).encode()


def delivered(body: bytes, now: datetime, secret: str = SECRET) -> dict[str, str]:
    """Headers with an id that belongs to the body, as each event has one of its own through all attempts."""
    return signed(body, secret, now, message_id=f"msg_{hashlib.sha256(body).hexdigest()[:16]}")
