"""A meeting is known by our key; everybody enters by a signed link of their own, so that ids in webhooks are ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from app.clock import Clock
from app.config import is_base_address
from app.domain.events import Event
from app.domain.meetings import Capabilities, Meeting, MeetingRequest, PersonalLink, Roster, Visitor
from app.providers.accounts import Account, HeaderSecret
from app.providers.base import Provider, WebhookRequest
from app.providers.bigbluebutton.api import Api
from app.providers.bigbluebutton.checksums import Algorithm
from app.providers.bigbluebutton.hooks import Hooks
from app.providers.bigbluebutton.webhooks import parse_events, test_delivery, verify
from app.providers.http import Http


def _api_address(value: str) -> str:
    """``bbb-conf --secret`` tells https://meet.example.com/bigbluebutton/; others tell the host, or the whole address
    of the API."""
    if not is_base_address(value):
        raise ValueError("must be an address such as https://meet.example.com/bigbluebutton")
    address = value.rstrip("/")
    if address.endswith("/api"):
        return address
    return f"{address.removesuffix('/bigbluebutton')}/bigbluebutton/api"


class BigBlueButtonAccount(Account):
    """One BigBlueButton server."""

    url: Annotated[str, AfterValidator(_api_address)] = Field(
        description="The address of the server, with or without /bigbluebutton/api: as `bbb-conf --secret` tells it.",
    )
    secret: HeaderSecret = Field(description="The secret that the server shares with us: `bbb-conf --secret` tells it.")
    previous_secret: HeaderSecret | None = Field(
        default=None,
        description="While secrets are being changed: the old one, whose webhooks are still accepted.",
    )
    checksum: Algorithm = Field(
        default=Algorithm.SHA256,
        description="What requests and links are signed with: sha1, sha256, sha384 or sha512.",
    )
    webhook_checksum: Algorithm = Field(
        default=Algorithm.SHA1,
        description="The weakest checksum that webhooks may have. sha1 is what bbb-webhooks makes by default.",
    )

    @property
    def secrets(self) -> tuple[str, ...]:
        """Those that may stand under webhooks, the current one first."""
        both = (self.secret, self.previous_secret)
        return tuple(secret.get_secret_value() for secret in both if secret is not None)


class BigBlueButton(Provider):
    name = "bigbluebutton"
    display_name = "BigBlueButton"
    capabilities = Capabilities(
        sends_events=True,
        ends_meetings=True,
        looks=True,
        personal_links=True,
        registers_webhooks=True,
    )
    Account = BigBlueButtonAccount
    # With voice-conf, a number, anybody can dial in.
    secret_fields = frozenset({"moderator-pass", "viewer-pass", "voice-conf"})
    # A delivery that is answered 400 comes twelve times again, and then the hook is deleted.
    malformed_status = 200

    def __init__(self, account: BigBlueButtonAccount, clock: Clock, *, webhook_url: str = "") -> None:
        super().__init__(account, clock, webhook_url=webhook_url)
        self._settings = account
        http = Http(
            account.url,
            clock,
            vendor=self.display_name,
            check=("BIGBLUEBUTTON_SECRET",),
            secrets=account.secrets,
            only_public=account.only_public,
        )
        self._api = Api(http, account.url, secret=account.secret, algorithm=account.checksum)
        self._hooks = Hooks(self._api, clock, url=webhook_url)

    def create_meeting(self, request: MeetingRequest) -> Meeting:
        """The key is the meeting's id. Nobody can join before we have it, so the hook may come second."""
        self._api.create(request.key, title=request.title)
        self._hooks.keep_alive()
        return Meeting(id=request.key)

    def check(self) -> Sequence[str]:
        return [*self._api.check(), *self._hooks.check()]

    def set_up_webhooks(self) -> str:
        return self._hooks.set_up()

    def test_delivery(self) -> WebhookRequest:
        return test_delivery(
            url=self.webhook_url,
            secret=self._settings.secret.get_secret_value(),
            algorithm=self._settings.webhook_checksum,
            now=self.clock.now(),
        )

    def end_meeting(self, meeting: Meeting) -> None:
        self._api.end(meeting.id)

    def look(self, meeting: Meeting) -> Roster | None:
        roster = self._api.look(meeting.id)
        self._hooks.keep_alive()
        return roster

    def personal_link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        """Good as long as the meeting is. Not bound to its ``createTime``: an id of ours is never used again."""
        return PersonalLink(url=self._api.join_url(meeting.id, visitor), person_key=visitor.key)

    def verify(self, request: WebhookRequest) -> None:
        verify(
            request,
            url=self.webhook_url,
            secrets=self._settings.secrets,
            weakest=self._settings.webhook_checksum,
        )

    def parse_events(self, request: WebhookRequest) -> Sequence[Event]:
        return parse_events(request.body)
