"""A meeting is a private room; everybody enters with a token of their own, so identities in webhooks are ours."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, SecretStr

from app.clock import Clock
from app.config import BaseAddress
from app.domain.events import Event
from app.domain.lanes import Pace
from app.domain.meetings import Capabilities, Meeting, MeetingRequest, PersonalLink, Roster, Visitor
from app.providers.accounts import Account, HeaderSecret
from app.providers.base import Provider, WebhookReply, WebhookRequest
from app.providers.daily.api import Api
from app.providers.daily.hooks import Hooks
from app.providers.daily.rooms import Rooms
from app.providers.daily.webhooks import answer_check, parse_events, test_delivery, verify
from app.providers.http import Http

# The link is made when somebody presses Join and must outlast a long meeting: the browser comes back with the same
# token after a lost connection.
JOIN_WITHIN = timedelta(hours=6)
SHORTEST_SECRET_BYTES = 16


def _signing_secret(value: SecretStr) -> SecretStr:
    try:
        length = len(_decoded(value))
    except (binascii.Error, ValueError):
        length = 0
    if length < SHORTEST_SECRET_BYTES:
        raise ValueError("must be at least 16 random bytes in base64: openssl rand -base64 32 makes one")
    return value


def _decoded(secret: SecretStr) -> bytes:
    return base64.b64decode(secret.get_secret_value(), validate=True)


SigningSecret: TypeAlias = Annotated[SecretStr, AfterValidator(_signing_secret)]


class DailyAccount(Account):
    """One Daily domain."""

    api_key: HeaderSecret = Field(description="The API key, from Developers in Daily's dashboard.")
    webhook_secret: SigningSecret = Field(
        description="A secret in base64 that you make up, by openssl rand -base64 32: Daily is told to sign its "
        "webhooks with it.",
    )
    previous_webhook_secret: SigningSecret | None = Field(
        default=None,
        description="While secrets are being changed: the old one, whose webhooks are still accepted.",
    )
    room_hours: float = Field(
        default=24,
        ge=1,
        le=24 * 365,
        description="After how many hours a room is closed and deleted, whoever is in it.",
    )
    url: BaseAddress = Field(
        default="https://api.daily.co/v1",
        description="Where Daily's API is; another address only for tests.",
    )

    @property
    def signing_keys(self) -> tuple[bytes, ...]:
        """The keys whose signatures count, the current one first."""
        both = (self.webhook_secret, self.previous_webhook_secret)
        return tuple(_decoded(secret) for secret in both if secret is not None)


class Daily(Provider):
    name = "daily"
    display_name = "Daily"
    capabilities = Capabilities(
        sends_events=True, ends_meetings=True, looks=True, personal_links=True, registers_webhooks=True
    )
    Account = DailyAccount
    # The tightest limit is that of DELETE: 50 in half a minute. https://docs.daily.co/docs/rest-api/authentication
    pace = Pace(90, burst=10)
    # Refused deliveries are failures, and after some of them Daily would stop the whole hook.
    malformed_status = 200

    def __init__(self, account: DailyAccount, clock: Clock, *, webhook_url: str = "") -> None:
        super().__init__(account, clock, webhook_url=webhook_url)
        self._room_lasts = timedelta(hours=account.room_hours)
        self._account = account
        secret = account.webhook_secret
        http = Http(
            account.url,
            clock,
            vendor=self.display_name,
            check=("DAILY_API_KEY",),
            secrets=(secret.get_secret_value(),),
            only_public=account.only_public,
        )
        api = Api(http, account.api_key)
        self._rooms = Rooms(api)
        self._hooks = Hooks(api, clock, url=webhook_url, secret=secret)

    def create_meeting(self, request: MeetingRequest) -> Meeting:
        """The key is the room's name, and a room is created once under its name."""
        self._rooms.create(request.key, expires_at=self.clock.now() + self._room_lasts)
        self._hooks.look_after()
        return Meeting(id=request.key)

    def check(self) -> Sequence[str]:
        return (*self._rooms.check(), *self._hooks.check())

    def end_meeting(self, meeting: Meeting) -> None:
        self._rooms.delete(meeting.id)

    def look(self, meeting: Meeting) -> Roster | None:
        self._hooks.look_after()
        return self._rooms.people_in(meeting.id)

    def personal_link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        """A link to Daily's own page, good for ``JOIN_WITHIN``."""
        url = self._rooms.link(meeting.id, visitor, expires_at=self.clock.now() + JOIN_WITHIN)
        return PersonalLink(url=url, person_key=visitor.key)

    def set_up_webhooks(self) -> str:
        return self._hooks.set_up()

    def answer_challenge(self, request: WebhookRequest) -> WebhookReply | None:
        return answer_check(request.body)

    def verify(self, request: WebhookRequest) -> None:
        verify(request, self._account.signing_keys, self.clock.now())

    def parse_events(self, request: WebhookRequest) -> Sequence[Event]:
        return parse_events(request.body)

    def test_delivery(self) -> WebhookRequest:
        return test_delivery(self._account.signing_keys[0], self.clock.now())
