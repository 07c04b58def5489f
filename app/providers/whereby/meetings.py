"""Whereby's meetings: rooms that are made for a time. https://docs.whereby.com/reference/whereby-rest-api-reference"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Annotated, TypeAlias
from urllib.parse import quote, urlencode, urlsplit

from pydantic import BaseModel, Field, SecretStr, StringConstraints

from app.clock import Clock
from app.errors import TemporaryFailure
from app.providers.accounts import WebAddress
from app.providers.http import Answer, Http
from app.providers.payloads import Payload

_NOT_FOUND = frozenset({404})
# A room that is made later than this might not be in the list yet when another worker, who may take the call over 15
# seconds after the search began, searches too.
_SEARCHED_WITHIN = timedelta(seconds=4)
# Enough for the calls of a day; those that are forgotten are asked for again.
_ADDRESSES_REMEMBERED = 1000

MeetingId: TypeAlias = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_-]{1,100}$")]
"""A number so far. Told back to Whereby as it is, so it cannot be a ``Key``, which may be a hash."""


class _Wanted(BaseModel):
    """``group`` is for more than four people. The host's address is thrown away and asked for again when the host
    comes; but the documents promise it only for meetings that were made with it."""

    end_date: datetime = Field(serialization_alias="endDate")
    room_name_prefix: str = Field(serialization_alias="roomNamePrefix")
    room_mode: str = Field(default="group", serialization_alias="roomMode")
    is_locked: bool = Field(default=False, serialization_alias="isLocked")
    fields: tuple[str, ...] = ("hostRoomUrl",)


class _Meeting(Payload):
    meeting_id: MeetingId = Field(alias="meetingId")
    room_url: WebAddress = Field(alias="roomUrl")


class _HostsMeeting(_Meeting):
    host_room_url: WebAddress | None = Field(default=None, alias="hostRoomUrl", repr=False)


class _Page(Payload):
    results: tuple[_Meeting, ...]


class Meetings:
    """The meetings of one account. Addresses of rooms are remembered: in a small plan a hundred people who come within
    the same minute would use up all that we may ask."""

    def __init__(self, http: Http, key: SecretStr, clock: Clock) -> None:
        self._http = http
        self._key = key
        self._clock = clock
        self._room_urls: dict[str, str] = {}

    def check(self) -> tuple[str, ...]:
        """What is proven by asking for a list, a sentence each."""
        answer = self._ask("GET", "/meetings?limit=1")
        return ("It answers, and accepts WHEREBY_API_KEY.", self._http.compare_clocks(answer))

    def create(self, key: str, *, ends_at: datetime) -> str:
        """The id of the meeting for ``key``, made now or found by its room's name, which begins with what ``key``
        gives: Whereby itself does not know a request that comes again."""
        prefix, began = _prefix(key), self._clock.now()
        meeting = self._find(prefix)
        if meeting is None:
            if self._clock.now() - began > _SEARCHED_WITHIN:
                raise TemporaryFailure("slow", "Whereby took long to list its meetings; none was made yet.")
            meeting = self._ask("POST", "/meetings", _Wanted(end_date=ends_at, room_name_prefix=prefix)).read(_Meeting)
        self._remember(meeting)
        return meeting.meeting_id

    def delete(self, meeting_id: str) -> None:
        """Everybody is put out. A meeting that is gone is deleted."""
        self._room_urls.pop(meeting_id, None)
        self._ask("DELETE", _path(meeting_id), expected=_NOT_FOUND).read_nothing()

    def room_url(self, meeting_id: str) -> str:
        """The address that is the same for all. Raises ``PermanentFailure`` when the meeting is gone."""
        if url := self._room_urls.get(meeting_id):
            return url
        meeting = self._ask("GET", _path(meeting_id)).read(_Meeting)
        self._remember(meeting)
        return meeting.room_url

    def host_room_url(self, meeting_id: str) -> str:
        """The address with the host's key in it: whoever has it is host, so it is never kept."""
        meeting = self._ask("GET", f"{_path(meeting_id)}?fields=hostRoomUrl").read(_HostsMeeting)
        return meeting.host_room_url or meeting.room_url

    def _find(self, prefix: str) -> _Meeting | None:
        """Of several, made by two requests at once, always the same. What the filter lets pass is looked at again: it
        stands in a guide of Whereby's and not in its reference."""
        query = urlencode({"roomName[startsWith]": f"/{prefix}"})
        page = self._ask("GET", f"/meetings?{query}").read(_Page)
        ours = [one for one in page.results if urlsplit(one.room_url).path.startswith(f"/{prefix}")]
        return min(ours, key=lambda one: (len(one.meeting_id), one.meeting_id), default=None)

    def _remember(self, meeting: _Meeting) -> None:
        if len(self._room_urls) >= _ADDRESSES_REMEMBERED:
            self._room_urls.clear()
        self._room_urls[meeting.meeting_id] = meeting.room_url

    def _ask(
        self, method: str, path: str, wanted: BaseModel | None = None, *, expected: frozenset[int] = frozenset()
    ) -> Answer:
        return self._http.request(
            method,
            path,
            authorization=f"Bearer {self._key.get_secret_value()}",
            headers={"Content-Type": "application/json"} if wanted else None,
            content=wanted.model_dump_json(by_alias=True).encode() if wanted else None,
            expected=expected,
        )


def _path(meeting_id: str) -> str:
    return f"/meetings/{quote(meeting_id, safe='')}"


def _prefix(key: str) -> str:
    """Lower-case letters and digits, 39 at the most. A hash, so that the address does not give away our own key."""
    return "call" + hashlib.sha256(f"whereby:{key}".encode()).hexdigest()[:32]
