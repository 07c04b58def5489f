"""A stand-in for a BigBlueButton server and the bbb-webhooks on it: its API over HTTP, with the checksums checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from tests.providers.standin import Asked, Reply, StandIn

SECRET = "current-secret-of-the-bigbluebutton-server"
OLD_SECRET = "previous-secret-of-the-bigbluebutton-server"

ALGORITHMS = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
PREFIX = "/bigbluebutton/api/"


@dataclass
class HeldMeeting:
    """``attendees`` maps userID to fullName. ``was_ended`` is what a meeting says of itself until it is removed."""

    parameters: Mapping[str, str]
    attendees: dict[str, str] = field(default_factory=dict)
    was_ended: bool = False
    end_time: int = 0


class BigBlueButtonServer(StandIn):
    """``meetings`` and ``hooks`` (addresses) are what it holds; tests may change them. ``algorithms`` are those that
    it supports."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.meetings: dict[str, HeldMeeting] = {}
        self.hooks: dict[str, Mapping[str, str]] = {}
        self.algorithms = set(ALGORITHMS.values())
        self.has_webhooks = True
        self._calls: dict[str, Callable[[Mapping[str, str]], Reply]] = {
            "create": self._create,
            "end": self._end,
            "getMeetingInfo": self._info,
            "hooks/create": self._create_hook,
            "hooks/list": self._list_hooks,
        }

    def settings(self) -> dict[str, str]:
        return {"BIGBLUEBUTTON_URL": self.url, "BIGBLUEBUTTON_SECRET": SECRET}

    def calls_asked(self) -> list[str]:
        return [call_of(asked) for asked in self.asked]

    def _answer(self, asked: Asked) -> Reply:
        call = call_of(asked)
        if call.startswith("hooks/") and not self.has_webhooks:
            return Reply(404, b"<html>Not found</html>")
        if not self._is_ours(call, urlsplit(asked.path).query):
            return failed("checksumError", "Checksums do not match")
        return self._calls[call](parameters_of(asked))

    def _is_ours(self, call: str, query: str) -> bool:
        """https://docs.bigbluebutton.org/development/api/#usage: the query as it came, without the checksum."""
        signed, _, checksum = query.rpartition("checksum=")
        algorithm = ALGORITHMS.get(len(checksum), "")
        text = f"{call}{signed.removesuffix('&')}{SECRET}"
        return algorithm in self.algorithms and hashlib.new(algorithm, text.encode()).hexdigest() == checksum

    def _create(self, parameters: Mapping[str, str]) -> Reply:
        meeting_id = parameters["meetingID"]
        if not 2 <= len(parameters["name"]) <= 256:
            return failed("validationError", "Meeting name must be between 2 and 256 characters")
        known = meeting_id in self.meetings
        self.meetings.setdefault(meeting_id, HeldMeeting(parameters))
        made = f"<meetingID>{escape(meeting_id)}</meetingID><createTime>1795208767000</createTime>"
        return succeeded(made + ("<messageKey>duplicateWarning</messageKey>" if known else ""))

    def _end(self, parameters: Mapping[str, str]) -> Reply:
        if self.meetings.pop(parameters["meetingID"], None) is None:
            return failed("notFound", "A meeting with that ID does not exist")
        return succeeded("<messageKey>sentEndMeetingRequest</messageKey>")

    def _info(self, parameters: Mapping[str, str]) -> Reply:
        meeting = self.meetings.get(parameters["meetingID"])
        return failed("notFound", "A meeting with that ID does not exist") if meeting is None else _info(meeting)

    def _create_hook(self, parameters: Mapping[str, str]) -> Reply:
        known = parameters["callbackURL"] in self.hooks
        self.hooks.setdefault(parameters["callbackURL"], parameters)
        return succeeded("<hookID>1</hookID>" + ("<messageKey>duplicateWarning</messageKey>" if known else ""))

    def _list_hooks(self, _parameters: Mapping[str, str]) -> Reply:
        hooks = "".join(f"<hook><callbackURL><![CDATA[{url}]]></callbackURL></hook>" for url in self.hooks)
        return succeeded(f"<hooks>{hooks}</hooks>")


def call_of(asked: Asked) -> str:
    path = urlsplit(asked.path).path
    assert path.startswith(PREFIX)
    return path.removeprefix(PREFIX)


def parameters_of(asked: Asked) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(asked.path).query, strict_parsing=True))


def failed(key: str, message: str) -> Reply:
    """BigBlueButton says so with status 200."""
    return _xml(
        f"<returncode>FAILED</returncode><messageKey>{key}</messageKey><message>{escape(message)}</message>",
    )


def succeeded(content: str) -> Reply:
    return _xml(f"<returncode>SUCCESS</returncode>{content}")


def _xml(content: str) -> Reply:
    return Reply(200, f"<response>{content}</response>".encode(), {"Content-Type": "text/xml;charset=utf-8"})


def _info(meeting: HeldMeeting) -> Reply:
    """https://docs.bigbluebutton.org/development/api/#get-post-getmeetinginfo"""
    attendees = "".join(
        f"<attendee><userID>{escape(user_id)}</userID><fullName>{escape(name)}</fullName><role>VIEWER</role>"
        "<isPresenter>false</isPresenter><clientType>HTML5</clientType><customdata></customdata></attendee>"
        for user_id, name in meeting.attendees.items()
    )
    return succeeded(
        f"<meetingName>{escape(meeting.parameters['name'])}</meetingName>"
        f"<running>{str(bool(meeting.attendees)).lower()}</running>"
        f"<hasBeenForciblyEnded>{str(meeting.was_ended).lower()}</hasBeenForciblyEnded>"
        f"<startTime>1795208767000</startTime><endTime>{meeting.end_time}</endTime>"
        f"<participantCount>{len(meeting.attendees)}</participantCount>"
        f"<attendees>{attendees}</attendees><metadata></metadata><isBreakout>false</isBreakout>"
    )
