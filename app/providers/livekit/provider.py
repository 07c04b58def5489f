"""A meeting is a room; everybody enters with a signed link of their own, so identities in webhooks are ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from app.clock import Clock
from app.config import is_base_address
from app.domain.events import Event
from app.domain.meetings import Capabilities, Meeting, MeetingRequest, PersonalLink, Roster, Visitor
from app.providers.accounts import Account, HeaderSecret, HeaderValue, WebAddress
from app.providers.base import Provider, WebhookRequest
from app.providers.http import Http
from app.providers.livekit.rooms import Rooms
from app.providers.livekit.tokens import KeyPair, join_token
from app.providers.livekit.webhooks import parse_events, test_delivery, verify


def _server_address(value: str) -> str:
    if not is_base_address(value, frozenset({"http", "https", "ws", "wss"})):
        raise ValueError("must be an address such as wss://my-project.livekit.cloud")
    return value.rstrip("/")


class LiveKitAccount(Account):
    """One LiveKit server or Cloud project."""

    url: Annotated[str, AfterValidator(_server_address)] = Field(
        description="The address of the LiveKit server: wss://, ws://, https:// or http://.",
    )
    api_key: HeaderValue = Field(description="The API key, from the server's configuration or the Cloud project.")
    api_secret: HeaderSecret = Field(description="The API secret that belongs to the key.")
    previous_api_key: HeaderValue | None = Field(
        default=None,
        description="While keys are being changed: the old API key, whose webhooks are still accepted.",
    )
    previous_api_secret: HeaderSecret | None = Field(
        default=None,
        validate_default=True,
        description="While keys are being changed: the old API secret.",
    )
    meet_url: WebAddress = Field(
        default="https://meet.livekit.io/custom",
        description="The web app that people meet in; it gets liveKitUrl and token as parameters. "
        "The default is LiveKit's public demo: use your own.",
    )

    @field_validator("previous_api_secret")
    @classmethod
    def _previous_pair_is_whole(cls, secret: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if (secret is None) != (others.data.get("previous_api_key") is None):
            raise ValueError("must be given together with LIVEKIT_PREVIOUS_API_KEY")
        return secret

    @property
    def key_pair(self) -> KeyPair:
        return KeyPair(self.api_key, self.api_secret.get_secret_value())

    @property
    def key_pairs(self) -> tuple[KeyPair, ...]:
        """The pairs whose signatures count, the current one first."""
        if self.previous_api_key is None or self.previous_api_secret is None:
            return (self.key_pair,)
        return (self.key_pair, KeyPair(self.previous_api_key, self.previous_api_secret.get_secret_value()))


class LiveKit(Provider):
    name = "livekit"
    display_name = "LiveKit"
    capabilities = Capabilities(sends_events=True, ends_meetings=True, looks=True, personal_links=True)
    Account = LiveKitAccount
    # The server sends the room's TURN password along with every event.
    secret_fields = frozenset({"turnPassword"})

    def __init__(self, account: LiveKitAccount, clock: Clock, *, webhook_url: str = "") -> None:
        super().__init__(account, clock, webhook_url=webhook_url)
        self._key_pair = account.key_pair
        self._key_pairs = account.key_pairs
        self._meet_url = account.meet_url
        # https → wss and http → ws, as the web app connects; and the other way round for us.
        self._socket_url = "ws" + account.url.removeprefix("http").removeprefix("ws")
        http = Http(
            "http" + self._socket_url.removeprefix("ws"),
            clock,
            vendor=self.display_name,
            check=("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"),
            only_public=account.only_public,
        )
        self._rooms = Rooms(http, self._key_pair)

    def create_meeting(self, request: MeetingRequest) -> Meeting:
        """The key is the room's name, and a room is created once under its name."""
        return Meeting(id=self._rooms.create(request.key, title=request.title))

    def check(self) -> Sequence[str]:
        return self._rooms.check()

    def test_delivery(self) -> WebhookRequest:
        return test_delivery(self._key_pair, self.clock.now())

    def end_meeting(self, meeting: Meeting) -> None:
        self._rooms.delete(meeting.id)

    def look(self, meeting: Meeting) -> Roster | None:
        people = self._rooms.people_in(meeting.id)
        return None if people is None else Roster(people)

    def personal_link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        """A link to the web app, good for the hours that ``tokens.JOIN_WITHIN`` says."""
        token = join_token(self._key_pair, room=meeting.id, visitor=visitor)
        url = _with_query(self._meet_url, {"liveKitUrl": self._socket_url, "token": token})
        return PersonalLink(url=url, person_key=visitor.key)

    def verify(self, request: WebhookRequest) -> None:
        verify(request, self._key_pairs, self.clock.now())

    def parse_events(self, request: WebhookRequest) -> Sequence[Event]:
        return parse_events(request.body)


def _with_query(address: str, added: Mapping[str, str]) -> str:
    """``address`` with ``added`` among its parameters; those it has stay."""
    parts = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in added]
    return parts._replace(query=urlencode([*kept, *added.items()])).geturl()
