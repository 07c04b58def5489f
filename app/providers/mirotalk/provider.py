"""A meeting is a room, and a room begins with its first person: the server only gives links, and puts everybody out.

https://docs.mirotalk.com/mirotalk-sfu/api/
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from app.clock import Clock
from app.config import BaseAddress
from app.domain.meetings import Capabilities, Meeting, MeetingRequest, PersonalLink, Visitor
from app.errors import PermanentFailure, RequestFailed
from app.providers.accounts import Account, HeaderSecret, WebAddress
from app.providers.base import Provider
from app.providers.http import Answer, Http
from app.providers.payloads import Name, Payload

# The name in links that nobody opens.
OURSELVES = "Switchboard"

_NOT_FOUND = frozenset({404})


class MiroTalkAccount(Account):
    """One MiroTalk SFU server."""

    url: BaseAddress = Field(description="The address of the MiroTalk SFU server, such as https://meet.example.com.")
    api_key_secret: HeaderSecret = Field(description="The key of its API: API_KEY_SECRET in the server's settings.")
    limit_hours: float = Field(
        default=4,
        gt=0,
        le=168,
        description="After how many hours a call is ended, because nothing tells when everybody has left.",
    )


class _LinkRequest(Payload):
    """``POST /api/v1/join``. The link leads past MiroTalk's own lobby, so people come in heard and not seen."""

    room: str
    name: Name
    avatar: str | None = None
    audio: bool = True
    video: bool = False
    notify: bool = False


class _Link(Payload):
    """The answer to it."""

    join: WebAddress


class _Refusal(Payload):
    """The answer to ``DELETE /api/v1/meeting/{room}`` where there is nobody in the room."""

    error: str


class MiroTalk(Provider):
    name = "mirotalk"
    display_name = "MiroTalk"
    capabilities = Capabilities(ends_meetings=True, personal_links=True)
    Account = MiroTalkAccount

    def __init__(self, account: MiroTalkAccount, clock: Clock, *, webhook_url: str = "") -> None:
        super().__init__(account, clock, webhook_url=webhook_url)
        self._key = account.api_key_secret
        self._limit_seconds = account.limit_hours * 3600
        self._http = Http(
            account.url,
            clock,
            vendor=self.display_name,
            check=("MIROTALK_API_KEY_SECRET",),
            only_public=account.only_public,
        )

    @property
    def limit_seconds(self) -> float:
        return self._limit_seconds

    def create_meeting(self, request: MeetingRequest) -> Meeting:
        """The key is the room's name. A link is asked for all the same, and thrown away: a card whose links lead
        nowhere is worse than none."""
        self._link(_LinkRequest(room=request.key, name=OURSELVES))
        return Meeting(id=request.key)

    def check(self) -> Sequence[str]:
        self._link(_LinkRequest(room="switchboard-check", name=OURSELVES))
        return ["It answers, and accepts MIROTALK_API_KEY_SECRET."]

    def end_meeting(self, meeting: Meeting) -> None:
        """Everybody is put out. Servers from before this request answer 404 too, but not in JSON."""
        answer = self._ask("DELETE", f"/meeting/{meeting.id}", expected=_NOT_FOUND)
        if answer.status in _NOT_FOUND and not _is_refusal(answer):
            raise PermanentFailure("cannot_end", "This MiroTalk server is too old to end meetings: update it.")

    def personal_link(self, meeting: Meeting, visitor: Visitor) -> PersonalLink:
        link = self._link(_LinkRequest(room=meeting.id, name=visitor.name, avatar=visitor.avatar_url))
        return PersonalLink(url=link)

    def _link(self, wanted: _LinkRequest) -> str:
        content = wanted.model_dump_json(exclude_none=True).encode()
        return self._ask("POST", "/join", content=content).read(_Link).join

    def _ask(
        self, method: str, path: str, *, content: bytes | None = None, expected: frozenset[int] = frozenset()
    ) -> Answer:
        return self._http.request(
            method,
            f"/api/v1{path}",
            authorization=self._key.get_secret_value(),
            headers={"Content-Type": "application/json"},
            content=content,
            expected=expected,
        )


def _is_refusal(answer: Answer) -> bool:
    try:
        return bool(answer.read(_Refusal).error)
    except RequestFailed:
        return False
