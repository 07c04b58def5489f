"""The provider seam."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel

from app.clock import Clock
from app.domain.events import Event
from app.domain.meetings import Capabilities, Meeting, MeetingRequest, Roster, Visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A provider's request, free of any web framework. ``body`` is the raw bytes that were signed.

    ``headers`` have lower-case names; build it with ``WebhookRequest.of``.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(
        cls,
        *,
        body: bytes,
        headers: Mapping[str, str],
        method: str = "POST",
        path: str = "",
        query: str = "",
    ) -> WebhookRequest:
        lowered = {name.lower(): value for name, value in headers.items()}
        return cls(method=method, path=path, query=query, headers=lowered, body=body)

    def header(self, name: str) -> str:
        """The header's value, or ``""``. ``name`` in any case."""
        return self.headers.get(name.lower(), "")


class Provider(ABC):
    """One vendor's code, holding one account there. Methods may be called from many threads at once.

    Requests to the vendor raise ``PermanentFailure``, ``TemporaryFailure`` or ``RateLimited`` and nothing else.
    """

    name: ClassVar[str]
    """Registry key, URL segment and stored value: lower case."""
    display_name: str
    """The vendor's own spelling; where anybody may be behind it, what the account calls it."""
    capabilities: ClassVar[Capabilities]
    Account: ClassVar[type[BaseModel]]
    """The account's settings. A field ``api_key`` of the provider ``livekit`` is read from ``LIVEKIT_API_KEY``."""
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    """Names of JSON string fields in webhooks whose values are never stored."""

    def __init__(self, account: BaseModel, clock: Clock) -> None:
        """``account`` is an instance of ``Account``: providers say so in their own ``__init__``."""
        self.account = account
        self.clock = clock

    @property
    def limit_seconds(self) -> float | None:
        """After how long a call is ended where nothing else can tell that it is over; None where events do."""
        return None

    @abstractmethod
    def create_meeting(self, request: MeetingRequest) -> Meeting:
        """The meeting for ``request.key``: made now, or found when it was made before."""

    def verify(self, request: WebhookRequest) -> None:
        """Prove that the provider sent this. Raises ``WebhookRejected`` and nothing else, whatever comes in."""
        raise NotImplementedError

    def parse_events(self, request: WebhookRequest) -> Sequence[Event]:
        """What a verified request says. Pure. Empty for what we do not follow; raises ``WebhookMalformed``."""
        raise NotImplementedError

    def end_meeting(self, meeting: Meeting) -> None:
        """End it for everybody. A meeting that is gone already is no error."""
        raise NotImplementedError

    def look(self, meeting: Meeting) -> Roster | None:
        """Who is in now; None when the meeting is not running."""
        raise NotImplementedError

    def personal_join_url(self, meeting: Meeting, visitor: Visitor) -> str:
        """A link that lets this visitor in under their own name. It is a secret of theirs."""
        raise NotImplementedError
