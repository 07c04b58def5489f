"""The strictest Slack there could be: it refuses whatever one Slack or another has been seen to refuse."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from app.domain.card import CardUser
from app.domain.operations import (
    AddCall,
    AddParticipants,
    CreateMeeting,
    EndCall,
    EndMeeting,
    Operation,
    PostCall,
    RemoveParticipants,
    TellFailure,
    UpdateCall,
)
from app.domain.plan import MOST_USERS, Shown, after


@dataclass(slots=True)
class SlackCard:
    """A card as people see it. ``grey`` is who stood on it once."""

    title: str | None = None
    join_url: str = ""
    is_posted: bool = False
    ended_after: int | None = None
    standing: dict[tuple[str, str], CardUser] = field(default_factory=dict)
    grey: set[tuple[str, str]] = field(default_factory=set)

    def perform(self, operation: Operation) -> None:
        match operation:
            case AddCall(card):
                assert self.title is None, "there is one already"
                self.title, self.join_url = card.title, card.join_url
                self._add(tuple(card.present))
            case PostCall():
                assert not self.is_posted
                self._needs_to_run()
                self.is_posted = True
            case UpdateCall(title, join_url):
                self._needs_to_run()
                self.title, self.join_url = title, join_url
            case AddParticipants(users):
                self._needs_to_run()
                assert users, "nobody to add"
                self._add(users)
            case RemoveParticipants(users):
                self._needs_to_run()
                self._remove(users)
            case EndCall(duration_seconds):
                self._needs_to_run()
                self.grey |= set(self.standing)
                self.standing, self.ended_after = {}, duration_seconds
            case CreateMeeting() | EndMeeting() | TellFailure():
                pass

    @property
    def everybody(self) -> set[tuple[str, str]]:
        return self.grey | set(self.standing)

    def _needs_to_run(self) -> None:
        assert self.title is not None, "there is no call yet"
        assert self.ended_after is None, "an ended card takes no changes"

    def _add(self, users: tuple[CardUser, ...]) -> None:
        assert len(users) <= MOST_USERS
        for user in users:
            assert bool(user.slack_id) != bool(user.external_id), "one identity, not two"
            assert user.key not in self.standing, "this person stands there already"
            self.standing[user.key] = user

    def _remove(self, users: tuple[CardUser, ...]) -> None:
        assert 0 < len(users) <= MOST_USERS
        for user in users:
            assert self.standing.pop(user.key, None) == user, "not the object that was added"
            self.grey.add(user.key)


def done(shown: Shown, operation: Operation) -> Shown:
    """``shown`` after the operation, with the id that Slack's answer tells."""
    known = after(shown, operation)
    return replace(known, slack_call_id="R1") if isinstance(operation, AddCall) else known
