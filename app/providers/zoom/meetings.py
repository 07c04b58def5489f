"""Zoom's meetings: made, found again, renamed, ended, and asked how they are.

https://developers.zoom.us/docs/api/meetings/
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from app.clock import Clock
from app.domain.meetings import Meeting, MeetingRequest, Roster
from app.errors import PermanentFailure, TemporaryFailure
from app.providers.accounts import WebAddress
from app.providers.payloads import Key, Payload, clean_text
from app.providers.zoom.account import ZoomAccount
from app.providers.zoom.api import GONE, ZoomApi, segment
from app.providers.zoom.dashboard import people_in

UNTITLED = "Call"
# For the host's calendar only: nothing happens when it is over.
PLANNED_MINUTES = 60
LARGEST_PAGE = 300
# A host makes no more than 100 meetings a day by the API, so three days fit on one page, and people's own behind it.
MOST_PAGES = 5
DAYS_AROUND = timedelta(days=1)
# What comes after the search must be over before another worker may take the call over, and search too.
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
    duration: int = PLANNED_MINUTES
    settings: _Settings


class MeetingTold(Payload):
    """A meeting as Zoom tells it, without what is the host's alone. ``status`` is ``waiting`` or ``started``; ``uuid``
    is of its present run, or of the next one."""

    id: Key
    uuid: str = ""
    status: str = ""
    join_url: WebAddress

    @property
    def run(self) -> str:
        """What the dashboard knows the present run by."""
        return self.uuid or self.id


class _Listed(Payload):
    id: Key
    agenda: str | None = None


class _List(Payload):
    meetings: tuple[_Listed, ...] = ()
    next_page_token: str | None = None


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
        """Zoom knows no keys, so ours stands in the agenda, and is looked for before a meeting is made: an earlier
        attempt may have made one whose answer never came."""
        began = self._clock.now()
        made_before = self._find(host, request.key)
        if made_before is not None:
            return self._meeting(self.get(made_before))
        if self._clock.now() - began > SEARCHED_WITHIN:
            raise TemporaryFailure("slow", "Zoom took long to list its meetings; none was made yet.")
        answer = self._api.ask("POST", f"/users/{segment(host)}/meetings", self._new(request))
        return self._meeting(answer.read(MeetingTold))

    def get(self, meeting_id: str) -> MeetingTold:
        """Raises ``PermanentFailure`` with the code ``GONE`` when there is no such meeting any more."""
        return self._api.ask("GET", f"/meetings/{segment(meeting_id)}").read(MeetingTold)

    def rename(self, meeting_id: str, title: str) -> None:
        try:
            self._api.ask("PATCH", f"/meetings/{segment(meeting_id)}", _Renamed(topic=_topic(title)))
        except PermanentFailure as failure:
            if failure.code != GONE:
                raise

    def end(self, meeting_id: str) -> None:
        """Everybody is put out, and the meeting is removed, so that its links lead nowhere any more. What Zoom says to
        the end of a meeting that has not begun is written nowhere: that it can be removed shows that it is over."""
        refusal = self._put_out(meeting_id)
        query = urlencode({"schedule_for_reminder": "false", "cancel_meeting_reminder": "false"})
        try:
            self._api.ask("DELETE", f"/meetings/{segment(meeting_id)}?{query}")
        except PermanentFailure as failure:
            # The end takes a moment.
            is_ending = failure.code == IN_PROGRESS and refusal is None
            if failure.code not in {GONE, ENDED} and not is_ending:
                raise refusal or failure from None

    def look(self, meeting_id: str) -> Roster | None:
        """A meeting waits before its first run and after each. That it has run once means that it is over.

        The dashboard does not tell of a running meeting who came by a link of their own, so where there are such links
        the people it tells would be others than those of webhooks.
        """
        try:
            told = self.get(meeting_id)
        except PermanentFailure as failure:
            if failure.code == GONE:
                return None
            raise
        if told.status != "waiting":
            return Roster((), is_complete=False) if self._account.registration else people_in(self._api, told.run)
        return None if self._has_run(meeting_id) else Roster(())

    def _find(self, host: str, key: str) -> str | None:
        marked = _mark(key)
        return next((one.id for one in self._listed(host) if one.agenda and marked in one.agenda), None)

    def _listed(self, host: str) -> Iterator[_Listed]:
        """What the host has around today."""
        today, page_token = self._clock.now().date(), ""
        days = {"from": f"{today - DAYS_AROUND}", "to": f"{today + DAYS_AROUND}", "timezone": "UTC"}
        for _ in range(MOST_PAGES):
            query = {"type": "scheduled", "page_size": LARGEST_PAGE, **days, "next_page_token": page_token}
            path = f"/users/{segment(host)}/meetings?{urlencode({name: v for name, v in query.items() if v})}"
            page = self._api.ask("GET", path).read(_List)
            yield from page.meetings
            page_token = page.next_page_token or ""
            if not page_token:
                return

    def _new(self, request: MeetingRequest) -> _NewMeeting:
        return _NewMeeting(
            topic=_topic(request.title),
            agenda=f"Started from Slack. {_mark(request.key)}",
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
            self._api.ask("PUT", f"/meetings/{segment(meeting_id)}/status", _Status())
        except PermanentFailure as failure:
            return failure
        return None

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


def _mark(key: str) -> str:
    return f"[{key}]"


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
