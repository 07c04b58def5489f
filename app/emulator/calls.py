"""Calls: what `calls.*` may do to them, with every open question answered by a switch.

Methods: https://docs.slack.dev/reference/methods/calls.add and its five siblings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from app.emulator.errors import SlackError, invalid_arguments
from app.emulator.ids import Ids
from app.emulator.participants import Person, find_person
from app.emulator.switches import Switches


@dataclass(frozen=True)
class CallDetails:
    """What an app says about a call when it adds it. Times are unix seconds."""

    external_unique_id: str
    join_url: str
    created_by: str
    date_start: int
    title: str | None = None
    external_display_id: str | None = None
    desktop_app_join_url: str | None = None


@dataclass
class Call:
    """One call of a workspace; `present` is who is in now, `everyone` also keeps those who left."""

    id: str
    external_unique_id: str
    created_by: str
    date_start: int
    join_url: str
    title: str | None
    external_display_id: str | None
    desktop_app_join_url: str | None
    present: list[Person] = field(default_factory=list)
    everyone: list[Person] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    date_end: int = 0
    was_rejected: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether calls.end was called; there is no way back."""
        return self.date_end != 0

    def enter(self, person: Person) -> None:
        """Put a person on the card; one who comes back takes their old place, with what is said of them now."""
        self.present.append(person)
        known = find_person(person, self.everyone)
        if known is None:
            self.everyone.append(person)
        else:
            self.everyone[self.everyone.index(known)] = person

    def stands_in(self, channel_id: str) -> None:
        """Remember that a message in the channel shows the call."""
        if channel_id not in self.channels:
            self.channels.append(channel_id)


class CallBook:
    """All calls of one workspace. The caller holds the workspace's lock."""

    def __init__(self, ids: Ids, now: Callable[[], float], switches: Switches) -> None:
        self._ids = ids
        self._now = now
        self._switches = switches
        self._calls: dict[str, Call] = {}

    def __contains__(self, call_id: object) -> bool:
        return call_id in self._calls

    def all(self) -> list[Call]:
        """Every call, oldest first."""
        return list(self._calls.values())

    def get(self, call_id: str) -> Call:
        """The call, or Slack's refusal for an id it never gave out."""
        if call_id not in self._calls:
            raise SlackError("invalid_call_id")
        return self._calls[call_id]

    def add(self, details: CallDetails, people: list[Person]) -> Call:
        """A new call with its first participants; nothing shows it until a message does."""
        earlier = self._with_unique_id(details.external_unique_id)
        if earlier and self._switches.repeated_external_unique_id == "same_call":
            return earlier
        if earlier and self._switches.repeated_external_unique_id == "error":
            raise invalid_arguments("external_unique_id is taken [json-pointer:/external_unique_id]")
        if _repeats(people):
            raise invalid_arguments("users must be unique [json-pointer:/users]")
        call = Call(id=self._ids.next("R"), **vars(details))
        for person in people:
            call.enter(person)
        self._calls[call.id] = call
        return call

    def update(self, call_id: str, changes: dict[str, str]) -> Call:
        """Change title or links, the only three things that Slack lets an app change."""
        call = self.get(call_id)
        if call.has_ended and self._switches.update_after_end == "inactive_call":
            raise self._news("inactive_call")
        if not changes:
            raise SlackError(self._switches.empty_update, "nothing to update")
        for name, value in changes.items():
            setattr(call, name, value)
        return call

    def end(self, call_id: str, duration_seconds: int | None) -> Call:
        """End a call for good, at its start plus the duration if one is given, else now."""
        call = self._active(call_id)
        end = int(self._now()) if duration_seconds is None else call.date_start + duration_seconds
        # Zero is how a card says "still going", so a call dated to the epoch ends one second later.
        call.date_end = max(end, 1)
        return call

    def join(self, call_id: str, people: list[Person]) -> Call:
        """Put people on the card; whoever is on it already is a bad user."""
        call = self._active(call_id)
        good = self._applicable(people, lambda person: find_person(person, call.present) is None)
        for person in good:
            call.enter(person)
        self._report_bad(people, good)
        return call

    def leave(self, call_id: str, people: list[Person]) -> Call:
        """Grey people out; whoever is not on the card is a bad user."""
        call = self._active(call_id)
        good = self._applicable(people, lambda person: find_person(person, call.present) is not None)
        call.present = [each for each in call.present if not self._is_removed(each, good)]
        self._report_bad(people, good)
        return call

    def _active(self, call_id: str) -> Call:
        call = self.get(call_id)
        if call.has_ended:
            raise self._news("inactive_call")
        return call

    def _with_unique_id(self, external_unique_id: str) -> Call | None:
        calls = self._calls.values()
        return next((each for each in calls if each.external_unique_id == external_unique_id), None)

    def _applicable(self, people: list[Person], is_good: Callable[[Person], bool]) -> list[Person]:
        """The people of a batch that can be applied: all, none, or the good ones, as the switch says.

        Whoever is in the batch twice is bad the second time.
        """
        good: list[Person] = []
        for person in people:
            if is_good(person) and find_person(person, good) is None:
                good.append(person)
            elif self._switches.mixed_batch == "reject_all":
                raise self._news("bad_users")
        return good

    def _report_bad(self, people: list[Person], good: list[Person]) -> None:
        if len(good) < len(people):
            raise self._news("bad_users")

    def _is_removed(self, present: Person, leaving: list[Person]) -> bool:
        if self._switches.removal_matches == "id":
            return find_person(present, leaving) is not None
        return present in leaving

    def _news(self, code: str) -> SlackError:
        return SlackError(code, ok=self._switches.call_errors_as == "ok_true")


def _repeats(people: list[Person]) -> bool:
    return any(find_person(person, people[:index]) for index, person in enumerate(people))
