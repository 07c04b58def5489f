"""The bodies of the contract in docs/standard-provider.md: what we send, what we are answered, what we are told."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, StringConstraints, model_validator

from app.config import is_unbroken, is_web_address
from app.domain.meetings import Meeting, Person, Roster
from app.providers.payloads import (
    LONGEST_ADDRESS,
    LONGEST_KEY,
    Key,
    Moment,
    Name,
    Payload,
    PictureAddress,
    clean_text,
    stable_key,
)

# Schemes that run something or read the person's own files when the link is pressed.
_UNSAFE_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "blob", "about"})
_APP_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*):\S+", re.ASCII)
_SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,20}", re.ASCII)


def _join_address(value: str) -> str:
    if len(value) > LONGEST_ADDRESS or not is_web_address(value):
        raise ValueError("must be an http or https address")
    return value


def _app_address(value: str) -> str:
    match = _APP_ADDRESS.fullmatch(value.lower())
    if not match or match[1] in _UNSAFE_SCHEMES or len(value) > LONGEST_ADDRESS or not is_unbroken(value):
        raise ValueError("must be an address that opens an app")
    return value


def _storable(value: str) -> str:
    # "." and ".." would be taken for steps in the path of the address that the id is put into.
    if stable_key(value) != value or value in {".", ".."}:
        raise ValueError(f"must be 1 to {LONGEST_KEY} characters, none of them a control character")
    return value


def _title(value: str) -> str:
    title = clean_text(value)
    if title is None:
        raise ValueError("must not be empty")
    return title


def _slack_id(value: str | None) -> str | None:
    return value if value and _SLACK_ID.fullmatch(value) else None


def _e_mail(value: str | None) -> str | None:
    return clean_text(value) if value and "@" in value else None


MeetingId: TypeAlias = Annotated[str, StringConstraints(min_length=1), AfterValidator(_storable)]
"""Told back to the provider as it is, so it cannot be a ``Key``, which may be a hash."""
JoinAddress: TypeAlias = Annotated[str, AfterValidator(_join_address)]
AppAddress: TypeAlias = Annotated[str, AfterValidator(_app_address)]
SlackId: TypeAlias = Annotated[str | None, AfterValidator(_slack_id)]
EMail: TypeAlias = Annotated[str | None, AfterValidator(_e_mail)]


# --- What we send -----------------------------------------------------------------------------------------------


class CreateMeeting(Payload):
    """``POST /meetings``. ``key`` is ours; the same key asks for the same meeting."""

    key: str
    title: str


class LinkedPerson(Payload):
    """``key`` is ours, and what the provider calls the person in webhooks: their ``participant.id``."""

    key: str
    name: str
    avatar_url: PictureAddress = None
    is_host: bool = False


class CreateLink(Payload):
    """``POST /meetings/{id}/links``."""

    person: LinkedPerson


# --- What we are answered -----------------------------------------------------------------------------------------


class MeetingWithLinks(Payload):
    """The answer to ``POST /meetings`` where each person gets a link of their own."""

    id: MeetingId
    display_id: Name = None

    def to_meeting(self) -> Meeting:
        return Meeting(id=self.id, display_id=self.display_id)


class CreatedMeeting(MeetingWithLinks):
    """The answer to it where one link is everybody's."""

    join_url: JoinAddress
    desktop_app_join_url: AppAddress | None = None

    def to_meeting(self) -> Meeting:
        return Meeting(
            id=self.id,
            join_url=self.join_url,
            desktop_app_join_url=self.desktop_app_join_url,
            display_id=self.display_id,
        )


class CreatedLink(Payload):
    """The answer to ``POST /meetings/{id}/links``."""

    url: JoinAddress


class ToldPerson(Payload):
    """One connection of a person. Without ``connection_id`` a person has one connection at a time."""

    id: Key
    connection_id: Key | None = None
    name: Name = None
    email: EMail = None
    avatar_url: PictureAddress = None
    slack_id: SlackId = None

    def to_person(self) -> Person:
        return Person(
            key=self.id,
            connection_id=self.connection_id or self.id,
            name=self.name,
            email=self.email,
            avatar_url=self.avatar_url,
            slack_id=self.slack_id,
        )


class MeetingState(Payload):
    """The answer to ``GET /meetings/{id}``."""

    state: Literal["waiting", "running", "ended"]
    participants: tuple[ToldPerson, ...] | None = None
    title: Name = None

    @model_validator(mode="after")
    def _whoever_runs_tells_who_is_in(self) -> Self:
        # Taken for nobody, a forgotten list would empty the card.
        if self.state == "running" and self.participants is None:
            raise ValueError("participants must be told while the meeting is running")
        return self

    def to_roster(self) -> Roster | None:
        """A meeting that waits for its first person is running with nobody in it."""
        if self.state == "ended":
            return None
        return Roster(tuple(person.to_person() for person in self.participants or ()), title=self.title)


# --- What we are told ---------------------------------------------------------------------------------------------


class Named(Payload):
    """Any webhook, as far as it must be read to know whether we follow it."""

    type: str


class MeetingData(Payload):
    meeting_id: Key
    occurrence_id: Key | None = None


class PersonData(MeetingData):
    participant: ToldPerson


class TitleData(MeetingData):
    title: Annotated[str, AfterValidator(_title)]


class MeetingTold(Payload):
    """``timestamp`` is when it happened; the attempt to tell it has its time in the headers."""

    timestamp: Moment
    data: MeetingData


class PersonTold(Payload):
    timestamp: Moment
    data: PersonData


class TitleTold(Payload):
    timestamp: Moment
    data: TitleData
