"""What truly happens in one meeting at a provider, and what becomes of the webhooks about it.

A story is played, not invented: a device joins before it leaves, nobody leaves twice, an empty run ends when this
provider ends it. Times are whole seconds since the call was asked for, as some providers tell no finer ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from hypothesis import strategies as st

NAMES = {"ada-1": "Ada Lovelace", "grace-1": "Grace Hopper", "guest-1": ""}
"""By the provider's own id of a person."""
FIRST_TITLE = "Weekly sync"
TITLES = ("Retrospective", "Lunch", FIRST_TITLE)


class What(StrEnum):
    BEGAN = "the run begins"
    JOINED = "joins"
    LEFT = "leaves"
    TITLED = "the title is now"
    ENDED = "the run ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """How meetings go at one provider.

    ``empty_for`` is how long a run outlasts its last person, None where nobody ends it. ``begins_with_people`` is False
    where a run begins with the request that makes the meeting. ``latest`` is how late a webhook may be, in seconds.
    ``sees_people`` is False where a look tells only whether the meeting runs; where a meeting ``vanishes``, nothing
    tells one that is over from one that nobody has come to. ``limit_hours`` is when a call ends at a provider that
    cannot be asked at all.
    """

    latest: int
    empty_for: int | None
    begins_with_people: bool = True
    begins_again: bool = True
    tells_beginnings: bool = True
    tells_runs: bool = True
    is_ended_by_people: bool = True
    has_titles: bool = False
    joins_tell_runs: bool = True
    sees_people: bool = True
    vanishes: bool = False
    limit_hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """``told_after`` is how many seconds later each webhook about it arrives: none is lost, two are the same twice.
    ``since`` is when the connection came, or the run that ends began; ``left`` is who was in a run that ends."""

    number: int
    at: int
    what: What
    run: int
    who: str = ""
    connection: str = ""
    title: str = ""
    since: int = 0
    left: tuple[Happening, ...] = ()
    told_after: tuple[int, ...] = ()

    def __repr__(self) -> str:
        whose = f"{self.who} by {self.connection} " if self.who else ""
        told = "told after " + " and ".join(f"{late} s" for late in self.told_after) if self.told_after else "LOST"
        return f"{self.at:>5} s  run {self.run}: {whose}{self.what}{self.title and ' ' + self.title} ({told})"


@dataclass(slots=True)
class Now:
    """The meeting at one moment. ``open`` maps connections to people."""

    run: int = 0
    is_running: bool = False
    has_ended: bool = False
    title: str = FIRST_TITLE
    open: dict[str, str] = field(default_factory=dict)
    came_at: dict[str, int] = field(default_factory=dict)
    began_at: int = 0

    def take_in(self, happening: Happening) -> None:
        match happening.what:
            case What.BEGAN:
                self.run, self.is_running, self.has_ended = happening.run, True, False
                self.began_at = happening.at
            case What.JOINED:
                self.open[happening.connection] = happening.who
                self.came_at[happening.connection] = happening.at
            case What.LEFT:
                del self.open[happening.connection]
            case What.TITLED:
                self.title = happening.title
            case What.ENDED:
                self.is_running, self.has_ended = False, True

    @property
    def present(self) -> set[str]:
        return set(self.open.values())


@dataclass(frozen=True, slots=True)
class Story:
    """``is_early``: the answer to the request that made the meeting is lost, so that webhooks come before the app
    knows the meeting to be its own."""

    traits: Traits
    happenings: Sequence[Happening]
    is_early: bool = False

    def __repr__(self) -> str:
        early = ["        the answer that tells the meeting's id is lost"] if self.is_early else []
        return "\n".join(["", *early, *map(repr, self.happenings), ""])

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """How hypothesis shows it."""
        printer.text(repr(self))

    @property
    def last_at(self) -> int:
        """When the last thing has happened and the last webhook has come."""
        return max((one.at + max(one.told_after, default=0) for one in self.happenings), default=0)

    @property
    def is_known(self) -> bool:
        """Whether anybody who has not seen the meeting running knows that it ever was."""
        return not self.traits.vanishes or any(happening.told_after for happening in self.happenings)

    @property
    def is_all_told(self) -> bool:
        """Whether all was told that this provider tells, so that nothing has to be asked."""
        silent = {What.BEGAN} if self.traits.tells_runs else {What.BEGAN, What.ENDED}
        return all(one.told_after or one.what in silent for one in self.happenings)

    def end(self) -> Now:
        now = Now()
        for happening in self.happenings:
            now.take_in(happening)
        return now

    def deliveries(self) -> Iterator[tuple[int, Happening]]:
        """Each webhook, with when it comes."""
        for happening in self.happenings:
            for late in happening.told_after:
                yield happening.at + late, happening


@dataclass(slots=True)
class Author:
    """Writes a story, deed by deed. ``fate`` is what becomes of the webhooks about one happening."""

    traits: Traits
    fate: Callable[[], tuple[int, ...]]
    clock: int = 0
    now: Now = field(default_factory=Now)
    written: list[Happening] = field(default_factory=list)
    connections: int = 0
    empty_since: int | None = None

    def begin(self) -> None:
        if not self.traits.begins_with_people:
            self._write(What.BEGAN, is_told=self.traits.tells_runs and self.traits.tells_beginnings, since=self.clock)

    def join(self, number: int) -> None:
        if not self.now.is_running:
            if self.now.has_ended and not self.traits.begins_again:
                return
            if self.now.has_ended:
                # Two runs that begin and end in the same second cannot be told apart by anybody.
                self.wait(1)
                self.now.run += 1
            self._write(What.BEGAN, is_told=self.traits.tells_runs and self.traits.tells_beginnings, since=self.clock)
        self.connections += 1
        who = sorted(NAMES)[number % len(NAMES)]
        self.empty_since = None
        self._write(What.JOINED, who=who, connection=f"c-{self.connections}", since=self.clock)

    def leave(self, number: int) -> None:
        if self.now.open:
            self._leave(sorted(self.now.open)[number % len(self.now.open)])
            self._end_if_empty(by=self.clock)

    def change_title(self, number: int) -> None:
        self.wait(1)
        if self.traits.has_titles and self.now.is_running:
            self._write(What.TITLED, title=TITLES[number % len(TITLES)])

    def end(self, _number: int) -> None:
        """For everybody."""
        if self.now.is_running:
            for connection in sorted(self.now.open):
                self._leave(connection)
            if self.traits.is_ended_by_people:
                self._end()
            else:
                self._end_if_empty(by=self.clock)

    def wait(self, seconds: int) -> None:
        until = self.clock + seconds
        self._end_if_empty(by=until)
        self.clock = until

    def finish(self) -> None:
        """A run that nobody is in any more comes to its end."""
        self.wait(self.traits.empty_for or 0)

    def _leave(self, connection: str) -> None:
        who, since = self.now.open[connection], self.now.came_at[connection]
        self._write(What.LEFT, who=who, connection=connection, since=since)
        if not self.now.open:
            self.empty_since = self.clock

    def _end_if_empty(self, *, by: int) -> None:
        if self.traits.empty_for is None or self.empty_since is None:
            return
        over_at = self.empty_since + self.traits.empty_for
        if over_at <= by:
            self.clock = over_at
            self._end()

    def _end(self) -> None:
        self.empty_since = None
        self._write(What.ENDED, is_told=self.traits.tells_runs, since=self.now.began_at)

    def _write(
        self, what: What, *, is_told: bool = True, who: str = "", connection: str = "", title: str = "", since: int = 0
    ) -> None:
        run = self.now.run
        was_there = [one for one in self.written if one.run == run and one.what is What.LEFT]
        happening = Happening(
            number=len(self.written),
            at=self.clock,
            what=what,
            run=run,
            who=who,
            connection=connection,
            title=title,
            since=since,
            left=tuple(was_there) if what is What.ENDED else (),
            told_after=self.fate() if is_told else (),
        )
        self.now.take_in(happening)
        self.written.append(happening)


_DEEDS: tuple[Callable[[Author, int], None], ...] = (
    *(Author.join, Author.join, Author.join, Author.leave, Author.leave),
    *(Author.change_title, Author.end),
)
KNOWN_BY = 5
"""The second by which the app knows the meeting, also when it had to ask again. No meeting is over before."""
_PAUSES = (0, 1, 5, 20, 45, 70, 200, 400)
_FATES = ("told",) * 8 + ("told twice", "lost")
_DELAYS = (0, 0, 0, 1, 3, 10, 45, 100, 280, 700, 2000)


def _fates(draw: st.DrawFn, latest: int) -> Callable[[], tuple[int, ...]]:
    delays = st.sampled_from([delay for delay in _DELAYS if delay <= latest])

    def fate() -> tuple[int, ...]:
        times = {"told": 1, "told twice": 2, "lost": 0}[draw(st.sampled_from(_FATES))]
        return tuple(draw(delays) for _ in range(times))

    return fate


@st.composite
def stories(draw: st.DrawFn, traits: Traits) -> Story:
    author = Author(traits, _fates(draw, traits.latest))
    is_early = draw(st.booleans())
    author.begin()
    deeds = st.tuples(st.sampled_from(_PAUSES), st.sampled_from(_DEEDS), st.integers(0, 5))
    # Many are long, and yet each may become as short as it can.
    fewest = draw(st.sampled_from((0, 6)))
    for pause, deed, number in draw(st.lists(deeds, min_size=fewest, max_size=16)):
        author.wait(pause)
        if is_early and deed in (Author.leave, Author.end):
            author.wait(max(0, KNOWN_BY - author.clock))
        deed(author, number)
    author.finish()
    happenings = author.written
    if draw(st.integers(0, 3)) == 3:
        happenings = _out_of_reach(happenings, draw(st.integers(0, author.clock)), draw(st.sampled_from(_PAUSES[4:])))
    return Story(traits, happenings, is_early)


def _out_of_reach(happenings: Sequence[Happening], since: int, seconds: int) -> list[Happening]:
    """Nothing comes through to us for so long."""
    return [
        replace(one, told_after=tuple(late for late in one.told_after if not since <= one.at + late < since + seconds))
        for one in happenings
    ]
