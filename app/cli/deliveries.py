"""``deliveries``: the webhooks that came in, what became of them, and reading them again."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from app import config
from app.cli.stored import accounts_in, clock_of, open_database, providers_or_none
from app.cli.tables import positive, print_facts, print_json, print_table, printable
from app.clock import SystemClock
from app.db import deliveries
from app.db.deliveries import Outcome, WholeDelivery
from app.db.notify import tell_from_outside
from app.domain.events import Event, ParticipantJoined, ParticipantLeft, TitleChanged
from app.errors import StoredUnreadable
from app.providers.registry import load_providers
from app.services.replay import ProviderMissing, Replayed, ReplayService

if TYPE_CHECKING:
    from app.cli import Commands

MOST = 50
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_KEPT = ("received_at", "id", "provider", "outcome", "call_id", "error")


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("deliveries", help="the webhooks that came in: list, show, replay")
    actions = parser.add_subparsers(required=True)
    listing = actions.add_parser("list", help="the newest; exits with 1 when there are none")
    listing.add_argument("--provider", help="such as livekit")
    listing.add_argument("--outcome", type=Outcome, choices=list(Outcome))
    listing.add_argument("--since", type=span, metavar="SPAN", help="of the last 30m, 2h or 7d")
    listing.add_argument("--limit", type=positive, default=MOST, help=f"at most so many; {MOST} where nothing is said")
    listing.add_argument("--json", action="store_true", help="for programs")
    listing.set_defaults(run=run_list)
    show = actions.add_parser("show", help="all that is stored of one, and what the code of today makes of it")
    show.add_argument("id", help="such as d-0123456789abcdef; it stands in the log")
    show.add_argument("--json", action="store_true", help="for programs")
    show.set_defaults(run=run_show)
    replay = actions.add_parser("replay", help="read deliveries again, with the code of today")
    which = replay.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="*", default=[], help="those of these ids")
    which.add_argument("--failed", action="store_true", help="all that failed, oldest first")
    replay.add_argument("--provider", help="with --failed: only those of this provider")
    replay.add_argument("--json", action="store_true", help="for programs")
    replay.set_defaults(run=run_replay)


def span(text: str) -> timedelta:
    """``2h`` as a span of time. Raises ValueError, which argparse turns into words."""
    match = re.fullmatch(r"(\d{1,5})([smhd])", text)
    if match is None:
        raise ValueError
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def run_list(options: argparse.Namespace) -> int:
    with open_database(config.environment()) as database, database.reading() as connection:
        since = database.now() - options.since if options.since else None
        found = deliveries.list_deliveries(
            connection, most=options.limit, provider=options.provider, outcome=options.outcome, since=since
        )
    if options.json:
        print_json(found)
    elif found:
        print_table(
            ("received", "id", "provider", "outcome", "call", "error"),
            [[getattr(each, name) for name in _KEPT] for each in found],
        )
    else:
        print("There are no such deliveries.")
    return 0 if found else 1


def run_show(options: argparse.Namespace) -> int:
    env = config.environment()
    with open_database(env) as database:
        with database.reading() as connection:
            delivery = deliveries.find_delivery(connection, options.id)
        if delivery is None:
            print("There is no such delivery.", file=sys.stderr)
            return 1
        accounts = accounts_in(database, env, providers_or_none(env), SystemClock())
        replays = ReplayService(database, SystemClock(), accounts, lambda: None)
        read = _read(replays, delivery)
    if options.json:
        print_json({**_kept(delivery), **_content(delivery), "read_today": read})
    else:
        _print_whole(delivery, read)
    return 0


def run_replay(options: argparse.Namespace) -> int:
    env = config.environment()
    with open_database(env) as database:
        accounts = accounts_in(database, env, load_providers(env, SystemClock()), SystemClock())
        replays = ReplayService(database, clock_of(database), accounts, lambda: tell_from_outside(database))
        with database.reading() as connection:
            ids = deliveries.failed_ids(connection, options.provider) if options.failed else options.id
        came_to = [(each, _replay(replays, each)) for each in ids]
    if options.json:
        print_json([{"id": id_, "came_to": sentence, "ok": ok} for id_, (ok, sentence) in came_to])
    for id_, (_, sentence) in came_to if not options.json else ():
        print(f"{id_}: {sentence}")
    if not ids:
        print("No delivery has failed.", file=sys.stderr)
    return 0 if ids and all(ok for _, (ok, _) in came_to) else 1


def _replay(replays: ReplayService, delivery_id: str) -> tuple[bool, str]:
    """Whether it is taken in now, and a sentence."""
    try:
        replayed = replays.replay(delivery_id)
    except (ProviderMissing, StoredUnreadable) as trouble:
        return False, str(trouble)
    if replayed is None:
        return False, "There is no such delivery."
    return replayed.outcome is not Outcome.FAILED, _sentence(replayed)


def _sentence(replayed: Replayed) -> str:
    match replayed.outcome:
        case Outcome.APPLIED:
            return f"Applied to {replayed.call_id}; its card follows within seconds."
        case Outcome.FAILED:
            return f"Fails again: {replayed.why}"
        case Outcome.UNMATCHED if replayed.events:
            return "Read, but about no call of ours."
    return "Read, but there is nothing in it that we follow."


def _read(replays: ReplayService, delivery: WholeDelivery) -> list[str]:
    """What the code of today makes of it, a sentence for each event."""
    try:
        events = replays.read(delivery)
    except ProviderMissing as missing:
        return [str(missing)]
    if isinstance(events, str):
        return [f"It cannot be read: {events}"]
    return list(_sentences(events)) or ["There is nothing in it that we follow."]


def _sentences(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        words = [f"{event.at:%Y-%m-%d %H:%M:%S}Z", type(event).__name__, f"meeting {event.meeting_id}"]
        match event:
            case ParticipantJoined(person=person) | ParticipantLeft(person=person):
                words.append(f"person {person.key} ({person.name})" if person.name else f"person {person.key}")
            case TitleChanged(title=title):
                words.append(f"title {title}")
        yield "  ".join(words)


def _kept(delivery: WholeDelivery) -> dict[str, object]:
    return {name: getattr(delivery, name) for name in (*_KEPT, "account_id")}


def _content(delivery: WholeDelivery) -> dict[str, object]:
    return {"headers": delivery.headers, "body": _parsed(delivery.body)}


def _parsed(body: bytes) -> object:
    """The JSON in it, or the text."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body.decode("utf-8", "backslashreplace")


def _print_whole(delivery: WholeDelivery, read: Iterable[str]) -> None:
    print_facts({name.removesuffix("_at").removesuffix("_id"): value for name, value in _kept(delivery).items()})
    parsed = _parsed(delivery.body)
    body = parsed if isinstance(parsed, str) else json.dumps(parsed, indent=2, ensure_ascii=False)
    headers = [f"{name}: {value}" for name, value in sorted(delivery.headers.items())]
    for title, lines in (("headers", headers), ("body", body.splitlines()), ("read by the code of today", read)):
        print(f"\n{title}")
        for line in lines:
            print(f"  {printable(line)}")
