"""True histories of a meeting: what a provider would tell if every event came once and in order.

A history is played, not invented: a device joins before it leaves, nobody leaves twice, and nothing happens after the
end. Times are whole seconds, as LiveKit's are, so that much falls into the same one. Only what could not be told apart
by anybody is left out: two names, titles or runs of the meeting that begin in the same second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from hypothesis import strategies as st

from app.domain.calls import CallSnapshot, Fact
from app.domain.card import UNNAMED
from app.domain.events import Event, MeetingEnded, MeetingStarted, ParticipantJoined, ParticipantLeft, TitleChanged
from app.domain.fold import fold
from app.domain.meetings import Meeting, Person
from tests.clocks import START

MEETING = Meeting(id="m-1", join_url="https://meet.example/m-1")
# Few names for more people: two persons of one name must never become one.
NAMES = ("Ada", "Grace", "")
TITLES = ("Weekly sync", "Retrospective", "Lunch")
RUNS = ("run-k", "run-z", "run-a", "run-q")
"""In no order: nothing can be learned from comparing two ids."""


def wanted(title: str = "Weekly sync") -> CallSnapshot:
    """A call as it stands before anything is told of it."""
    return CallSnapshot(id="call-1", created_by="U1", started_at=START, title=Fact(START, title), meeting=MEETING)


def known_of(events: Iterable[Event]) -> CallSnapshot:
    return reduce(fold, events, wanted())


def moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@dataclass(slots=True)
class Human:
    """Somebody in the story. ``slack_id`` is told from some moment on, as when an account is linked."""

    key: str
    name: str
    slack_id: str | None = None


@dataclass(slots=True)
class Story:
    """A meeting as it goes on, and what its provider tells of it.

    ``reuses_ids`` is a provider that gives a device the same connection id each time; ``has_runs`` one that tells the
    runs of a meeting apart.
    """

    humans: Sequence[Human]
    has_runs: bool = True
    reuses_ids: bool = False
    now: int = 0
    events: list[Event] = field(default_factory=list)
    open: dict[str, Human] = field(default_factory=dict)
    run: int = 0
    connections: int = 0

    def start(self) -> None:
        self.events.append(MeetingStarted(**self._told()))

    def join(self, number: int) -> None:
        human = self.humans[number % len(self.humans)]
        self.connections += 1
        connection = f"c-{self.connections}"
        if self.reuses_ids:
            connection = f"{human.key}-{self.connections % 2}"
            if connection in self.open:
                return
            self.pause()
        self.open[connection] = human
        self.events.append(ParticipantJoined(**self._told(), person=self._person(human, connection)))

    def leave(self, number: int) -> None:
        if self.open:
            connection = sorted(self.open)[number % len(self.open)]
            human = self.open.pop(connection)
            self.events.append(ParticipantLeft(**self._told(), person=self._person(human, connection)))

    def rename_person(self, number: int) -> None:
        human = self.humans[number % len(self.humans)]
        self.pause()
        human.name = NAMES[number % len(NAMES)]

    def link_account(self, number: int) -> None:
        """Two persons may turn out to be one: somebody uses the account of another."""
        human = self.humans[number % len(self.humans)]
        self.pause()
        human.slack_id = human.slack_id or f"U{number % 2}"

    def change_title(self, number: int) -> None:
        self.pause()
        self.events.append(TitleChanged(**self._told(), title=TITLES[number % len(TITLES)]))

    def crash_and_restart(self, _number: int) -> None:
        """Nobody is told to have left; the meeting begins anew under another id."""
        if self.has_runs and self.run + 1 < len(RUNS):
            self.pause()
            self.open.clear()
            self.run += 1
            self.start()

    def pause(self, seconds: int = 0) -> None:
        self.now += 1 + seconds

    def end(self) -> None:
        self.events.append(MeetingEnded(**self._told()))

    def _told(self) -> dict[str, Any]:
        return {
            "meeting_id": MEETING.id,
            "at": moment(self.now),
            "dedupe_key": f"e-{len(self.events)}",
            "occurrence_id": RUNS[self.run] if self.has_runs else None,
        }

    def _person(self, human: Human, connection: str) -> Person:
        return Person(key=human.key, connection_id=connection, name=human.name or None, slack_id=human.slack_id)


_DEEDS: tuple[Callable[[Story, int], None], ...] = (
    *(Story.join, Story.join, Story.join, Story.leave, Story.leave, Story.pause),
    *(Story.rename_person, Story.link_account, Story.change_title, Story.crash_and_restart),
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A meeting that is still going on."""
    people = draw(st.integers(1, 4))
    humans = [Human(f"p-{n}", draw(st.sampled_from(NAMES))) for n in range(people)]
    story = Story(humans, has_runs=draw(st.booleans()), reuses_ids=draw(st.booleans()))
    story.start()
    for deed, number in draw(st.lists(st.tuples(st.sampled_from(_DEEDS), st.integers(0, 5)), max_size=30)):
        deed(story, number)
    return story


@st.composite
def histories(draw: st.DrawFn, *, ended: bool | None = None) -> list[Event]:
    """A true history in its true order."""
    story = draw(stories())
    if ended or (ended is None and draw(st.booleans())):
        story.end()
    return story.events


@st.composite
def stragglers(draw: st.DrawFn, history: list[Event]) -> list[Event]:
    """What a confused provider might still tell after the end of ``history``."""
    end = history[-1].at
    run = draw(st.sampled_from(["run-m", *RUNS]))
    moved = [event for event in history if not isinstance(event, MeetingStarted)]
    chosen = draw(st.lists(st.sampled_from([*moved, *_newcomers(run)]), max_size=6))
    return [replace(event, at=end + timedelta(seconds=draw(st.integers(1, 9)))) for event in chosen]


def _newcomers(run: str) -> list[Event]:
    told: dict[str, Any] = {"meeting_id": MEETING.id, "at": START, "dedupe_key": "late", "occurrence_id": run}
    late = Person(key="p-late", connection_id="c-late", name="Linus")
    again = Person(key="p-0", connection_id="c-again")
    joins = [ParticipantJoined(**told, person=person) for person in (late, again)]
    return [*joins, MeetingStarted(**told)]


def scrambled(history: Sequence[Event]) -> st.SearchStrategy[list[Event]]:
    """``history`` as it may arrive: everything at least once, in any order."""
    again = st.lists(st.sampled_from(history), max_size=len(history)) if history else st.just([])
    return again.flatmap(lambda twice: st.permutations([*history, *twice]))


def parts(history: Sequence[Event]) -> st.SearchStrategy[list[Event]]:
    """``history`` with events missing, in its true order."""
    kept = st.lists(st.booleans(), min_size=len(history), max_size=len(history))
    return kept.map(lambda keep: [event for event, stays in zip(history, keep, strict=True) if stays])


# What the card should say: another way to know, by playing the events in their true order.


@dataclass(slots=True)
class Truth:
    """Who is in, by a plain set of open connections."""

    title: str = "Weekly sync"
    is_over: bool = False
    open: dict[str, str] = field(default_factory=dict)
    came: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    slack_ids: dict[str, str] = field(default_factory=dict)
    run: str | None = None

    def happens(self, event: Event) -> None:
        match event:
            case MeetingStarted():
                if event.occurrence_id != self.run:
                    self.open.clear()
                self.run = event.occurrence_id
            case ParticipantJoined(person=person):
                self._meet(person)
                self.came.add(person.key)
                self.open[person.connection_id] = person.key
            case ParticipantLeft(person=person):
                self._meet(person)
                self.open.pop(person.connection_id, None)
            case TitleChanged(title=title):
                self.title = title
            case MeetingEnded():
                self.is_over = True

    @property
    def present(self) -> set[tuple[str, str]]:
        return set() if self.is_over else self._shown_as(self.open.values())

    @property
    def attended(self) -> set[tuple[str, str]]:
        return self._shown_as(self.came)

    def _meet(self, person: Person) -> None:
        self.names[person.key] = person.name or self.names.get(person.key, UNNAMED)
        if person.slack_id:
            self.slack_ids[person.key] = person.slack_id

    def _shown_as(self, keys: Iterable[str]) -> set[tuple[str, str]]:
        """By Slack id, or by key and name."""
        return {(self.slack_ids.get(key) or key, "" if key in self.slack_ids else self.names[key]) for key in keys}


def truth_of(events: Iterable[Event]) -> Truth:
    """What ``events``, in their true order, come to."""
    truth = Truth()
    for event in events:
        truth.happens(event)
    return truth
