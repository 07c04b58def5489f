"""Each vendor's webhooks and answers, made of the truth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from tests.clocks import START
from tests.providers.standin import StandIn
from tests.scenarios.chaos.truth import Happening, Now, Traits


@dataclass(frozen=True, slots=True)
class Webhook:
    """One request as the vendor sends it. ``path`` stands behind ``/webhooks/<name>``."""

    body: bytes
    headers: Mapping[str, str]
    path: str = ""
    query: str = ""


class Vendor(ABC):
    """One vendor, and the server that stands in for it. The truth's seconds count from ``began``; ``address`` is where
    webhooks are sent to."""

    name: ClassVar[str]
    traits: ClassVar[Traits]
    makes: ClassVar[tuple[str, str]]
    """The method of the request that makes a meeting, and the end of its path."""

    def __init__(self, server: StandIn) -> None:
        self.server = server
        self.meeting = ""
        self.began = START
        self.address = ""

    @abstractmethod
    def settings(self) -> dict[str, str]: ...

    @abstractmethod
    def forget(self) -> None:
        """Nothing of an earlier story is left."""

    def meeting_of(self, call_id: str) -> str:
        """The id of the call's meeting: mostly the key that it was asked for with."""
        return call_id

    @abstractmethod
    def show(self, now: Now) -> None:
        """Answer looks with this from now on."""

    @abstractmethod
    def webhook(self, happening: Happening, sent_at: datetime) -> Webhook:
        """What is sent at that moment about ``happening``."""

    def at(self, seconds: int) -> datetime:
        return self.began + timedelta(seconds=seconds)

    def unix(self, seconds: int) -> int:
        return int(self.at(seconds).timestamp())
