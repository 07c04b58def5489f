"""``python -m app calls``: an operator sees what is known and shown of a call, and can end it or have it looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.db import calls
from app.db.session import Database
from app.domain.calls import Confidence, Connection, Fact, Participant, SlackIdentity
from tests.cli.saying import Say
from tests.clocks import START
from tests.db.given import found, given_call, set_aside, told
from tests.running import Running

LINK = {"LINK_TEMPLATE": "https://meet.example.com/{slug}"}


def live_call(run_app: Callable[..., Running], title: str = "Weekly sync") -> tuple[Running, str]:
    """A call whose card stands in the channel."""
    app = run_app(**LINK)
    app.slack.slash("/ring", title)
    app.reconcile()
    with app.switchboard.database.reading() as connection:
        [call] = calls.running_calls(connection, "T0LOCAL", "C0GENERAL")
    return app, call.id


def test_the_newest_come_first(say: Say, database: Database) -> None:
    given_call(database, "call-old", title="Old \x1b[1m title")
    given_call(database, "call-new", at=START + timedelta(hours=1), team_id="T2")
    said = say("calls", "list")
    assert said.code == 0
    assert [line[1:] for line in said.lines] == [
        ["id", "team", "channel", "status", "provider", "failures", "title"],
        ["call-new", "T2", "C1", "wanted", "vendor", "0", "Weekly sync"],
        ["call-old", "T1", "C1", "wanted", "vendor", "0", "Old \\u001b[1m title"],
    ]


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ((), ["call-2", "call-over", "call-1"]),
        (("--running",), ["call-2", "call-1"]),
        (("--set-aside",), ["call-1"]),
        (("--team", "T1"), ["call-over", "call-1"]),
        (("--team", "T3"), []),
        (("--limit", "1"), ["call-2"]),
    ],
)
def test_a_list_can_be_narrowed(say: Say, database: Database, options: tuple[str, ...], ids: list[str]) -> None:
    given_call(database, "call-1")
    given_call(database, "call-over", at=START + timedelta(hours=1))
    given_call(database, "call-2", at=START + timedelta(hours=2), team_id="T2")
    told(database, "call-over", ended_at=START + timedelta(hours=1))
    set_aside(database, "call-1")
    said = say("calls", "list", "--json", *options)
    assert [each["id"] for each in said.json] == ids
    assert said.code == (0 if ids else 1)


def test_all_of_a_call_is_shown_but_for_its_links(say: Say, run_app: Callable[..., Running]) -> None:
    app, call_id = live_call(run_app)
    said = say("calls", "show", call_id, **LINK)
    assert said.code == 0
    for line in (
        ["status", "live"],
        ["title", "Weekly sync"],
        ["team", "T0LOCAL"],
        ["in step", "True"],
        ["posted", "True"],
    ):
        assert line in said.lines
    assert said.lines[said.lines.index(["planned"]) + 1] == ["nothing"]
    for link in ("meet.example.com", "xoxb", found(app.switchboard.database, call_id).join_token):
        assert link not in said.out


def test_who_is_in_and_what_is_planned_is_shown(say: Say, database: Database) -> None:
    given_call(database, meeting_id="m-1")
    joined, left = Fact(START, ""), START + timedelta(minutes=1)
    people = [
        Participant(
            key="ada",
            name=Fact(START, "Ada Lovelace"),
            first_joined_at=START,
            connections={"phone": Connection(joined=joined), "laptop": Connection(joined=joined, left_at=left)},
        ),
        Participant(key="grace", first_joined_at=START, connections={"c": Connection(joined=joined, left_at=left)}),
        Participant(key="guest", slack=SlackIdentity(Confidence.LINK, START, "U2")),
    ]
    told(database, participants={person.key: person for person in people})
    assert ["ada", "Ada Lovelace", "–", "in", f"{START:%Y-%m-%d %H:%M:%S}Z", "2"] in say(
        "calls", "show", "call-1"
    ).lines
    shown = say("calls", "show", "call-1", "--json").json
    assert [(person["key"], person["slack"], person["is"]) for person in shown["people"]] == [
        ("ada", None, "in"),
        ("grace", None, "gone"),
        ("guest", "U2", "expected"),
    ]
    assert shown["planned"] == ["AddCall"]
    assert shown["call"]["meeting is known"] is True
    assert (shown["work"]["in step"], shown["shown"]["people"]) == (False, 0)


def test_a_call_that_rests_is_taken_up_at_once(say: Say, run_app: Callable[..., Running]) -> None:
    app, call_id = live_call(run_app)
    database = app.switchboard.database
    assert not app.switchboard.reconciler.reconcile_one()
    asked = len(app.slack.requests())
    app.clock.move(60)

    assert say("calls", "reconcile", call_id).code == 0
    assert not found(database, call_id).is_in_step
    assert app.switchboard.reconciler.reconcile_one()
    assert found(database, call_id).is_in_step
    assert len(app.slack.requests()) == asked, "nothing differs, so nothing is sent"


def test_a_call_can_be_ended_by_the_operator(say: Say, run_app: Callable[..., Running]) -> None:
    app, call_id = live_call(run_app)
    said = say("calls", "end", call_id, **LINK)
    assert said.code == 0
    assert "Its card says so within seconds" in said.out
    assert "The meeting goes on for those who are in it" in said.out
    assert say("calls", "list", "--running").code == 1

    app.clock.move(60)
    app.reconcile()
    assert app.slack.cards("C0GENERAL")[0]["has_ended"]
    assert say("calls", "end", call_id).code == 1


@pytest.mark.parametrize("action", ["show", "reconcile", "end"])
def test_there_is_no_such_call(say: Say, action: str) -> None:
    said = say("calls", action, "call-none")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("There is no such call")


@pytest.mark.parametrize("arguments", [(), ("show",), ("list", "--limit", "x"), ("dance", "call-1")])
def test_what_is_not_understood_is_refused(say: Say, arguments: tuple[str, ...]) -> None:
    assert say("calls", *arguments).code == 2
