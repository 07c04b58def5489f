"""BigBlueButton's API. https://docs.bigbluebutton.org/development/api/"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from pydantic import SecretStr

from app.domain.meetings import Person, Roster, Visitor
from app.providers.bigbluebutton.answers import ApiAnswer, read_answer
from app.providers.bigbluebutton.checksums import Algorithm, signed_query
from app.providers.http import Answer, Http
from app.providers.payloads import clean_address, clean_text, stable_key

# An unused meeting is removed, which ends the call: the card must outlive the time until the first person comes. The
# server's own setting may be five minutes. Understood since BigBlueButton 2.5.
UNUSED_MINUTES = 60
# After the last one has left: the least that can be said. The server's own setting may be never.
EMPTY_MINUTES = 1

# Names of meetings: https://docs.bigbluebutton.org/development/api/#updates-to-api-in-bigbluebutton, under 2.4.
_SHORTEST_NAME = 2

# https://github.com/bigbluebutton/bigbluebutton, ApiController.groovy and the constraints of its requests
_GONE = frozenset({"notFound", "invalidMeetingIdentifier", "meetingForciblyEnded", "meetingEnded"})
# Ours all the same: nobody else has the key. Older versions say so when the very same request comes again:
# https://github.com/bigbluebutton/bigbluebutton/issues/16690
_EXISTS = frozenset({"idNotUnique"})
_NOTHING = frozenset({"", "0"})


class Api:
    """The API of one server. ``secret`` is the one it shares with us."""

    def __init__(self, http: Http, base_url: str, *, secret: SecretStr, algorithm: Algorithm) -> None:
        self._http = http
        self._base_url = base_url
        self._secret = secret
        self._algorithm = algorithm

    def create(self, meeting_id: str, *, title: str) -> None:
        """Made now, or there already."""
        self.ask(
            "create",
            {
                "name": _name(title),
                "meetingID": meeting_id,
                "meetingExpireIfNoUserJoinedInMinutes": str(UNUSED_MINUTES),
                "meetingExpireWhenLastUserLeftInMinutes": str(EMPTY_MINUTES),
            },
            prepared_for=_EXISTS,
        )

    def end(self, meeting_id: str) -> None:
        """Everybody is put out, a few seconds later."""
        self.ask("end", {"meetingID": meeting_id}, prepared_for=_GONE)

    def look(self, meeting_id: str) -> Roster | None:
        """Who is in, by the ``userID`` that events call them by too; None when the meeting is over."""
        answer = self.ask("getMeetingInfo", {"meetingID": meeting_id}, prepared_for=_GONE)
        return None if not answer.has_succeeded or _has_ended(answer) else _roster(answer)

    def check(self) -> tuple[str, ...]:
        """What is proven by asking for a meeting that nobody has, a sentence each."""
        call, parameters = "getMeetingInfo", {"meetingID": "switchboard-check"}
        answer = self._send(call, parameters)
        self._judge(answer, prepared_for=_GONE)
        return ("It answers, and accepts BIGBLUEBUTTON_SECRET.", self._http.compare_clocks(answer))

    def join_url(self, meeting_id: str, visitor: Visitor) -> str:
        """A link that lets ``visitor`` in; everybody else too who has it."""
        parameters = {
            "fullName": clean_text(visitor.name) or "Guest",
            "meetingID": meeting_id,
            "role": "MODERATOR" if visitor.is_host else "VIEWER",
            "userID": visitor.key,
            "redirect": "true",
        }
        if picture := clean_address(visitor.avatar_url):
            parameters["avatarURL"] = picture
        return self._base_url + self._path("join", parameters)

    def ask(self, call: str, parameters: Mapping[str, str], *, prepared_for: frozenset[str] = frozenset()) -> ApiAnswer:
        """The answer to one request: a success, or a refusal that ``prepared_for`` names. Raises all others."""
        return self._judge(self._send(call, parameters), prepared_for=prepared_for)

    def _send(self, call: str, parameters: Mapping[str, str]) -> Answer:
        return self._http.request("GET", self._path(call, parameters))

    def _judge(self, answer: Answer, *, prepared_for: frozenset[str]) -> ApiAnswer:
        told = read_answer(answer.body)
        if told.has_succeeded or told.message_key in prepared_for:
            return told
        raise told.failure(self._secret.get_secret_value())

    def _path(self, call: str, parameters: Mapping[str, str]) -> str:
        return f"/{call}?{signed_query(self._algorithm, call, parameters, self._secret.get_secret_value())}"


def _name(title: str) -> str:
    name = clean_text(title) or "Call"
    return name if len(name) >= _SHORTEST_NAME else f"Call {name}"


def _roster(answer: ApiAnswer) -> Roster:
    """Whoever is counted and not named is somebody unseen. The answer holds no connections."""
    attendees = answer.element.findall("attendees/attendee")
    told = [(attendee.findtext("userID", ""), attendee.findtext("fullName")) for attendee in attendees]
    people = tuple(Person(key=stable_key(key), connection_id="", name=clean_text(name)) for key, name in told if key)
    is_complete = len(people) >= max(len(attendees), _count(answer.texts.get("participantCount", "")))
    return Roster(people, is_complete=is_complete, knows_connections=False)


def _count(digits: str) -> float:
    """Endless where nobody was counted in a way that we understand."""
    return int(digits) if re.fullmatch("[0-9]{1,9}", digits) else math.inf


def _has_ended(answer: ApiAnswer) -> bool:
    """A meeting is kept for a while after its end."""
    was_ended = answer.texts.get("hasBeenForciblyEnded", "").lower() == "true"
    return was_ended or answer.texts.get("endTime", "0") not in _NOTHING
