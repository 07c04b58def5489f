"""A stand-in for Zoom's API, after its documentation as it was in 2026.

https://developers.zoom.us/docs/api/meetings/, .../users/ and .../docs/internal-apps/s2s-oauth/; the numbers of errors
are those of https://developers.zoom.us/docs/api/errors/ and of each request's page. Where nothing is written down it
does what is worst for us: ending a meeting that has not begun is answered like any other end, and does nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from tests.providers.standin import Asked, Reply, StandIn

ACCOUNT_ID, CLIENT_ID = "ACCOUNT-of-ours", "CLIENT-of-ours"
CLIENT_SECRET = "client-secret-of-the-zoom-app"
WEBHOOK_SECRET, OLD_WEBHOOK_SECRET = "webhook-secret-of-the-zoom-app", "previous-secret-of-the-zoom-app"
ADA, GRACE = "ada@example.com", "grace@example.com"
SCOPES = (
    "meeting:write:meeting:admin meeting:update:meeting:admin meeting:update:status:admin meeting:delete:meeting:admin "
    "meeting:read:meeting:admin meeting:read:list_meetings:admin meeting:read:list_past_instances:admin "
    "meeting:read:participant:admin user:read:user:admin meeting:write:registrant:admin "
    "meeting:read:list_registrants:admin meeting:write:invite_links:admin "
    "dashboard:read:list_meeting_participants:admin"
)
LARGEST_ID = 98765432100


@dataclass(kw_only=True)
class ZoomMeeting:
    """``wanted`` is the body that it was made with; ``rows`` is what the dashboard tells while it runs."""

    id: int
    host: str
    wanted: dict[str, Any]
    uuid: str
    status: str = "waiting"
    runs: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    registrants: dict[str, str] = field(default_factory=dict)

    @property
    def join_url(self) -> str:
        return f"https://us05web.zoom.us/j/{self.id}?pwd=Pass.1"

    def begin(self) -> None:
        self.status = "started"

    def end(self) -> None:
        """A new uuid is for the next run."""
        if self.status == "started":
            self.runs.append(self.uuid)
            self.status, self.uuid = "waiting", f"/{self.uuid}"


class ZoomServer(StandIn):
    """``meetings`` and ``users`` are what it holds, ``scopes`` what the app may do; tests may change them. ``instead``
    has the answer to a method and the end of a path, ``instead_of_token`` that to whoever asks for a token."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.meetings: dict[str, ZoomMeeting] = {}
        self.users: dict[str, dict[str, Any]] = {host: {"type": 2, "status": "active"} for host in (ADA, GRACE)}
        self.scopes: str | None = SCOPES
        self.api_url: str | None = None
        self.tokens: list[str] = []
        self.start_urls: list[str] = []
        self.largest_page = 300
        self.instead: dict[tuple[str, str], Reply] = {}
        self.instead_of_token: Reply | None = None

    def settings(self, **more: str) -> dict[str, str]:
        own = {
            "URL": self.url,
            "ACCOUNT_ID": ACCOUNT_ID,
            "CLIENT_ID": CLIENT_ID,
            "CLIENT_SECRET": CLIENT_SECRET,
            "WEBHOOK_SECRET": WEBHOOK_SECRET,
            "HOSTS": f"{ADA}, {GRACE}",
        }
        return {f"ZOOM_{name}": value for name, value in {**own, **more}.items()}

    def requests(self) -> list[str]:
        """What the API was asked, without queries and without how we got the token."""
        told = [f"{asked.method} {urlsplit(asked.path).path}" for asked in self.asked]
        return [one.replace("/v2", "", 1) for one in told if "/oauth/" not in one]

    def the_meeting(self) -> ZoomMeeting:
        (only,) = self.meetings.values()
        return only

    def _answer(self, asked: Asked) -> Reply:
        parts = urlsplit(asked.path)
        if parts.path == "/oauth/token":
            return self.instead_of_token or self._token(asked, dict(parse_qsl(parts.query)))
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return refusal(401, 124, "Invalid access token.")
        for (method, end), reply in self.instead.items():
            if asked.method == method and parts.path.endswith(end):
                return reply
        return self._of_api(asked, parts.path.removeprefix("/v2/").split("/"), parts.query)

    def _token(self, asked: Asked, query: dict[str, str]) -> Reply:
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {basic}":
            return told(400, {"reason": "Invalid client_id or client_secret", "error": "invalid_client"})
        if query != {"grant_type": "account_credentials", "account_id": ACCOUNT_ID}:
            return told(400, {"reason": "Bad request", "error": "invalid_request"})
        self.tokens.append(f"token-{len(self.tokens)}-that-must-not-be-seen")
        granted = {"access_token": self.tokens[-1], "token_type": "bearer", "expires_in": 3599}
        more = {"scope": self.scopes, "api_url": self.url if self.api_url is None else self.api_url}
        return told(200, {**granted, **{name: value for name, value in more.items() if value}})

    def _of_api(self, asked: Asked, path: list[str], query: str) -> Reply:
        body = json.loads(asked.body or b"{}")
        match asked.method, path:
            case "GET", ["users", user]:
                return self._user(unquote(user))
            case "POST", ["users", user, "meetings"]:
                return self._create(unquote(user), body)
            case "GET", ["users", user, "meetings"]:
                return self._list(unquote(user), parse_qs(query))
            case "GET", ["metrics", "meetings", uuid, "participants"]:
                return self._rows(unquote(unquote(uuid)))
            case _, ["meetings" | "past_meetings", meeting_id, *rest] if meeting_id in self.meetings:
                return self._of_meeting(asked.method, path[0], self.meetings[meeting_id], rest, body)
        return refusal(404, 3001, f"Meeting does not exist: {path[1]}.")

    def _user(self, user: str) -> Reply:
        if user not in self.users:
            return refusal(404, 1001, f"User does not exist: {user}.")
        return told(200, {"id": f"id-of-{user}", "email": user, **self.users[user]})

    def _create(self, user: str, body: dict[str, Any]) -> Reply:
        number = LARGEST_ID - len(self.meetings)
        made = ZoomMeeting(id=number, host=user, wanted=body, uuid=f"uuid//{number}==")
        self.meetings[str(number)] = made
        return told(201, self._told(made))

    def _list(self, user: str, query: dict[str, list[str]]) -> Reply:
        begin = int(query.get("next_page_token", ["0"])[0])
        theirs = [meeting for meeting in self.meetings.values() if meeting.host == user]
        page = theirs[begin : begin + self.largest_page]
        rest = begin + self.largest_page
        token = str(rest) if rest < len(theirs) else ""
        shown = [{"id": one.id, "topic": one.wanted["topic"], "agenda": one.wanted["agenda"][:250]} for one in page]
        return told(200, {"meetings": shown, "next_page_token": token})

    def _of_meeting(self, method: str, kind: str, meeting: ZoomMeeting, rest: list[str], body: dict[str, Any]) -> Reply:
        ways: dict[tuple[str, ...], Callable[[], Reply]] = {
            ("GET", "meetings"): lambda: told(200, self._told(meeting)),
            ("PATCH", "meetings"): lambda: self._rename(meeting, body),
            ("DELETE", "meetings"): lambda: self._delete(meeting),
            ("PUT", "meetings", "status"): lambda: self._end(meeting),
            ("GET", "past_meetings", "instances"): lambda: told(200, {"meetings": [{"uuid": u} for u in meeting.runs]}),
            ("POST", "meetings", "registrants"): lambda: self._register(meeting, body),
            ("GET", "meetings", "registrants"): lambda: self._registrants(meeting),
            ("POST", "meetings", "invite_links"): lambda: self._invite(body),
        }
        return ways[(method, kind, *rest)]()

    def _rename(self, meeting: ZoomMeeting, body: dict[str, Any]) -> Reply:
        meeting.wanted |= body
        return Reply(204)

    def _end(self, meeting: ZoomMeeting) -> Reply:
        meeting.end()
        return Reply(204)

    def _invite(self, body: dict[str, Any]) -> Reply:
        links = [{"name": one["name"], "join_url": named_link(one["name"])} for one in body["attendees"]]
        return told(201, {"attendees": links})

    def _told(self, meeting: ZoomMeeting) -> dict[str, Any]:
        self.start_urls.append(f"https://us05web.zoom.us/s/{meeting.id}?zak=zak-{len(self.start_urls)}-of-the-host")
        return {
            "id": meeting.id,
            "uuid": meeting.uuid,
            "host_id": f"id-of-{meeting.host}",
            "status": meeting.status,
            "join_url": meeting.join_url,
            "start_url": self.start_urls[-1],
            "password": "passcode-of-the-meeting",
            **meeting.wanted,
        }

    def _delete(self, meeting: ZoomMeeting) -> Reply:
        if meeting.status == "started":
            return refusal(400, 3002, "Sorry, you cannot delete this meeting since it's in progress.")
        del self.meetings[str(meeting.id)]
        return Reply(204)

    def _rows(self, uuid: str) -> Reply:
        for meeting in self.meetings.values():
            if meeting.uuid == uuid and meeting.status == "started":
                token = "more" if len(meeting.rows) > self.largest_page else ""
                return told(200, {"participants": meeting.rows[: self.largest_page], "next_page_token": token})
        return refusal(404, 3001, f"Meeting does not exist: {uuid}.")

    def _register(self, meeting: ZoomMeeting, body: dict[str, Any]) -> Reply:
        registrant_id = meeting.registrants.setdefault(body["email"], f"registrant-{len(meeting.registrants)}")
        answer = {"id": meeting.id, "registrant_id": registrant_id, "join_url": registrants_link(registrant_id)}
        return told(201, answer)

    def _registrants(self, meeting: ZoomMeeting) -> Reply:
        known = [
            {"id": registrant_id, "email": email, "join_url": registrants_link(registrant_id)}
            for email, registrant_id in meeting.registrants.items()
        ]
        return told(200, {"registrants": known})


def registrants_link(registrant_id: str) -> str:
    return f"https://us05web.zoom.us/w/1?tk={registrant_id}"


def named_link(name: str) -> str:
    return f"https://us05web.zoom.us/w/2?tk={base64.urlsafe_b64encode(name.encode()).decode()}"


def refusal(status: int, code: int, message: str) -> Reply:
    return told(status, {"code": code, "message": message})


def told(status: int, answer: object) -> Reply:
    return Reply(status, json.dumps(answer).encode(), {"Content-Type": "application/json"})
