"""Zoom's meetings: made, found again, renamed, ended, and asked how they are.

https://developers.zoom.us/docs/api/meetings/
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import BeforeValidator

from app.clock import Clock
from app.domain.meetings import Meeting, MeetingRequest, Roster
from app.errors import PermanentFailure, TemporaryFailure
from app.providers.accounts import WebAddress
from app.providers.http import Answer
from app.providers.payloads import Key, Moment, Name, Payload, clean_text
from app.providers.zoom.account import ZoomAccount
from app.providers.zoom.api import GONE, ZoomApi, segment
from app.providers.zoom.dashboard import people_in
from app.providers.zoom.search import find, mark

UNTITLED = "Call"
# A meeting that runs may run on. One that nobody has begun by then is given up: Zoom would keep it for a month, and its
# host could hold one call less.
PLANNED = timedelta(hours=1)
# A meeting that is made later than this might not be in the list yet when another worker, who may take the call over
# 15 seconds after the search began, searches too.
SEARCHED_WITHIN = timedelta(seconds=4)

# What a meeting is that Zoom does not delete.
# https://developers.zoom.us/docs/api/meetings/#tag/meetings/DELETE/meetings/{meetingId}
IN_PROGRESS, ENDED = "3002", "3007"


class _Settings(Payload):
    """https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/users/{userId}/meetings, of the fields we set."""

    join_before_host: bool
    # At any time.
    jbh_time: Literal[0] = 0
    waiting_room: bool
    # 0: registration is needed, and approved at once; 2: none is needed.
    approval_type: Literal[0, 2]
    # A meeting under the host's personal id calls itself by another id in webhooks.
    use_pmi: bool = False
    # The link is given on the join page; nobody gets mail.
    registrants_email_notification: bool = False
    registrants_confirmation_email: bool = False
    allow_multiple_devices: bool = True


class _NewMeeting(Payload):
    """``type`` 2 is a scheduled meeting: an instant one is in no list, and takes no registration."""

    topic: str
    agenda: str
    type: Literal[2] = 2
    start_time: str
    timezone: str = "UTC"
    duration: int = PLANNED // timedelta(minutes=1)
    settings: _Settings


class MeetingTold(Payload):
    """A meeting as Zoom tells it, without what is the host's alone. ``status`` is ``waiting`` or ``started``; ``uuid``
    is of its present run, or of the next one."""

    id: Key
    uuid: str = ""
    status: str = ""
    join_url: WebAddress
    topic: Name = None

    @property
    def run(self) -> str:
        """What the dashboard knows the present run by."""
        return self.uuid or self.id


class _Watched(MeetingTold):
    """``start_time`` is when it is meant to begin; people may have put it off."""

    start_time: Annotated[Moment | None, BeforeValidator(lambda told: told or None)] = None

    def is_given_up(self, now: datetime) -> bool:
        return self.start_time is not None and now > self.start_time + PLANNED


class _Run(Payload):
    uuid: str = ""


class _Runs(Payload):
    meetings: tuple[_Run, ...] = ()


class _Status(Payload):
    action: Literal["end"] = "end"


class _Renamed(Payload):
    topic: str


class Meetings:
    """The meetings of one account's hosts."""

    def __init__(self, api: ZoomApi, account: ZoomAccount, clock: Clock) -> None:
        self._api = api
        self._account = account
        self._clock = clock

    def create(self, request: MeetingRequest, host: str) -> Meeting:
        """The meeting that an earlier attempt has made, whose answer never came; else a new one."""
        began = self._clock.now()
        made_before = find(self._api, host, request.key, began.date())
        if made_before is not None:
            return self._meeting(self.get(made_before))
        if self._clock.now() - began > SEARCHED_WITHIN:
            raise TemporaryFailure("slow", "Zoom took long to list its meetings; none was made yet.")
        answer = self._api.ask("POST", f"/users/{segment(host)}/meetings", self._new(request))
        return self._meeting(answer.read(MeetingTold))

    def get(self, meeting_id: str) -> MeetingTold:
        """Raises ``PermanentFailure`` with the code ``GONE`` when there is no such meeting any more."""
        return self._ask_for(meeting_id).read(MeetingTold)

    def rename(self, meeting_id: str, title: str) -> None:
        try:
            self._api.ask("PATCH", f"/meetings/{segment(meeting_id)}", _Renamed(topic=_topic(title))).read_nothing()
        except PermanentFailure as failure:
            if failure.code != GONE:
                raise

    def end(self, meeting_id: str) -> None:
        """Everybody is put out, and the meeting is removed, so that its links lead nowhere any more. What Zoom says to
        the end of a meeting that has not begun is written nowhere: that it can be removed shows that it is over."""
        refusal = self._put_out(meeting_id)
        try:
            self._remove(meeting_id)
        except PermanentFailure as failure:
            # The end takes a moment.
            is_ending = failure.code == IN_PROGRESS and refusal is None
            if not is_ending:
                raise refusal or failure from None

    def look(self, meeting_id: str) -> Roster | None:
        """A meeting waits before its first run and after each. That it has run once means that it is over. One that
        is given up is removed, which Zoom refuses should somebody begin it now.

        The dashboard does not tell of a running meeting who came by a link of their own, so where there are such links
        the people it tells would be others than those of webhooks.
        """
        try:
            told = self._ask_for(meeting_id).read(_Watched)
        except PermanentFailure as failure:
            if failure.code == GONE:
                return None
            raise
        if told.status != "waiting":
            unseen = Roster((), is_complete=False)
            seen = unseen if self._account.registration else people_in(self._api, told.run)
            return replace(seen, title=told.topic)
        if self._has_run(meeting_id):
            return None
        if told.is_given_up(self._clock.now()):
            self._remove(meeting_id)
            return None
        return Roster((), title=told.topic)

    def _ask_for(self, meeting_id: str) -> Answer:
        return self._api.ask("GET", f"/meetings/{segment(meeting_id)}")

    def _new(self, request: MeetingRequest) -> _NewMeeting:
        return _NewMeeting(
            topic=_topic(request.title),
            agenda=f"Started from Slack. {mark(request.key)}",
            start_time=f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ}",
            settings=_Settings(
                join_before_host=self._account.join_before_host,
                waiting_room=self._account.waiting_room,
                approval_type=0 if self._account.registration else 2,
            ),
        )

    def _meeting(self, told: MeetingTold) -> Meeting:
        """The link of the desktop app is for everybody, so there is none where everybody has a link of their own."""
        desktop = None if self._account.registration else desktop_link(told.join_url, told.id)
        return Meeting(id=told.id, desktop_app_join_url=desktop, display_id=grouped(told.id))

    def _put_out(self, meeting_id: str) -> PermanentFailure | None:
        """None when everybody is out, or will be in a moment."""
        try:
            self._api.ask("PUT", f"/meetings/{segment(meeting_id)}/status", _Status()).read_nothing()
        except PermanentFailure as failure:
            return failure
        return None

    def _remove(self, meeting_id: str) -> None:
        """Nobody gets mail about it. One that is gone is removed, and one that is over may stay."""
        query = urlencode({"schedule_for_reminder": "false", "cancel_meeting_reminder": "false"})
        try:
            self._api.ask("DELETE", f"/meetings/{segment(meeting_id)}?{query}").read_nothing()
        except PermanentFailure as failure:
            if failure.code not in {GONE, ENDED}:
                raise

    def _has_run(self, meeting_id: str) -> bool:
        try:
            answer = self._api.ask("GET", f"/past_meetings/{segment(meeting_id)}/instances")
        except PermanentFailure as failure:
            if failure.code == GONE:
                return False
            raise
        return bool(answer.read(_Runs).meetings)


def _topic(title: str) -> str:
    return clean_text(title) or UNTITLED


def grouped(meeting_id: str) -> str:
    """As Zoom writes it: 987 6543 2109, 987 654 3210."""
    tail = meeting_id[-4:]
    head, middle = meeting_id[:3], meeting_id[3:-4]
    return f"{head} {middle} {tail}" if meeting_id.isdecimal() and len(meeting_id) in {10, 11} else meeting_id


def desktop_link(join_url: str, meeting_id: str) -> str:
    """Opens Zoom's app at once, without a page in the browser before it. The passcode in the link is the same; what
    this looks like is known from those who use it, as Zoom does not write it down."""
    parts = urlsplit(join_url)
    passcode = dict(parse_qsl(parts.query)).get("pwd", "")
    query = {"action": "join", "confno": meeting_id, "pwd": passcode}
    return f"zoommtg://{parts.netloc}/join?{urlencode({name: value for name, value in query.items() if value})}"
