"""A thousand people join and leave within ten seconds: how many requests that costs, and whether anybody is lost.

Counted, not timed: the clock is moved, so that ten seconds are ten seconds on any machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Any

from app.emulator import Emulator
from bench.figures import Figure, at_most
from bench.scene import CHANNEL, FINISHED, JOINED, LEFT, LIVEKIT, Deliveries, Told, migrated, stand_calls
from bench.servers import SECRETS
from tests.clocks import MovedClock
from tests.running import Running, running_app

MOST_REQUESTS = 40
PEOPLE = 1000
SECONDS = 10
TICKS = 100
STAY_SECONDS = 2.0
STAYS = "host"
"""The one who is there before the storm and after it."""


def run(folder: Path) -> Iterator[Figure]:
    url, clock = f"sqlite:///{folder / 'app.db'}", MovedClock()
    with Emulator(now=clock.unix) as slack, closing(migrated(url)) as database:
        [room] = stand_calls(database, slack, 1)
        env = {"DATABASE_URL": url, "SLACK_API_URL": slack.api_url, **SECRETS, **LIVEKIT}
        with running_app(env, clock, slack) as app:
            _storm(app, room)
            app.settle()
            left = _ids(_card(slack)["active_participants"])
            _deliver(app, Deliveries(), [Told(FINISHED, room, "")])
            app.settle()
    yield from _figures(slack, left)


def _storm(app: Running, room: str) -> None:
    """Everybody's join, and their leave a little later; the app works on it after each tick, as its workers would."""
    deliveries = Deliveries()
    for _, due in groupby(_timetable(room), key=lambda entry: entry[0]):
        _deliver(app, deliveries, [told for _, told in due])
        app.reconcile()
        app.clock.move(SECONDS / TICKS)


def _timetable(room: str) -> list[tuple[int, Told]]:
    """In which tick what happens."""
    stay = round(STAY_SECONDS / SECONDS * TICKS)
    entries = [(0, Told(JOINED, room, STAYS))]
    for number in range(PEOPLE):
        comes = number * (TICKS - stay) // PEOPLE
        entries += [(comes, Told(JOINED, room, str(number))), (comes + stay, Told(LEFT, room, str(number)))]
    return sorted(entries, key=lambda entry: entry[0])


def _deliver(app: Running, deliveries: Deliveries, told: Sequence[Told]) -> None:
    for each in told:
        body, headers = deliveries.signed(each, app.clock.now())
        answer = app.http.post("/webhooks/livekit", content=body, headers=headers)
        if answer.status_code != 200:
            raise RuntimeError(f"Not accepted: {answer.status_code} {answer.text}")


def _figures(slack: Emulator, left: set[str]) -> Iterator[Figure]:
    requests, card = slack.requests(), _card(slack)
    counts = Counter(request.method for request in requests)
    print("storm:", ", ".join(f"{count} × {method}" for method, count in sorted(counts.items())))
    target, ok = at_most(MOST_REQUESTS, len(requests))
    name = f"requests to Slack for {PEOPLE} joins and leaves"
    yield Figure(name=name, measured=str(len(requests)), target=target, ok=ok)
    wrong = len(left ^ {f"person-{STAYS}"}) + len(_ids(card["all_participants"]) ^ _everybody())
    wrong += len(card["active_participants"]) + (not card["has_ended"])
    yield Figure(name="  what is wrong on the card", measured=str(wrong), target="0", ok=wrong == 0)
    refused = sum(request.status != 200 or request.error is not None for request in requests)
    yield Figure(name="  requests that Slack refused", measured=str(refused), target="0", ok=refused == 0)


def _everybody() -> set[str]:
    return {f"person-{person}" for person in (STAYS, *range(PEOPLE))}


def _card(slack: Emulator) -> Mapping[str, Any]:
    [card] = slack.cards(CHANNEL)
    return card


def _ids(people: Sequence[Mapping[str, Any]]) -> set[str]:
    return {str(person.get("external_id")) for person in people}
