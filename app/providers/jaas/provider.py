"""A meeting is a room of our app at 8x8, and a room begins with its first person: there is nothing to create.

Everybody enters with a signed link of their own, so identities in webhooks are ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints

from app.clock import Clock
from app.config import BaseAddress
from app.domain.events import Event
from app.domain.meetings import Capabilities, Meeting, MeetingRequest, PersonalLink, Visitor
from app.providers.accounts import Account, HeaderSecret, HeaderValue, PrivateKey, read_private_key
from app.providers.base import Provider, WebhookRequest
from app.providers.http import Http
from app.providers.jaas.commands import Commands
from app.providers.jaas.tokens import FEATURES, ApiKey, join_token
from app.providers.jaas.webhooks import parse_events, test_delivery, verify

# Webhooks are repeated until they are taken, so the end is seldom missed. Whoever is in a breakout room is not seen: a
# meeting that is all in breakout rooms must outlast this.
EMPTY_FOR_SECONDS = 2 * 60 * 60.0


def _signing_secret(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith("whsec_"):
        raise ValueError("must be the whole secret of the endpoint, with whsec_ at its beginning")
    return value


def _words(value: object) -> object:
    return [word for word in value.replace(",", " ").split() if word] if isinstance(value, str) else value


def _features(value: frozenset[str]) -> frozenset[str]:
    if not value <= set(FEATURES):
        raise ValueError(f"must be words out of {', '.join(FEATURES)}")
    return value


AppId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^vpaas-magic-cookie-[A-Za-z0-9-]{1,100}$")]
SigningSecret: TypeAlias = Annotated[HeaderSecret, AfterValidator(_signing_secret)]
Features: TypeAlias = Annotated[frozenset[str], BeforeValidator(_words), AfterValidator(_features)]


class JaaSAccount(Account):
    """One app (AppID) of a JaaS account."""

    app_id: AppId = Field(description="The AppID from the API Keys page of the JaaS console: vpaas-magic-cookie-….")
    key_id: HeaderValue = Field(description="The API Key ID from the same page: the AppID, / and a few letters.")
    private_key: PrivateKey = Field(description="The private key that belongs to it: RSA, in PEM.")
    webhook_secret: SigningSecret = Field(
        description="The endpoint's secret from the Webhooks page of the console, with whsec_ at its beginning.",
    )
    previous_webhook_secret: SigningSecret | None = Field(
        default=None,
        description="While secrets are being changed: the old one, whose webhooks are still accepted.",
    )
    features: Features = Field(
        default=frozenset(),
        description="What whoever starts a call may use, such as recording,transcription; each costs extra at 8x8.",
    )
    limit_hours: float = Field(
        default=12,
        gt=0,
        le=168,
        description="After how many hours a call is ended, in case its end was not told.",
    )
    url: BaseAddress = Field(
        default="https://8x8.vc",
        description="Where the meetings are; another address only for 8x8's staging.",
    )

    @property
    def api_key(self) -> ApiKey:
        """The console shows the whole ``kid``; some copy only what stands behind the slash."""
        kid = self.key_id if "/" in self.key_id else f"{self.app_id}/{self.key_id}"
        return ApiKey(self.app_id, kid, read_private_key(self.private_key))

    @property
    def webhook_secrets(self) -> tuple[SecretStr, ...]:
        """The secrets whose signatures count, the current one first."""
        if self.previous_webhook_secret is None:
            return (self.webhook_secret,)
        return (self.webhook_secret, self.previous_webhook_secret)


class JaaS(Provider):
    name = "jaas"
    display_name = "Jitsi as a Service"
    capabilities = Capabilities(sends_events=True, ends_meetings=True, personal_links=True)
    Account = JaaSAccount
    secret_fields = frozenset({"preAuthenticatedLink"})

    def __init__(self, account: JaaSAccount, clock: Clock, *, webhook_url: str = "") -> None:
        super().__init__(account, clock, webhook_url=webhook_url)
        self._url = account.url
        self._key = account.api_key
        self._secrets = account.webhook_secrets
        self._features = account.features
        self._limit_seconds = account.limit_hours * 3600
        check = ("JAAS_APP_ID", "JAAS_KEY_ID", "JAAS_PRIVATE_KEY")
        http = Http(account.url, clock, vendor=self.display_name, check=check, only_public=account.only_public)
        self._commands = Commands(http, clock, self._key, urlsplit(account.url).hostname or "")

    @property
    def limit_seconds(self) -> float:
        return self._limit_seconds

    @property
    def idle_seconds(self) -> float:
        return EMPTY_FOR_SECONDS

    def create_meeting(self, request: MeetingRequest) -> Meeting:
        """The key is the room's name: nobody finds it by trying, and without a token nobody comes in."""
        return Meeting(id=f"{self._key.app_id}/{request.key}")

    def check(self) -> Sequence[str]:
        return self._commands.check()

    def test_delivery(self) -> WebhookRequest:
        return test_delivery(self._secrets[0], self._key.app_id, self.clock.now())

    def end_meeting(self, meeting: Meeting) -> None:
        self._commands.destroy(_room(meeting))

    def personal_link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        """A link good for the hours that ``tokens.JOIN_WITHIN`` says."""
        room = _room(meeting)
        token = join_token(self._key, room, visitor, features=self._features, now=self.clock.now())
        return PersonalLink(url=f"{self._url}/{self._key.app_id}/{room}?jwt={token}", person_key=visitor.key)

    def verify(self, request: WebhookRequest) -> None:
        verify(request, self._secrets, self.clock.now())

    def parse_events(self, request: WebhookRequest) -> Sequence[Event]:
        return parse_events(request.body)


def _room(meeting: Meeting) -> str:
    return meeting.id.rpartition("/")[2]
