"""A thousand people join within ten seconds and leave within the next ten: how many requests that costs, how long the
card is wrong, and what a bridge makes of it that sends a request for each of them.

Counted, not timed: the clock is moved, so that ten seconds are ten seconds on any machine.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from app.db import work
from app.emulator import Emulator
from app.emulator.calls import Call
from bench.figures import Figure, at_most
from bench.naive import naive_bridge
from bench.scene import FINISHED, JOINED, LEFT, LIVEKIT, Deliveries, Told, migrated, stand_calls
from bench.servers import SECRETS
from tests.clocks import MovedClock
from tests.running import Running, running_app

MOST_REQUESTS = 40
PEOPLE = 1000
SECONDS = 10
TICKS_PER_SECOND = 10
STAYS = "host"
"""The one who is there before the storm and after it."""
REST_SECONDS = 120
"""Between two storms: until nobody's requests are counted any more."""
PATIENCE = timedelta(hours=4)
SHORT = 20
"""A minute, where Slack allows less than it documents."""
METHODS = ("calls.add", "calls.end", "calls.info", "calls.participants.add", "calls.participants.remove")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a storm came to. ``seconds`` is from the last event until the card was true, None for never. ``unshown``
    were there and never stood on the card, ``left_over`` have gone and stand on it still."""

    requests: int
    refused: int
    seconds: float | None
    unshown: int
    left_over: int


def run(folder: Path) -> Iterator[Figure]:
    yield from _figures("", _storms(folder / "documented.db", {}), is_free=True)
    short = _storms(folder / "short.db", dict.fromkeys(METHODS, SHORT))
    yield from _figures(f" at {SHORT} a minute", short, is_free=False)


def _storms(file: Path, per_minute: Mapping[str, int]) -> dict[str, Outcome]:
    """One after the other, on the same emulator and by the same clock."""
    url, clock = f"sqlite:///{file}", MovedClock()
    with Emulator(now=clock.unix) as slack, closing(migrated(url)) as database:
        [room] = stand_calls(database, slack, 1)
        slack.limits.change({"per_minute": per_minute})
        env = {"DATABASE_URL": url, "SLACK_API_URL": slack.api_url, **SECRETS, **LIVEKIT}
        with running_app(env, clock, slack) as app:
            ours = _ours(app, room)
        dropping, waiting = (_naive(slack, clock, waits=waits) for waits in (False, True))
    return {"ours": ours, "naive, drops at 429": dropping, "naive, waits at 429": waiting}


def _ours(app: Running, room: str) -> Outcome:
    deliveries = Deliveries()

    def take(told: Told) -> None:
        body, headers = deliveries.signed(told, app.clock.now())
        answer = app.http.post("/webhooks/livekit", content=body, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"Not accepted: {answer.status_code} {answer.text}")

    _blow(room, app.clock, take, app.reconcile)
    [call] = app.slack.workspace().calls.all()
    seconds = _seconds_until_true(app, call)
    left_over = len(_ids(call.present) - {_key(STAYS)})
    take(Told(FINISHED, room, ""))
    app.settle()
    if not call.has_ended:
        raise RuntimeError("The card of the meeting that is over goes on.")
    return _outcome(app.slack, call, seconds, left_over)


def _seconds_until_true(app: Running, call: Call) -> float | None:
    began = app.clock.now()
    while app.clock.now() - began < PATIENCE:
        app.reconcile()
        if _is_true(call):
            return (app.clock.now() - began).total_seconds()
        with app.switchboard.database.reading() as connection:
            due = work.next_due(connection, app.clock.now())
        if due is None:
            return None
        app.clock.move_to(due)
    return None


def _naive(slack: Emulator, clock: MovedClock, *, waits: bool) -> Outcome:
    clock.move(REST_SECONDS)
    bridge = naive_bridge(slack, clock, waits=waits)
    slack.journal.clear()
    began = clock.now()
    _blow("", clock, bridge.take, lambda: None)
    call = slack.workspace().calls.get(bridge.call_id)
    seconds = (clock.now() - began).total_seconds() - 2 * SECONDS
    left_over = len(_ids(call.present) - {_key(STAYS)})
    return _outcome(slack, call, seconds if _is_true(call) else None, left_over)


def _blow(room: str, clock: MovedClock, take: Callable[[Told], None], work_on_it: Callable[[], object]) -> None:
    """Everybody's join and leave; what there is to do is done after each tick."""
    began = clock.now()
    for tick, due in groupby(_timetable(room), key=lambda entry: entry[0]):
        clock.move_to(began + timedelta(seconds=tick / TICKS_PER_SECOND))
        for _, told in due:
            take(told)
        work_on_it()
    clock.move_to(began + timedelta(seconds=2 * SECONDS))


def _timetable(room: str) -> list[tuple[int, Told]]:
    """In which tick what happens. They go in another order than they came in."""
    ticks = SECONDS * TICKS_PER_SECOND
    leaving = list(range(PEOPLE))
    random.Random(1).shuffle(leaving)
    entries = [(0, Told(JOINED, room, STAYS))]
    for number in range(PEOPLE):
        tick = number * ticks // PEOPLE
        entries.append((tick, Told(JOINED, room, str(number))))
        entries.append((ticks + tick, Told(LEFT, room, str(leaving[number]))))
    return sorted(entries, key=lambda entry: entry[0])


# --- What it came to ---------------------------------------------------------------------------------------------


def _outcome(slack: Emulator, call: Call, seconds: float | None, left_over: int) -> Outcome:
    requests = slack.requests()
    return Outcome(
        requests=len(requests),
        refused=sum(request.status != 200 or request.error is not None for request in requests),
        seconds=seconds,
        unshown=len(_everybody() - _ids(call.everyone)),
        left_over=left_over,
    )


def _figures(name: str, outcomes: Mapping[str, Outcome], *, is_free: bool) -> Iterator[Figure]:
    ours, *others = outcomes.values()
    target, ok = at_most(MOST_REQUESTS, ours.requests)
    yield Figure(
        name=f"storm{name}: requests to Slack", measured=str(ours.requests), target=target, ok=ok if is_free else None
    )
    refused = f"{ours.refused} refused"
    wrong = ours.unshown + ours.left_over
    yield Figure(
        name="  refused, and wrong on the card", measured=f"{refused}, {wrong}", target="0 wrong", ok=not wrong
    )
    yield Figure(name="  from the last event to a true card", measured=_told(ours.seconds))
    for label, other in zip(list(outcomes)[1:], others, strict=True):
        came_to = f"{other.requests}, {other.refused} refused"
        yield Figure(name=f"  {label}: requests", measured=came_to, ratio=other.requests / ours.requests)
        yield Figure(name="    … never shown, shown when gone", measured=f"{other.unshown}, {other.left_over}")
        yield Figure(name="    … until the card is true", measured=_told(other.seconds))


def _told(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.0f} min"


def _is_true(call: Call) -> bool:
    return _ids(call.present) == {_key(STAYS)} and not call.has_ended


def _everybody() -> set[str]:
    return {_key(str(person)) for person in (STAYS, *range(PEOPLE))}


def _key(person: str) -> str:
    return f"person-{person}"


def _ids(people: Sequence[Mapping[str, str]]) -> set[str]:
    return {str(person.get("external_id")) for person in people}
