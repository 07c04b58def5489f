"""Daily's rooms, who is in them, and the tokens that let people in.

https://docs.daily.co/reference/rest-api/rooms, /meetings and /meeting-tokens
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import quote, urlencode

from pydantic import BaseModel, Field, StringConstraints

from app.domain.meetings import Person, Roster, Visitor
from app.errors import PermanentFailure
from app.providers.accounts import WebAddress
from app.providers.daily.api import NOT_FOUND, Api
from app.providers.daily.webhooks import UserId
from app.providers.http import Answer
from app.providers.payloads import Key, Name, Payload, clean_text

# --- What we send -----------------------------------------------------------------------------------------------


class _RoomProperties(BaseModel):
    """Past ``exp`` (seconds since 1970) Daily treats the room as deleted, and deletes it some time: so the rooms of
    calls whose end we missed do not pile up."""

    exp: int
    eject_at_room_exp: bool = True


class _RoomWanted(BaseModel):
    name: str
    privacy: str = "private"
    properties: _RoomProperties


class _TokenProperties(BaseModel):
    room_name: str
    user_id: str
    user_name: str | None
    is_owner: bool
    exp: int


class _TokenWanted(BaseModel):
    properties: _TokenProperties


# --- What we are answered ---------------------------------------------------------------------------------------


class _Room(Payload):
    url: WebAddress


class _Token(Payload):
    token: Annotated[str, StringConstraints(min_length=1)]


class _Present(Payload):
    """``id`` is of this join; ``user_id`` is the token's, and null without one."""

    id: Key
    user_id: UserId = Field(default=None, alias="userId")
    user_name: Name = Field(default=None, alias="userName")

    def to_person(self) -> Person:
        return Person(key=self.user_id or self.id, connection_id=self.id, name=self.user_name)


class _Presence(Payload):
    total_count: int = 0
    data: tuple[_Present, ...]

    def to_roster(self) -> Roster:
        """Daily lists so many people at most, and counts all."""
        people = tuple(present.to_person() for present in self.data)
        return Roster(people, is_complete=len(people) >= self.total_count)


class _Session(Payload):
    """From the first one who comes until all have gone."""

    ongoing: bool


class _Sessions(Payload):
    data: tuple[_Session, ...]


# --- Asking -----------------------------------------------------------------------------------------------------


class Rooms:
    """The rooms of one domain."""

    def __init__(self, api: Api) -> None:
        self._api = api
        # Where the domain's rooms are, such as https://my-team.daily.co: the same for all of them, so asked for once.
        self._domain_url: str | None = None

    def check(self) -> tuple[str, ...]:
        """What is proven by asking for a room that nobody has, a sentence each."""
        answer = self._get("switchboard-check")
        return ("It answers, and accepts DAILY_API_KEY.", self._api.http.compare_clocks(answer))

    def create(self, name: str, *, expires_at: datetime) -> None:
        """Make the room unless it is there. A name that is taken is refused with 400, as is whatever else Daily does
        not like: only looking tells which it was."""
        properties = _RoomProperties(exp=int(expires_at.timestamp()))
        try:
            self._api.ask("POST", "/rooms", _RoomWanted(name=name, properties=properties)).read(_Room)
        except PermanentFailure as refusal:
            if refusal.code != "http_400" or not self._exists(name):
                raise

    def delete(self, name: str) -> None:
        """Everybody is put out. A room that is gone is deleted."""
        self._api.ask("DELETE", _path(name), expected=NOT_FOUND).read_nothing()

    def people_in(self, name: str) -> Roster | None:
        """Who is in; None when there is no such room, or everybody has gone again."""
        answer = self._api.ask("GET", f"{_path(name)}/presence", expected=NOT_FOUND)
        if answer.status in NOT_FOUND:
            return None
        seen = answer.read(_Presence).to_roster()
        if seen.people or not seen.is_complete:
            return seen
        return self._why_empty(name) if self._exists(name) else None

    def link(self, name: str, visitor: Visitor, *, expires_at: datetime) -> str:
        """Lets ``visitor`` into this room alone."""
        properties = _TokenProperties(
            room_name=name,
            user_id=visitor.key,
            user_name=clean_text(visitor.name),
            is_owner=visitor.is_host,
            exp=int(expires_at.timestamp()),
        )
        token = self._api.ask("POST", "/meeting-tokens", _TokenWanted(properties=properties)).read(_Token).token
        return f"{self._url(name)}?{urlencode({'t': token})}"

    def _why_empty(self, name: str) -> Roster | None:
        """Nobody has come yet, or all have gone; the newest session tells. One that goes on has somebody in it whom
        presence, up to 15 seconds late, does not list yet."""
        query = urlencode({"room": name, "limit": 1})
        sessions = self._api.ask("GET", f"/meetings?{query}").read(_Sessions).data
        if not sessions:
            return Roster(())
        return Roster((), is_complete=False) if sessions[0].ongoing else None

    def _exists(self, name: str) -> bool:
        return self._get(name).status not in NOT_FOUND

    def _get(self, name: str) -> Answer:
        return self._api.ask("GET", _path(name), expected=NOT_FOUND)

    def _url(self, name: str) -> str:
        if self._domain_url is not None:
            return f"{self._domain_url}/{name}"
        url = self._api.ask("GET", _path(name)).read(_Room).url
        if url.endswith(f"/{name}"):
            self._domain_url = url.removesuffix(f"/{name}")
        return url


def _path(name: str) -> str:
    return f"/rooms/{quote(name, safe='')}"
