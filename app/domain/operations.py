"""Operations: what a plan is made of, each one request to Slack or to a provider."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.domain.calls import Fact
from app.domain.card import CallCard, CardUser


@dataclass(frozen=True, slots=True)
class CreateMeeting:
    """Make the meeting at the provider."""


@dataclass(frozen=True, slots=True)
class AddCall:
    """Register the call with Slack, with the people who are in already."""

    card: CallCard


@dataclass(frozen=True, slots=True)
class PostCall:
    """Put the card into the channel."""


@dataclass(frozen=True, slots=True)
class UpdateCall:
    """Tell Slack another title or link."""

    title: str
    join_url: str
    desktop_app_join_url: str | None


@dataclass(frozen=True, slots=True)
class RenameMeeting:
    """Tell the provider a title that was changed on our side."""

    title: Fact


@dataclass(frozen=True, slots=True)
class FindPerson:
    """Ask Slack whose e-mail address this is."""

    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AddParticipants:
    users: tuple[CardUser, ...]


@dataclass(frozen=True, slots=True)
class RemoveParticipants:
    users: tuple[CardUser, ...]


@dataclass(frozen=True, slots=True)
class EndCall:
    """Tell Slack that the call is over."""

    duration_seconds: int


@dataclass(frozen=True, slots=True)
class EndMeeting:
    """End the meeting at the provider for everybody."""


@dataclass(frozen=True, slots=True)
class TellFailure:
    """Tell the one who asked why there is no call."""

    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LookAtCard:
    """Ask Slack where the card stands and who is on it, because a request was sent and its answer is not known."""


Operation = (
    CreateMeeting
    | AddCall
    | PostCall
    | UpdateCall
    | RenameMeeting
    | FindPerson
    | AddParticipants
    | RemoveParticipants
    | EndCall
    | EndMeeting
    | TellFailure
    | LookAtCard
)
