"""A meeting is a room, and a room begins with its first person: there is nothing to create.

With the server's ``app_id`` and ``app_secret`` everybody enters with a signed link of their own, so identities in
webhooks are ours; without them all get the same plain link. Prosody's optional modules end meetings and tell which
rooms there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, ValidationInfo, field_validator

from app.clock import Clock
from app.config import BaseAddress
from app.domain.events import Event
from app.domain.meetings import Capabilities, Meeting, MeetingRequest, PersonalLink, Roster, Visitor
from app.errors import PermanentFailure
from app.providers.accounts import Account, HeaderSecret, HeaderValue, PrivateKey, read_private_key
from app.providers.base import Provider, WebhookRequest
from app.providers.http import Http
from app.providers.jitsi.modules import EndMeeting, RoomSizes
from app.providers.jitsi.rooms import Room, Sightings
from app.providers.jitsi.tokens import AUDIENCE, App, SystemKey, join_token
from app.providers.jitsi.web_app import muc_domain_in
from app.providers.jitsi.webhooks import EVENT_PATHS, parse_events, test_delivery, verify
from app.providers.payloads import clean_text

_NOT_FOUND = frozenset({404})

# The end may be lost while we are away. Whoever is in a breakout room is not seen: a meeting that is all in breakout
# rooms must outlast this.
EMPTY_FOR_SECONDS = 2 * 60 * 60.0

# Short enough that the address of a room is a key as it stands.
Domain: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$", max_length=100, to_lower=True)
]
Tenant: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$", to_lower=True)]

# Which setting each of these is worth nothing without.
_BELONGS_TO = {"app_secret": "app_id", "end_private_key": "end_url", "end_key_id": "end_url"}


class JitsiAccount(Account):
    """One Jitsi server."""

    url: BaseAddress = Field(description="The address of the web app, such as https://meet.example.com.")
    webhook_token: HeaderSecret = Field(
        description="What mod_event_sync sends as Authorization: Bearer … in its api_headers; long and random.",
    )
    previous_webhook_token: HeaderSecret | None = Field(
        default=None,
        description="While tokens are being changed: the old one, whose webhooks are still accepted.",
    )
    app_id: HeaderValue | None = Field(
        default=None,
        description="Prosody's app_id, so that people come in under their own names; without it all get the same link.",
    )
    app_secret: HeaderSecret | None = Field(
        default=None,
        validate_default=True,
        description="Prosody's app_secret, which belongs to the app_id.",
    )
    muc_domain: Domain | None = Field(
        default=None,
        description="Prosody's domain for meetings, where it is not conference. and the web app's host: muc.meet.jitsi "
        "in the Docker images.",
    )
    tenant: Tenant | None = Field(default=None, description="The tenant whose rooms are used, where there are tenants.")
    size_url: BaseAddress | None = Field(
        default=None,
        description="Where mod_muc_size listens, such as http://prosody:5280, to ask whether a meeting is over.",
    )
    end_url: BaseAddress | None = Field(
        default=None,
        description="Where mod_muc_end_meeting listens, such as http://prosody:5280, to end meetings for everybody.",
    )
    end_private_key: PrivateKey | None = Field(
        default=None,
        validate_default=True,
        description="The RSA private key (PEM) of the key pair that mod_muc_end_meeting trusts.",
    )
    end_key_id: HeaderValue | None = Field(
        default=None,
        validate_default=True,
        description="The id of that key pair: Prosody fetches the public key by it.",
    )
    limit_hours: float = Field(
        default=12,
        gt=0,
        le=168,
        description="After how many hours a call is ended, in case its end was not told. Not used with JITSI_SIZE_URL.",
    )

    @field_validator(*_BELONGS_TO)
    @classmethod
    def _is_whole(cls, value: object, others: ValidationInfo) -> object:
        first = _BELONGS_TO[others.field_name or ""]
        if (value is None) != (others.data.get(first) is None):
            raise ValueError(f"must be given together with JITSI_{first.upper()}")
        return value

    @property
    def webhook_tokens(self) -> tuple[SecretStr, ...]:
        """The tokens that count, the current one first."""
        if self.previous_webhook_token is None:
            return (self.webhook_token,)
        return (self.webhook_token, self.previous_webhook_token)

    @property
    def app(self) -> App | None:
        if self.app_id is None or self.app_secret is None:
            return None
        return App(self.app_id, self.app_secret.get_secret_value())

    @property
    def system_key(self) -> SystemKey | None:
        """Prosody accepts its own ``app_id`` as issuer, where nothing else is set."""
        if self.end_private_key is None or self.end_key_id is None:
            return None
        private = read_private_key(self.end_private_key)
        return SystemKey(self.end_key_id, self.app_id or AUDIENCE, private)

    @property
    def domain_of_meetings(self) -> str:
        return self.muc_domain or f"conference.{urlsplit(self.url).hostname}"


class Jitsi(Provider):
    name = "jitsi"
    display_name = "Jitsi Meet"
    capabilities = Capabilities(sends_events=True, ends_meetings=True, looks=True, personal_links=True)
    Account = JitsiAccount
    webhook_paths = frozenset(EVENT_PATHS.values())

    def __init__(self, account: JitsiAccount, clock: Clock, *, webhook_url: str = "") -> None:
        super().__init__(account, clock, webhook_url=webhook_url)
        self._url = account.url
        self._only_public = account.only_public
        self._tenant = account.tenant or ""
        self._muc_domain = account.domain_of_meetings
        # Prosody puts one word before its main virtual host: conference, or muc.
        self._domain = self._muc_domain.partition(".")[2]
        self._tokens = account.webhook_tokens
        self._app = account.app
        self._limit_seconds = account.limit_hours * 3600
        self._sightings = Sightings(clock)
        self._web_app = self._http(account.url, "JITSI_URL")
        self._sizes = self._room_sizes(account)
        self._ending = self._end_meeting(account)
        self.capabilities = Capabilities(
            sends_events=True,
            ends_meetings=self._ending is not None,
            looks=self._sizes is not None,
            personal_links=self._app is not None,
        )

    @property
    def limit_seconds(self) -> float | None:
        return self._limit_seconds if self._sizes is None else None

    @property
    def idle_seconds(self) -> float | None:
        return EMPTY_FOR_SECONDS if self._sizes is None else None

    def create_meeting(self, request: MeetingRequest) -> Meeting:
        """The key is the room's name: nobody finds it by trying."""
        room = Room(request.key, self._tenant)
        return Meeting(id=room.jid(self._muc_domain), join_url=None if self._app else self._url + room.path)

    def check(self) -> Sequence[str]:
        proven = self._check_web_app()
        if self._sizes is not None:
            proven.append(self._sizes.check(self._tenant))
        if self._ending is not None:
            proven.append(self._ending.check(self._muc_domain))
        return proven

    def test_delivery(self) -> WebhookRequest:
        return test_delivery(self._tokens[0], self._muc_domain, self.clock.now())

    def end_meeting(self, meeting: Meeting) -> None:
        if self._ending is None:
            return super().end_meeting(meeting)
        self._ending.end(meeting.id)
        self._sightings.has_run(meeting.id)
        return None

    def look(self, meeting: Meeting) -> Roster | None:
        """Only whether it runs: the module counts people, and names those it lists otherwise than events do."""
        if self._sizes is None:
            return super().look(meeting)
        if self._sizes.has(Room.of(meeting.id)):
            self._sightings.has_run(meeting.id)
            return Roster((), is_complete=False)
        return None if self._sightings.is_over(meeting.id) else Roster((), has_begun=False)

    def personal_link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        """A link to the web app, good for the hours that ``tokens.JOIN_WITHIN`` says."""
        if self._app is None:
            return super().personal_link(meeting, visitor)
        room = Room.of(meeting.id)
        token = join_token(self._app, room, visitor, sub=room.tenant or self._domain, now=self.clock.now())
        return PersonalLink(url=f"{self._url}{room.path}?jwt={token}", person_key=visitor.key)

    def verify(self, request: WebhookRequest) -> None:
        verify(request, self._tokens)

    def parse_events(self, request: WebhookRequest) -> Sequence[Event]:
        return parse_events(request.body)

    def _check_web_app(self) -> list[str]:
        """Where meetings are must be as events call them, or no event is ever about a call of ours."""
        answer = self._web_app.request("GET", "/config.js", expected=_NOT_FOUND)
        clocks = self._web_app.compare_clocks(answer)
        told = None if answer.status in _NOT_FOUND else muc_domain_in(answer.body.decode("utf-8", "replace"))
        if told is None:
            return [f"It answers. Its config.js does not tell whether meetings are at {self._muc_domain}.", clocks]
        if told != self._muc_domain:
            detail = f"JITSI_MUC_DOMAIN is {self._muc_domain}, but the web app says {clean_text(told)}."
            raise PermanentFailure("muc_domain", detail)
        return [f"It answers, and its meetings are at {self._muc_domain}.", clocks]

    def _room_sizes(self, account: JitsiAccount) -> RoomSizes | None:
        if account.size_url is None:
            return None
        http = self._http(account.size_url, "JITSI_SIZE_URL", "JITSI_APP_SECRET")
        return RoomSizes(http, self.clock, self._domain, self._app)

    def _end_meeting(self, account: JitsiAccount) -> EndMeeting | None:
        if account.end_url is None or account.system_key is None:
            return None
        http = self._http(account.end_url, "JITSI_END_PRIVATE_KEY", "JITSI_END_KEY_ID", "JITSI_APP_ID")
        return EndMeeting(http, self.clock, self._domain, account.system_key)

    def _http(self, url: str, *check: str) -> Http:
        secrets = [token.get_secret_value() for token in self._tokens]
        if self._app is not None:
            secrets.append(self._app.secret)
        return Http(
            url, self.clock, vendor=self.display_name, check=check, secrets=secrets, only_public=self._only_public
        )
