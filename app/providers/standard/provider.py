"""A provider that speaks our own contract. docs/standard-provider.md is the other side of this module."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator, Field, SecretStr
from standardwebhooks import Webhook

from app.clock import Clock
from app.config import BaseAddress
from app.domain.card import UNNAMED
from app.domain.events import Event
from app.domain.meetings import Capabilities, Meeting, MeetingRequest, PersonalLink, Roster, Visitor
from app.providers.accounts import Account, HeaderSecret
from app.providers.base import Provider, WebhookRequest
from app.providers.http import Answer, Http
from app.providers.payloads import Payload, clean_text
from app.providers.standard.contract import (
    CreatedLink,
    CreatedMeeting,
    CreateLink,
    CreateMeeting,
    LinkedPerson,
    MeetingState,
    MeetingWithLinks,
)
from app.providers.standard.webhooks import parse_events, test_delivery, verify

_ALREADY_GONE = frozenset({404, 410})


def _signing_secret(value: SecretStr) -> SecretStr:
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#symmetric"""
    scheme, _, encoded = value.get_secret_value().partition("_")
    try:
        length = len(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        length = 0
    if scheme != "whsec" or not 24 <= length <= 64:
        raise ValueError("must be whsec_ and behind it 24 to 64 bytes in base64")
    return value


SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]


class StandardAccount(Account):
    """One server that implements the contract."""

    url: BaseAddress = Field(description="The address of the provider's API; /meetings is put behind it.")
    api_key: HeaderSecret = Field(description="What we send to the provider as Authorization: Bearer …")
    webhook_secret: SigningSecret = Field(
        description="The secret (whsec_…) that the provider signs its webhooks with.",
    )
    previous_webhook_secret: SigningSecret | None = Field(
        default=None,
        description="While secrets are being changed: the old one, whose webhooks are still accepted.",
    )
    name: str = Field(
        default="Standard",
        max_length=50,
        description="What the provider is called in messages, such as Example Meet.",
    )
    personal_links: bool = Field(
        default=False,
        description="Whether the provider gives each person a link of their own (true or false).",
    )

    def verifiers(self) -> tuple[Webhook, ...]:
        secrets = (self.webhook_secret, self.previous_webhook_secret)
        return tuple(Webhook(secret.get_secret_value()) for secret in secrets if secret is not None)


class Standard(Provider):
    name = "standard"
    display_name = "Standard"
    capabilities = Capabilities(sends_events=True, ends_meetings=True, looks=True, personal_links=True)
    Account = StandardAccount

    def __init__(self, account: StandardAccount, clock: Clock, *, webhook_url: str = "") -> None:
        super().__init__(account, clock, webhook_url=webhook_url)
        self.display_name = account.name
        self.capabilities = replace(type(self).capabilities, personal_links=account.personal_links)
        self._verifiers = account.verifiers()
        self._api_key = account.api_key
        self._http = Http(
            account.url, clock, vendor=account.name, check=("STANDARD_API_KEY",), only_public=account.only_public
        )

    def _authorization(self) -> str:
        return f"Bearer {self._api_key.get_secret_value()}"

    def create_meeting(self, request: MeetingRequest) -> Meeting:
        wanted = CreateMeeting(key=request.key, title=clean_text(request.title) or "")
        answer = self._post("/meetings", wanted, {"Idempotency-Key": request.key})
        # An app would let people in past the links that say who they are.
        model = MeetingWithLinks if self.capabilities.personal_links else CreatedMeeting
        return answer.read(model).to_meeting()

    def personal_link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        person = LinkedPerson(
            key=visitor.key,
            name=clean_text(visitor.name) or UNNAMED,
            avatar_url=visitor.avatar_url,
            is_host=visitor.is_host,
        )
        link = self._post(f"{_path(meeting)}/links", CreateLink(person=person)).read(CreatedLink)
        return PersonalLink(url=link.url, person_key=visitor.key)

    def check(self) -> Sequence[str]:
        answer = self._http.request(
            "GET", "/meetings/switchboard-check", authorization=self._authorization(), expected=_ALREADY_GONE
        )
        return ["It answers, and accepts STANDARD_API_KEY.", self._http.compare_clocks(answer)]

    def test_delivery(self) -> WebhookRequest:
        return test_delivery(self._verifiers[0], self.clock.now())

    def end_meeting(self, meeting: Meeting) -> None:
        self._http.request(
            "POST",
            f"{_path(meeting)}/end",
            authorization=self._authorization(),
            expected=_ALREADY_GONE,
        ).read_nothing()

    def look(self, meeting: Meeting) -> Roster | None:
        answer = self._http.request(
            "GET",
            _path(meeting),
            authorization=self._authorization(),
            expected=_ALREADY_GONE,
        )
        return None if answer.status in _ALREADY_GONE else answer.read(MeetingState).to_roster()

    def _post(self, path: str, wanted: Payload, headers: Mapping[str, str] | None = None) -> Answer:
        return self._http.request(
            "POST",
            path,
            authorization=self._authorization(),
            headers={"Content-Type": "application/json", **(headers or {})},
            content=wanted.model_dump_json(exclude_none=True).encode(),
        )

    def verify(self, request: WebhookRequest) -> None:
        verify(request, self._verifiers, self.clock.now())

    def parse_events(self, request: WebhookRequest) -> Sequence[Event]:
        return parse_events(request)


def _path(meeting: Meeting) -> str:
    return f"/meetings/{quote(meeting.id, safe='')}"
