"""The provider seam."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel

from app.clock import Clock
from app.domain.events import Event
from app.domain.lanes import Pace
from app.domain.meetings import Capabilities, Meeting, MeetingRequest, PersonalLink, Roster, Visitor

DEFAULT_ACCOUNT = "default"
"""The account that the settings describe; all others have ids of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A provider's request, free of any web framework. ``body`` is the raw bytes that were signed.

    ``path`` is what comes behind ``/webhooks/<name>``, mostly nothing; ``query`` is without its ``?``. ``headers`` have
    lower-case names; build it with ``WebhookRequest.of``.
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


@dataclass(frozen=True, slots=True)
class WebhookReply:
    """What a provider wants to hear back when it asks whether we are there."""

    body: bytes
    content_type: str = "application/json"


class Provider(ABC):
    """One vendor's code, holding one account there. Methods may be called from many threads at once.

    Requests to the vendor raise ``PermanentFailure``, ``TemporaryFailure`` or ``RateLimited`` and nothing else.
    """

    name: ClassVar[str]
    """Registry key, URL segment and stored value: lower case."""
    display_name: str
    """The vendor's own spelling; where anybody may be behind it, what the account calls it."""
    capabilities: Capabilities
    """Of the class: what the vendor can do. Of an instance: what it can with this account's settings, never more."""
    Account: ClassVar[type[BaseModel]]
    """The account's settings. A field ``api_key`` of the provider ``livekit`` is read from ``LIVEKIT_API_KEY``."""
    account_id: str = DEFAULT_ACCOUNT
    """Which of the accounts there an instance holds. Calls and deliveries are kept apart by it."""
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    """Names of JSON string fields in webhooks whose values are never stored."""
    pace: Pace = Pace(600, burst=100)
    """How fast one team's calls may ask the vendor; of an instance where an account's plan decides it."""
    webhook_paths: ClassVar[frozenset[str]] = frozenset({""})
    """What may come behind ``/webhooks/<name>``, such as ``/events/room/created``."""
    malformed_status: ClassVar[int] = 400
    """The answer to a genuine webhook that cannot be read: 200 where the vendor gives up on a hook that says 400."""
    meetings_per_host: int = 1
    """How many meetings each of ``hosts`` can hold at a time; of an instance where an account's plan decides it."""

    def __init__(self, account: BaseModel, clock: Clock, *, webhook_url: str = "") -> None:
        """``account`` is an instance of ``Account``: providers say so in their own ``__init__``. ``webhook_url`` is the
        address that people tell the vendor to send webhooks to."""
        self.account = account
        self.clock = clock
        self.webhook_url = webhook_url

    @property
    def limit_seconds(self) -> float | None:
        """After how long a call is ended, whatever is known of it; None where the provider can be asked instead."""
        return None

    @property
    def idle_seconds(self) -> float | None:
        """After how long without anybody in it a call is ended; None where the provider tells the end reliably. Of
        no use where the provider can be asked."""
        return None

    @property
    def hosts(self) -> Sequence[str]:
        """Whoever can hold meetings, where a meeting needs somebody who does. Meetings are shared out among them."""
        return ()

    @abstractmethod
    def create_meeting(self, request: MeetingRequest) -> Meeting:
        """The meeting for ``request.key``: made now, or found when it was made before."""

    def check(self) -> Sequence[str]:
        """Prove that the account's settings work, by requests that change nothing. Returns what was proven, a sentence
        each. Raises a kind of ``RequestFailed`` that names the setting or permission to mend."""
        return ()

    def answer_challenge(self, _request: WebhookRequest) -> WebhookReply | None:
        """The reply to a vendor that asks whether we are there; None when it does not. Called before ``verify``: where
        the reply proves that we know a secret, the request is verified here first. Raises ``WebhookRejected`` only."""
        return None

    def verify(self, request: WebhookRequest) -> None:
        """Prove that the provider sent this. Raises ``WebhookRejected`` and nothing else, whatever comes in."""
        raise NotImplementedError

    def parse_events(self, request: WebhookRequest) -> Sequence[Event]:
        """What a verified request says. Pure. Empty for what we do not follow; raises ``WebhookMalformed``."""
        raise NotImplementedError

    def test_delivery(self) -> WebhookRequest:
        """A webhook as the vendor would send and sign it now, about a meeting that nobody has: for trying whether
        webhooks arrive."""
        raise NotImplementedError

    def set_up_webhooks(self) -> str:
        """Have the vendor send its webhooks to ``webhook_url``; done already is fine. Returns what was done, as a
        sentence."""
        raise NotImplementedError

    def end_meeting(self, meeting: Meeting) -> None:
        """End it for everybody. A meeting that is gone already is no error."""
        raise NotImplementedError

    def rename_meeting(self, meeting: Meeting, title: str) -> None:
        """Give it another title. A meeting that is gone already is no error."""
        raise NotImplementedError

    def look(self, meeting: Meeting) -> Roster | None:
        """Who is in now; None when the meeting is not running."""
        raise NotImplementedError

    def personal_link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        """A link that lets this visitor in under their own name, and as host or moderator where they are one."""
        raise NotImplementedError
