"""``calls``: what is known of calls, what Slack shows of them, and what can be done when one hangs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from app import config
from app.cli.stored import clock_of, open_database, provider_of
from app.cli.tables import positive, print_facts, print_json, print_table
from app.db import calls, overview
from app.db.calls import StoredCall
from app.db.notify import tell_from_outside
from app.db.overview import LaneState, Turn
from app.db.session import Database
from app.domain.calls import Participant
from app.domain.meetings import Capabilities
from app.domain.plan import Shown, plan
from app.providers.base import Provider
from app.services.operating import OperatorService

if TYPE_CHECKING:
    from app.cli import Commands

Section: TypeAlias = dict[str, object] | Sequence[dict[str, object] | str]
"""Facts by name, rows of a table, or words."""

MOST = 50
_LISTED = ("started", "id", "team", "channel", "status", "provider", "failures", "title")
_PEOPLE = ("key", "name", "slack", "is", "came", "devices")
_LANES = ("method", "this call's place", "unused from", "parked until")


def add_to(commands: Commands) -> None:
    parser = commands.add_parser("calls", help="calls: list, show, reconcile, end")
    actions = parser.add_subparsers(required=True)
    listing = actions.add_parser("list", help="the newest; exits with 1 when there are none")
    listing.add_argument("--running", action="store_true", help="only those that are not over")
    listing.add_argument("--set-aside", action="store_true", help="only those that fail again and again")
    listing.add_argument("--team", help="only those of this team, T…")
    listing.add_argument("--limit", type=positive, default=MOST, help=f"at most so many; {MOST} where nothing is said")
    listing.add_argument("--json", action="store_true", help="for programs")
    listing.set_defaults(run=run_list)
    show = _of_one(actions, "show", "all that is known of one, and what will be done about it")
    show.add_argument("--json", action="store_true", help="for programs")
    show.set_defaults(run=run_show)
    _of_one(actions, "reconcile", "have a worker take one up now").set_defaults(run=run_reconcile)
    _of_one(actions, "end", "end one, whoever started it").set_defaults(run=run_end)


def _of_one(actions: Commands, name: str, what: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=what)
    parser.add_argument("id", help="such as call-0123456789abcdef0123; it stands in the log")
    return parser


def run_list(options: argparse.Namespace) -> int:
    with open_database(config.environment()) as database, database.reading() as connection:
        found = overview.list_calls(
            connection,
            most=options.limit,
            running=options.running,
            set_aside=options.set_aside,
            team_id=options.team,
        )
    rows = [_row(call) for call in found]
    if options.json:
        print_json([dict(zip(_LISTED, row, strict=True)) for row in rows])
    elif rows:
        print_table(_LISTED, rows)
    else:
        print("There are no such calls.")
    return 0 if rows else 1


def run_show(options: argparse.Namespace) -> int:
    env = config.environment()
    with open_database(env) as database:
        whole = _load(database, options.id)
        if whole is None:
            return _unknown()
        sections = _sections(whole, provider_of(database, env, whole.call))
    if options.json:
        print_json(sections)
    else:
        _print_sections(sections)
    return 0


def run_reconcile(options: argparse.Namespace) -> int:
    with open_database(config.environment()) as database:
        if not _operator(database).reconcile(options.id):
            return _unknown()
    print("A worker takes it up within seconds, if the app is running.")
    return 0


def run_end(options: argparse.Namespace) -> int:
    env = config.environment()
    with open_database(env) as database:
        over = _operator(database).end(options.id)
        provider = provider_of(database, env, over) if over else None
    if over is None:
        print("There is no such call, or it is over already.", file=sys.stderr)
        return 1
    print("It is over. Its card says so within seconds, if the app is running.")
    if provider is not None and provider.capabilities.ends_meetings:
        print(f"{provider.display_name} is asked to end the meeting for everybody.")
    else:
        print("The meeting goes on for those who are in it: it cannot be ended from here.")
    return 0


def _operator(database: Database) -> OperatorService:
    return OperatorService(database, clock_of(database), lambda: tell_from_outside(database))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """All that is stored of a call."""

    call: StoredCall
    shown: Shown
    turn: Turn
    lanes: Mapping[str, LaneState]


def _load(database: Database, call_id: str) -> _Whole | None:
    with database.reading() as connection:
        call = calls.find_call(connection, call_id)
        if call is None:
            return None
        return _Whole(
            call=calls.load_participants(connection, call),
            shown=calls.load_shown(connection, call_id),
            turn=overview.turn_of(connection, call_id),
            lanes=overview.lanes_of(connection, call.team_id),
        )


def _unknown() -> int:
    print("There is no such call.", file=sys.stderr)
    return 1


def _row(call: StoredCall) -> Sequence[object]:
    known = call.snapshot
    where = (call.team_id, call.channel_id)
    return (known.started_at, call.id, *where, _status(call), call.provider, call.failures, known.title.value)


def _status(call: StoredCall) -> str:
    """Where it stands; a call that is over is so before Slack has been told."""
    return f"{call.status}, over" if call.snapshot.is_over and not call.is_in_step else str(call.status)


def _sections(whole: _Whole, provider: Provider | None) -> dict[str, Section]:
    """Links and tokens are left out: whoever has them could come in."""
    can = provider.capabilities if provider else Capabilities()
    planned = plan(whole.call.snapshot, whole.shown, can)
    return {
        "call": _facts(whole.call),
        "work": _work(whole.call, whole.turn),
        "people": [dict(zip(_PEOPLE, row, strict=True)) for row in _people(whole.call)],
        "shown": _shown(whole.shown),
        "planned": [type(operation).__name__ for operation in planned],
        "lanes": [dict(zip(_LANES, row, strict=True)) for row in _lanes(whole)],
    }


def _facts(call: StoredCall) -> dict[str, object]:
    known = call.snapshot
    return {
        "id": call.id,
        "status": _status(call),
        "title": known.title.value,
        "team": call.team_id,
        "channel": call.channel_id,
        "started by": known.created_by,
        "started": known.started_at,
        "ended": known.ended_at,
        "failure": known.failure,
        "provider": call.provider,
        "meeting is known": known.meeting is not None,
    }


def _work(call: StoredCall, turn: Turn) -> dict[str, object]:
    return {
        "in step": call.is_in_step,
        "generation": call.generation,
        "shown generation": call.shown_generation,
        "next turn": turn.reconcile_after if turn.has_work else None,
        "deadline": call.deadline_at,
        "failures in a row": call.failures,
        "in flight": call.in_flight,
        "leased until": turn.lease_until,
    }


def _people(call: StoredCall) -> list[Sequence[object]]:
    people = sorted(call.snapshot.participants.values(), key=lambda person: person.key)
    return [_person(person, is_in=person.is_present(call.snapshot.occurrence)) for person in people]


def _person(person: Participant, *, is_in: bool) -> Sequence[object]:
    name = person.name.value if person.name else None
    slack = person.slack.user_id if person.slack else None
    state = "in" if is_in else "gone" if person.first_joined_at else "expected"
    return (person.key, name, slack, state, person.first_joined_at, len(person.connections))


def _shown(shown: Shown) -> dict[str, object]:
    card = shown.card
    return {
        "Slack's call": shown.slack_call_id,
        "posted": shown.posted,
        "title": card.title if card else None,
        "people": len(card.present) if card else 0,
        "ended after seconds": card.duration_seconds if card else None,
    }


def _lanes(whole: _Whole) -> list[Sequence[object]]:
    methods = sorted({*whole.lanes, *whole.call.booked})
    return [(method, whole.call.booked.get(method), *_places(whole.lanes.get(method))) for method in methods]


def _places(lane: LaneState | None) -> tuple[datetime | None, datetime | None]:
    return (lane.unused_from, lane.parked_until) if lane else (None, None)


def _print_sections(sections: Mapping[str, Section]) -> None:
    for title, section in sections.items():
        print(f"\n{title}" if title != "call" else title)
        if isinstance(section, dict):
            print_facts(section)
        elif all(isinstance(row, str) for row in section):
            print(", ".join(map(str, section)) or "nothing")
        else:
            rows = [row for row in section if isinstance(row, dict)]
            print_table(tuple(rows[0]), [tuple(row.values()) for row in rows])
