"""What may be sent twice: the rule of each operation whose answer did not come, or whose worker died before it knew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domain.operations import (
    AddCall,
    AddParticipants,
    CreateMeeting,
    EndCall,
    EndMeeting,
    FindPerson,
    LookAtCard,
    Operation,
    PostCall,
    RemoveParticipants,
    RenameMeeting,
    TellFailure,
    UpdateCall,
)


class Repeating(StrEnum):
    """What is done about a request that may have had its effect."""

    REPEAT = "repeat"
    """Sent again: twice is the same as once."""
    LOOK = "look"
    """Noted in the row before it is sent. Nothing else that is noted is sent before it is known what came of it."""
    ACCEPT = "accept"
    """Noted too, and sent again: twice harms less than never, and there is nothing to look at."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``why`` says what is looked at, or what makes repeating harmless."""

    repeating: Repeating
    why: str


# docs/how-it-works.md shows this table; a test compares them.
RULES: Mapping[type[Operation], Rule] = {
    CreateMeeting: Rule(
        Repeating.LOOK,
        "asked for again under the same key, which finds the same meeting; for a call that is over meanwhile too, so"
        " that the meeting can be ended",
    ),
    AddCall: Rule(
        Repeating.LOOK,
        "sent again with the same `external_unique_id`, and `calls.info` tells who is on the call that Slack answers"
        " with; refused under that id, it is sent with another, and a call that was made before stays unseen, because"
        " no card shows it",
    ),
    PostCall: Rule(
        Repeating.LOOK,
        "`channels` of `calls.info`; should Slack leave out a channel where we may not post and answered a command"
        " instead, a second card of the same call stands there",
    ),
    UpdateCall: Rule(Repeating.LOOK, "`title` and the links of `calls.info`"),
    AddParticipants: Rule(Repeating.LOOK, "`users` of `calls.info`"),
    RemoveParticipants: Rule(Repeating.LOOK, "`users` of `calls.info`"),
    EndCall: Rule(Repeating.REPEAT, "an ended call is not ended again: Slack says `inactive_call`"),
    EndMeeting: Rule(Repeating.REPEAT, "a meeting that is gone already is no error"),
    FindPerson: Rule(Repeating.REPEAT, "it only asks"),
    LookAtCard: Rule(Repeating.REPEAT, "it only asks"),
    RenameMeeting: Rule(
        Repeating.ACCEPT,
        "the newest title is sent once more, also when it is the one that the provider was last known to have; nobody"
        " sees a title that comes twice",
    ),
    TellFailure: Rule(
        Repeating.ACCEPT,
        "told once more, rather twice than never; only one person sees it, at worst three times in four minutes, with"
        " the same words and the same reference",
    ),
}

LOOKED: frozenset[type[Operation]] = frozenset(kind for kind, rule in RULES.items() if rule.repeating is Repeating.LOOK)
"""Looked at before anything else of these is sent."""
NOTED = frozenset(kind for kind, rule in RULES.items() if rule.repeating is not Repeating.REPEAT)
"""Noted in the row, in a commit of its own, before it is sent."""
