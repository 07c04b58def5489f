"""A meeting is a room that is made for a time; names and ids in its links are claims, not proofs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field, StringConstraints

from app.clock import Clock
from app.config import BaseAddress
from app.domain.events import Event
from app.domain.lanes import Pace
from app.domain.meetings import Capabilities, Meeting, MeetingRequest, PersonalLink, Visitor
from app.providers.accounts import Account, HeaderSecret
from app.providers.base import Provider, WebhookRequest
from app.providers.http import Http
from app.providers.whereby.links import personal_url
from app.providers.whereby.meetings import Meetings
from app.providers.whereby.webhooks import parse_events, test_delivery, verify


class WherebyAccount(Account):
    """One Whereby Embedded account."""

    api_key: HeaderSecret = Field(description="The API key, from Configure in Whereby's dashboard.")
    webhook_secret: HeaderSecret = Field(description="The secret of the webhook, as Whereby's dashboard shows it.")
    previous_webhook_secret: HeaderSecret | None = Field(
        default=None,
        description="While webhooks are being changed: the secret of the old one, which is still accepted.",
    )
    limit_hours: float = Field(
        default=4,
        gt=0,
        le=168,
        description="After how many hours a call is ended and its room deleted, whoever is in it.",
    )
    idle_minutes: float = Field(
        default=5,
        ge=1,
        le=1440,
        description="How many minutes after the last one has left a call is ended.",
    )
    avatar_host: Annotated[str, StringConstraints(to_lower=True, pattern="^[a-zA-Z0-9.-]+$")] | None = Field(
        default=None,
        description="The host of profile pictures that Whereby's dashboard allows, such as avatars.slack-edge.com; "
        "without it no pictures are passed on.",
    )
    url: BaseAddress = Field(
        default="https://api.whereby.dev/v1",
        description="Where Whereby's API is; another address only for tests.",
    )

    @property
    def signing_keys(self) -> tuple[bytes, ...]:
        """The keys whose signatures count, the current one first."""
        both = (self.webhook_secret, self.previous_webhook_secret)
        return tuple(secret.get_secret_value().encode() for secret in both if secret is not None)


class Whereby(Provider):
    name = "whereby"
    display_name = "Whereby"
    capabilities = Capabilities(sends_events=True, ends_meetings=True, personal_links=True)
    Account = WherebyAccount
    # The smallest plan has 100 points a minute, for all of its keys together. A call that is started costs 4 of them,
    # one that is ended 2. https://docs.whereby.com/reference/whereby-rest-api-reference#rate-limiting-throttling
    pace = Pace(20, burst=5)

    def __init__(self, account: WherebyAccount, clock: Clock, *, webhook_url: str = "") -> None:
        super().__init__(account, clock, webhook_url=webhook_url)
        self._account = account
        http = Http(
            account.url, clock, vendor=self.display_name, check=("WHEREBY_API_KEY",), only_public=account.only_public
        )
        self._meetings = Meetings(http, account.api_key, clock)

    @property
    def limit_seconds(self) -> float:
        """Whereby cannot be asked who is in."""
        return self._account.limit_hours * 3600

    @property
    def idle_seconds(self) -> float:
        """No webhook says that a meeting is over."""
        return self._account.idle_minutes * 60

    def create_meeting(self, request: MeetingRequest) -> Meeting:
        ends_at = self.clock.now() + timedelta(seconds=self.limit_seconds)
        return Meeting(id=self._meetings.create(request.key, ends_at=ends_at))

    def check(self) -> Sequence[str]:
        return self._meetings.check()

    def end_meeting(self, meeting: Meeting) -> None:
        self._meetings.delete(meeting.id)

    def personal_link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        """The address of the room, the host's own for the host, with who they are among its parameters."""
        address = self._meetings.host_room_url if visitor.is_host else self._meetings.room_url
        url = personal_url(address(meeting.id), visitor, avatar_host=self._account.avatar_host)
        return PersonalLink(url=url, person_key=visitor.key, is_proof=False)

    def verify(self, request: WebhookRequest) -> None:
        verify(request, self._account.signing_keys, self.clock.now())

    def parse_events(self, request: WebhookRequest) -> Sequence[Event]:
        return parse_events(request.body)

    def test_delivery(self) -> WebhookRequest:
        return test_delivery(self._account.signing_keys[0], self.clock.now())
