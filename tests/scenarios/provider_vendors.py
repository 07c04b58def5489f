"""Three providers' servers that can be given trouble with one kind of request, and what a test asks of each."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from livekit.protocol.models import ParticipantInfo

from app.errors import PermanentFailure, RateLimited, RequestFailed, TemporaryFailure
from tests.clocks import MovedClock
from tests.providers.livekit.server import LiveKitServer
from tests.providers.standard.reference_server import ReferenceServer
from tests.providers.standin import HANG_UP, Asked, Reply, StandIn
from tests.providers.zoom.server import ZoomMeeting, ZoomServer

SLOW_SECONDS = 8
"""Longer than an answer of a provider is waited for."""
LATE = Reply(status=-3)
"""An answer that comes too late by the clock of the test."""
JSON = {"Content-Type": "application/json"}
VENDOR_COLUMNS = ("429", "500", "timeout", "dropped", "malformed", "refused")


@dataclass(frozen=True, slots=True)
class VendorTrouble:
    """What is answered in the place of the server's own answer. ``is_done`` says whether the request has had its
    effect; ``kind`` is how the app should take it."""

    name: str
    column: str
    reply: Reply
    kind: type[RequestFailed] = TemporaryFailure
    is_done: bool = False

    def __str__(self) -> str:
        return self.name


def _both(name: str, column: str, reply: Reply) -> tuple[VendorTrouble, VendorTrouble]:
    """Without the effect, and after it."""
    return VendorTrouble(name, column, reply), VendorTrouble(f"{name}, done", column, reply, is_done=True)


def _refused(status: int) -> VendorTrouble:
    return VendorTrouble(str(status), "refused", Reply(status, b"{}", JSON), PermanentFailure)


VENDOR_TROUBLES = (
    VendorTrouble("429", "429", Reply(429, b"{}", {"Retry-After": "20"}), RateLimited),
    VendorTrouble("429 without Retry-After", "429", Reply(429, b"{}"), RateLimited),
    *_both("500", "500", Reply(500)),
    *_both("502", "500", Reply(502)),
    *_both("503", "500", Reply(503)),
    *_both("timeout", "timeout", LATE),
    *_both("dropped", "dropped", HANG_UP),
    *_both("no JSON", "malformed", Reply(200, b"<html>We'll be right back</html>")),
    *_both("no object", "malformed", Reply(200, b"[]", JSON)),
    *map(_refused, (400, 401, 403, 422)),
)


@dataclass(slots=True)
class Standing:
    """``trouble`` that strikes requests whose method and path fit ``pattern``, ``times`` times or until it is taken
    away."""

    trouble: VendorTrouble
    pattern: str
    clock: MovedClock
    times: int | None = None

    def strikes(self, asked: Asked) -> bool:
        if self.times == 0 or not re.search(self.pattern, f"{asked.method} {asked.path}"):
            return False
        self.times = None if self.times is None else self.times - 1
        return True


class Troubled(StandIn):
    """Answers some requests with trouble while it is standing."""

    standing: Standing | None = None

    def reply_to(self, asked: Asked) -> Reply:
        standing = self.standing
        if standing is None or not standing.strikes(asked):
            return super().reply_to(asked)
        if standing.trouble.is_done:
            super().reply_to(asked)
        if standing.trouble.reply is LATE:
            standing.clock.move(SLOW_SECONDS)
            return Reply(200)
        return standing.trouble.reply


class TroubledReference(Troubled, ReferenceServer):
    pass


class TroubledLiveKit(Troubled, LiveKitServer):
    pass


class TroubledZoom(Troubled, ZoomServer):
    pass


class Vendor(ABC):
    """``requests`` says what an operation sends, as a pattern of method and path."""

    name: str
    requests: Mapping[str, str]
    server: Troubled

    @abstractmethod
    def settings(self) -> dict[str, str]: ...

    @abstractmethod
    def held(self, key: str) -> list[str]:
        """The meetings that were made under a key of ours and not ended, by their titles."""

    @abstractmethod
    def let_in(self, key: str, people: Iterable[str]) -> None:
        """Exactly these people are in the meeting now."""


class StandardVendor(Vendor):
    name = "standard"
    requests = {"create": r"POST .*/meetings$", "look": r"GET .*/meetings/", "end": r"POST .*/end$"}  # noqa: RUF012

    def __init__(self, server: TroubledReference) -> None:
        self.server: TroubledReference = server

    def settings(self) -> dict[str, str]:
        return self.server.settings()

    def held(self, key: str) -> list[str]:
        of_key = [held for held in self.server.meetings.values() if held.key == key]
        return [held.title for held in of_key if held.state != "ended"]

    def let_in(self, key: str, people: Iterable[str]) -> None:
        [held] = [held for held in self.server.meetings.values() if held.key == key]
        held.state, held.participants = "running", [{"id": name, "name": name} for name in people]


class LiveKitVendor(Vendor):
    name = "livekit"
    requests = {"create": "/CreateRoom$", "look": "/List", "end": "/DeleteRoom$"}  # noqa: RUF012

    def __init__(self, server: TroubledLiveKit) -> None:
        self.server: TroubledLiveKit = server

    def settings(self) -> dict[str, str]:
        return self.server.settings()

    def held(self, key: str) -> list[str]:
        return [name for name in self.server.rooms if name == key]

    def let_in(self, key: str, people: Iterable[str]) -> None:
        active = ParticipantInfo.State.ACTIVE
        self.server.participants[key] = [
            ParticipantInfo(sid=f"PA_{name}", identity=name, name=name, state=active) for name in people
        ]


class ZoomVendor(Vendor):
    name = "zoom"
    requests = {  # noqa: RUF012
        "create": r"POST .*/meetings$",
        "look": r"GET .*/v2/meetings/\d+$",
        "end": r"PUT .*/status$|DELETE .*/meetings/",
        "rename": "PATCH ",
    }

    def __init__(self, server: TroubledZoom) -> None:
        self.server: TroubledZoom = server

    def settings(self) -> dict[str, str]:
        return self.server.settings(REGISTRATION="false")

    def held(self, key: str) -> list[str]:
        return [str(meeting.wanted["topic"]) for meeting in self._of(key)]

    def let_in(self, key: str, people: Iterable[str]) -> None:
        [meeting] = self._of(key)
        meeting.begin()
        rows = [{"user_id": name, "participant_uuid": name, "user_name": name} for name in people]
        meeting.rows = [{**row, "id": "", "status": "in_meeting"} for row in rows]

    def _of(self, key: str) -> list[ZoomMeeting]:
        return [meeting for meeting in self.server.meetings.values() if key in meeting.wanted["agenda"]]
