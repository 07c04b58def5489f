"""The links that people enter by: the host's, a registrant's, one with a name, or the meeting's own."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, SecretStr

from app import logs
from app.config import is_web_address
from app.domain.meetings import Meeting, PersonalLink, Visitor
from app.errors import RateLimited, RequestFailed
from app.providers.accounts import WebAddress
from app.providers.payloads import Key, Payload, clean_text
from app.providers.zoom.account import ZoomAccount
from app.providers.zoom.api import LARGEST_PAGE, ZoomApi, segment
from app.providers.zoom.meetings import Meetings
from app.providers.zoom.scopes import FOR_NAMES

LONGEST_NAME = 64
UNNAMED = "Guest"
# From when somebody presses Join; long enough to come back after a lost connection.
NAMED_LINK_SECONDS = 6 * 60 * 60

log = logs.get(__name__)


def _secret_address(value: SecretStr) -> SecretStr:
    if not is_web_address(value.get_secret_value()):
        raise ValueError("is no web address")
    return value


class _HostsMeeting(Payload):
    """``start_url`` makes whoever opens it the host: Zoom makes it anew for each request, for two hours."""

    start_url: Annotated[SecretStr, AfterValidator(_secret_address)]
    host_id: Key | None = None


class _NewRegistrant(Payload):
    email: str
    first_name: str


class _Registered(Payload):
    join_url: WebAddress
    registrant_id: Key


class _Registrant(Payload):
    id: Key
    email: str = ""
    join_url: WebAddress


class _Registrants(Payload):
    registrants: tuple[_Registrant, ...] = ()


class _Attendee(Payload):
    name: str


class _NewInviteLinks(Payload):
    attendees: tuple[_Attendee, ...]
    ttl: int = NAMED_LINK_SECONDS


class _InviteLink(Payload):
    join_url: WebAddress


class _InviteLinks(Payload):
    attendees: tuple[_InviteLink, ...]


class Links:
    """Makes a link for one visitor, each time they ask."""

    def __init__(self, api: ZoomApi, meetings: Meetings, account: ZoomAccount) -> None:
        self._api = api
        self._meetings = meetings
        self._registration = account.registration

    def link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        if visitor.is_host:
            return self._for_host(meeting)
        if self._registration:
            return self._for_registrant(meeting, visitor)
        return PersonalLink(url=self._named(meeting, visitor) or self._plain(meeting))

    def _for_host(self, meeting: Meeting) -> PersonalLink:
        """Never kept. They come in as the Zoom user who holds the meeting; that somebody else has signed in as that
        user is possible."""
        told = self._api.ask("GET", f"/meetings/{segment(meeting.id)}").read(_HostsMeeting)
        return PersonalLink(url=told.start_url.get_secret_value(), person_key=told.host_id, is_proof=False)

    def _for_registrant(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        """Somebody without an address registers at Zoom's own page, where the plain link leads. Anybody can register
        there with this visitor's address, and might be given the same link, so it proves nothing."""
        if visitor.email is None:
            return PersonalLink(url=self._plain(meeting))
        path = f"/meetings/{segment(meeting.id)}/registrants"
        try:
            answer = self._api.ask("POST", path, _NewRegistrant(email=visitor.email, first_name=_name(visitor)))
        except RateLimited as limit:
            # Three times a day for each person and meeting; whoever comes a fourth time is registered already.
            known = self._known(path, visitor.email)
            if known is None:
                raise limit from None
            return PersonalLink(url=known.join_url, person_key=known.id, is_proof=False)
        told = answer.read(_Registered)
        return PersonalLink(url=told.join_url, person_key=told.registrant_id, is_proof=False)

    def _known(self, path: str, email: str) -> _Registrant | None:
        found = self._api.ask("GET", f"{path}?status=approved&page_size={LARGEST_PAGE}").read(_Registrants)
        return next((one for one in found.registrants if one.email.casefold() == email.casefold()), None)

    def _named(self, meeting: Meeting, visitor: Visitor) -> str | None:
        """A link that fills in the name; None where there is none now, which keeps nobody out. Nothing of it comes back
        in webhooks."""
        if not self._api.scopes().allow(FOR_NAMES):
            return None
        wanted = _NewInviteLinks(attendees=(_Attendee(name=_name(visitor)),))
        try:
            told = self._api.ask("POST", f"/meetings/{segment(meeting.id)}/invite_links", wanted).read(_InviteLinks)
        except RequestFailed as failure:
            log.warning("no link with a name", provider="zoom", why=str(failure))
            return None
        return told.attendees[0].join_url if told.attendees else None

    def _plain(self, meeting: Meeting) -> str:
        return self._meetings.get(meeting.id).join_url


def _name(visitor: Visitor) -> str:
    return (clean_text(visitor.name) or UNNAMED)[:LONGEST_NAME].strip()
