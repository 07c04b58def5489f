"""What we know of a call: facts only, so that the order in which they arrive does not matter.

Each field either never changes, or grows in one direction only (a later time, an earlier time, a larger set), and
everything a person sees is worked out from the facts in ``card``. That is why events may come twice, late or in any
order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from app.domain.meetings import Meeting

LONGEST_TITLE = 200


class CallStatus(StrEnum):
    """Where a call stands. It moves down this list only."""

    WANTED = "wanted"
    """Somebody asked for it; nothing exists yet."""
    STARTING = "starting"
    """The meeting exists at the provider; the card does not stand in the channel yet."""
    LIVE = "live"
    """The card stands in the channel."""
    ENDED = "ended"
    """Over, for good: a meeting that starts again is another call."""
    FAILED = "failed"
    """It could not be started; the one who asked is told why."""


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """A value and when it became true. The newest counts; at the same moment the larger value, so that all agree."""

    at: datetime
    value: str


def newest(known: Fact | None, told: Fact | None) -> Fact | None:
    if known is None or told is None:
        return known or told
    return max(known, told)


class Confidence(IntEnum):
    """How sure it is that a participant is this person in Slack; the surest counts."""

    CLAIM = 1
    """They came by a link of this person's, but could have changed who it names."""
    EMAIL = 2
    """The provider has verified an e-mail address, and in Slack it is this person's."""
    VOUCHED = 3
    """The provider says who they are in Slack: they have linked their accounts there."""
    LINK = 4
    """They signed in with Slack on our join page, and came by the signed link that they got there."""


@dataclass(frozen=True, slots=True, order=True)
class SlackIdentity:
    """Who a participant is in Slack (``U…``), and how we know. Ordered by how much it counts."""

    confidence: Confidence
    at: datetime
    user_id: str


def surest(known: SlackIdentity | None, told: SlackIdentity | None) -> SlackIdentity | None:
    if known is None or told is None:
        return known or told
    return max(known, told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One device. ``joined`` is when it came last, and into which run of the meeting: ``""`` where runs have no ids.

    A leave may be known before its join is.
    """

    joined: Fact | None = None
    left_at: datetime | None = None

    def is_open(self, occurrence: Fact | None) -> bool:
        """Whether this device is still in, given the run of the meeting that began last."""
        if self.joined is None:
            return False
        # With the ids of real joins the leave always wins; where a provider reuses the id, a later join opens it again.
        if self.left_at is not None and self.left_at >= self.joined.at:
            return False
        return not _is_of_an_older_run(self.joined, occurrence)


def _is_of_an_older_run(joined: Fact, occurrence: Fact | None) -> bool:
    """True when the meeting has begun anew since: a crashed server never told that everybody was gone."""
    if occurrence is None or not joined.value:
        return False
    return joined.value != occurrence.value and joined.at <= occurrence.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A person, counted once however many devices they use. ``connections`` maps connection id to connection.

    Who they are in Slack may be known before they come, from the link that they were given.
    """

    key: str
    name: Fact | None = None
    email: Fact | None = None
    avatar_url: Fact | None = None
    slack: SlackIdentity | None = None
    first_joined_at: datetime | None = None
    connections: Mapping[str, Connection] = field(default_factory=dict)

    def is_present(self, occurrence: Fact | None) -> bool:
        return any(connection.is_open(occurrence) for connection in self.connections.values())

    def came_before(self, moment: datetime | None) -> bool:
        """Whether a join is known, at ``moment`` or earlier when one is given."""
        return self.first_joined_at is not None and (moment is None or self.first_joined_at <= moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSnapshot:
    """All that is known of one call.

    ``started_at`` is when the person asked; Slack counts the duration from it. ``join_url`` is what the card links
    to. ``meeting_title`` is the title that the provider is known to have. ``ended_at`` is set by whoever ends the call
    first: the meeting, a person, the time limit. ``meeting_is_over`` says that the provider itself has told so.
    ``failure`` is the sentence for the person when it cannot start.

    ``is_closed`` says that a person has ended it: then the meeting may go on or begin again, and it is no call of
    theirs. ``is_cut_off`` says that the app was taken out of the workspace while the call ran: Slack is told nothing
    more. ``reopens`` is the call before this one, where the same meeting has begun anew after its end.
    """

    id: str
    created_by: str
    started_at: datetime
    title: Fact
    meeting: Meeting | None = None
    join_url: str | None = None
    meeting_title: Fact | None = None
    occurrence: Fact | None = None
    ended_at: datetime | None = None
    meeting_is_over: bool = False
    failure: str | None = None
    is_closed: bool = False
    is_cut_off: bool = False
    reopens: str | None = None
    participants: Mapping[str, Participant] = field(default_factory=dict)

    def empty_since(self) -> datetime | None:
        """When the last one left; None while somebody is in, or before anybody came."""
        attended = [person for person in self.participants.values() if person.came_before(self.ended_at)]
        if any(person.is_present(self.occurrence) for person in attended):
            return None
        leaves = [one.left_at for person in attended for one in person.connections.values() if one.left_at]
        return max(leaves, default=None)

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None or self.failure is not None
