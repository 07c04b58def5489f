"""A meeting is a scheduled meeting of one of the account's licensed users, from now on."""

from __future__ import annotations

from collections.abc import Sequence

from app.clock import Clock
from app.domain.events import Event
from app.domain.meetings import Capabilities, Meeting, MeetingRequest, PersonalLink, Roster, Visitor
from app.providers.base import Provider, WebhookReply, WebhookRequest
from app.providers.zoom.account import ZoomAccount
from app.providers.zoom.api import ZoomApi
from app.providers.zoom.check import check
from app.providers.zoom.links import Links
from app.providers.zoom.meetings import Meetings
from app.providers.zoom.webhooks import answer_challenge, parse_events, test_delivery, verify


class Zoom(Provider):
    name = "zoom"
    display_name = "Zoom"
    # The host needs a link of their own however the others come in, so the card always leads to our join page.
    capabilities = Capabilities(
        sends_events=True, ends_meetings=True, renames_meetings=True, looks=True, personal_links=True
    )
    Account = ZoomAccount
    secret_fields = frozenset(
        {
            "encrypted_password",
            "h323_password",
            "join_url",
            "password",
            "pstn_password",
            "registration_url",
            "start_url",
        }
    )

    def __init__(self, account: ZoomAccount, clock: Clock, *, webhook_url: str = "") -> None:
        super().__init__(account, clock, webhook_url=webhook_url)
        self.pace = account.pace
        self.meetings_per_host = account.meetings_per_host
        self._account = account
        self._api = ZoomApi(account, clock)
        self._meetings = Meetings(self._api, account, clock)
        self._links = Links(self._api, self._meetings, account)

    @property
    def hosts(self) -> Sequence[str]:
        return self._account.hosts

    def create_meeting(self, request: MeetingRequest) -> Meeting:
        return self._meetings.create(request, request.host or self.hosts[0])

    def check(self) -> Sequence[str]:
        return check(self._api, self._account)

    def end_meeting(self, meeting: Meeting) -> None:
        self._meetings.end(meeting.id)

    def rename_meeting(self, meeting: Meeting, title: str) -> None:
        self._meetings.rename(meeting.id, title)

    def look(self, meeting: Meeting) -> Roster | None:
        return self._meetings.look(meeting.id)

    def personal_link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        return self._links.link(meeting, visitor)

    def answer_challenge(self, request: WebhookRequest) -> WebhookReply | None:
        return answer_challenge(request, self._account.webhook_secrets, self.clock.now())

    def verify(self, request: WebhookRequest) -> None:
        verify(request, self._account.webhook_secrets, self.clock.now())

    def parse_events(self, request: WebhookRequest) -> Sequence[Event]:
        return parse_events(request.body)

    def test_delivery(self) -> WebhookRequest:
        return test_delivery(self._account.webhook_secrets[0], self.clock.now())
