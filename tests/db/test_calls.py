"""Calls are stored once, read in part, and never lose what two have learned at the same time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from app.db import calls
from app.db.calls import Learned, StoredCall
from app.db.session import Database
from app.domain.calls import CallStatus, Fact, Participant
from app.domain.card import CallCard, CardUser
from app.domain.events import ParticipantJoined
from app.domain.fold import fold
from app.domain.meetings import Meeting, Person
from app.domain.plan import Shown
from app.providers import payloads
from tests.clocks import START
from tests.db.given import ACCOUNT, at_once, claimed, found, given_call, known, learn, new_call, told

LATER = START + timedelta(minutes=1)


def participant(key: str, name: str = "Ada") -> Participant:
    return Participant(key=key, name=Fact(START, name))


def people(*keys: str) -> dict[str, Participant]:
    return {key: participant(key) for key in keys}


def locked(connection: Connection, meeting_id: str, *keys: str) -> StoredCall | None:
    """The newest call of a meeting, with those of its people, until the transaction ends."""
    [newest, *_] = calls.lock_by_meetings(connection, "vendor", ACCOUNT, [meeting_id]).get(meeting_id, [None])
    return newest and calls.load_participants(connection, newest, keys)


def test_a_new_call_is_wanted(database: Database) -> None:
    given_call(database, response_url="https://slack.example/response", deadline_at=LATER)
    call = found(database)
    assert (call.id, call.team_id, call.channel_id, call.status) == ("call-1", "T1", "C1", CallStatus.WANTED)
    assert (call.response_url, call.deadline_at) == ("https://slack.example/response", LATER)
    assert (call.snapshot.title, call.snapshot.created_by) == (Fact(START, "Weekly sync"), "U1")
    assert (call.generation, call.failures, call.in_flight) == (1, 0, None)


def test_the_same_request_makes_one_call(database: Database) -> None:
    given_call(database, "call-1", request_key="trigger-1")
    with database.transaction() as connection:
        again = new_call("call-2", request_key="trigger-1")
        assert not calls.insert_call(connection, again)
        assert calls.find_call(connection, "call-2") is None


def test_the_same_request_at_the_same_moment_makes_one_call(database: Database) -> None:
    def insert(number: int) -> bool:
        with database.transaction() as connection:
            return calls.insert_call(connection, new_call(f"call-{number}", request_key="trigger-1"))

    assert sorted(at_once(6, insert)) == [False] * 5 + [True]


def test_requests_of_different_teams_may_have_one_key(database: Database) -> None:
    given_call(database, "call-1", request_key="trigger-1")
    given_call(database, "call-2", request_key="trigger-1", team_id="T2")


def test_calls_without_a_request_key_are_all_different(database: Database) -> None:
    given_call(database, "call-1")
    given_call(database, "call-2")


def test_a_call_is_found_by_its_join_token(database: Database) -> None:
    given_call(database)
    with database.reading() as connection:
        call = calls.find_by_join_token(connection, "join-call-1")
        assert call is not None
        assert call.id == "call-1"
        assert calls.find_by_join_token(connection, "join-call-2") is None


def test_all_that_is_known_is_kept(database: Database) -> None:
    given_call(database)
    news: dict[str, Any] = {
        "title": Fact(LATER, "Retrospective 🎉"),
        "meeting": Meeting(id="m-1", join_url="https://meet.example/1", display_id="123 456"),
        "join_url": "https://meet.example/1",
        "occurrence": Fact(LATER, "run-1"),
        "ended_at": LATER,
        "meeting_is_over": True,
        "failure": "It could not start.",
        "participants": people("ada", "grace"),
    }
    expected = replace(known(database), **news)
    told(database, **news)
    assert known(database) == expected


def test_learning_nothing_new_still_counts(database: Database) -> None:
    given_call(database)
    told(database)
    assert found(database).generation == 2


def test_only_the_people_asked_for_are_loaded_and_the_others_stay(database: Database) -> None:
    given_call(database)
    told(database, participants=people("ada", "grace", "linus"))
    with database.transaction() as connection:
        call = calls.lock_call(connection, "call-1")
        assert call is not None
        some = calls.load_participants(connection, call, ["ada", "nobody"]).snapshot
        assert set(some.participants) == {"ada"}
        renamed = {"ada": participant("ada", "Countess"), "alan": participant("alan")}
        calls.save_known(connection, some, replace(some, participants=renamed))
    assert known(database).participants == people("grace", "linus") | renamed


def test_nobody_asked_for_is_nobody_loaded(database: Database) -> None:
    given_call(database)
    told(database, participants=people("ada"))
    with database.reading() as connection:
        assert calls.load_participants(connection, found(database), []).snapshot.participants == {}


def test_people_of_other_calls_are_other_people(database: Database) -> None:
    given_call(database, "call-1")
    given_call(database, "call-2")
    told(database, "call-1", participants=people("ada"))
    assert known(database, "call-2").participants == {}


def test_what_many_learn_at_once_is_all_kept(database: Database) -> None:
    given_call(database, meeting_id="m-1")
    threads, each = 6, 8

    def take_in(number: int) -> None:
        for turn in range(each):
            key = f"p-{number}-{turn}"
            join = ParticipantJoined(
                meeting_id="m-1", at=START, dedupe_key=key, person=Person(key=key, connection_id=key, name="Ada")
            )
            with database.transaction() as connection:
                call = locked(connection, "m-1", key)
                assert call is not None
                calls.save_known(connection, call.snapshot, fold(call.snapshot, join))

    before = found(database).generation
    at_once(threads, take_in)
    assert len(known(database).participants) == threads * each
    assert found(database).generation == before + threads * each


def test_one_person_folded_by_many_at_once_keeps_every_connection(database: Database) -> None:
    given_call(database, meeting_id="m-1")

    def take_in(number: int) -> None:
        person = Person(key="ada", connection_id=f"c-{number}", name="Ada")
        join = ParticipantJoined(meeting_id="m-1", at=START, dedupe_key=f"{number}", person=person)
        with database.transaction() as connection:
            call = locked(connection, "m-1", "ada")
            assert call is not None
            calls.save_known(connection, call.snapshot, fold(call.snapshot, join))

    at_once(8, take_in)
    assert len(known(database).participants["ada"].connections) == 8


def test_people_of_many_calls_are_loaded_together(database: Database) -> None:
    for number in (1, 2, 3):
        given_call(database, f"call-{number}", meeting_id=f"m-{number}")
    told(database, "call-1", participants=people("ada", "grace"))
    told(database, "call-2", participants=people("grace"))
    with database.transaction() as connection:
        found_calls = calls.lock_by_meetings(connection, "vendor", ACCOUNT, ["m-1", "m-2", "m-3"])
        its_calls = [call for its in found_calls.values() for call in its]
        loaded = calls.load_people(connection, its_calls, ["grace", "nobody"])
    assert loaded == {"call-1": people("grace"), "call-2": people("grace"), "call-3": {}}


def test_what_is_learned_of_many_calls_is_stored_together(database: Database) -> None:
    for number in (1, 2):
        given_call(database, f"call-{number}", meeting_id=f"m-{number}")
    before = [known(database, f"call-{number}") for number in (1, 2)]
    now = [replace(before[0], participants=people("ada")), replace(before[1], ended_at=LATER)]
    with database.transaction() as connection:
        calls.save_all_known(connection, [Learned(before=was, known=is_) for was, is_ in zip(before, now, strict=True)])
    assert [known(database, f"call-{number}") for number in (1, 2)] == now


@pytest.mark.parametrize("stored_first", ["call-new", "call-old"])
def test_a_meeting_that_is_reused_belongs_to_its_newest_call(database: Database, stored_first: str) -> None:
    for call_id in sorted(["call-new", "call-old"], key=stored_first.__ne__):
        given_call(database, call_id, at=LATER if call_id == "call-new" else START, meeting_id="m-1")
    given_call(database, "call-other", at=LATER, meeting_id="m-2")
    with database.transaction() as connection:
        call = locked(connection, "m-1")
    assert call is not None
    assert call.id == "call-new"


@pytest.mark.parametrize("meeting", [("vendor", ACCOUNT, "m-2"), ("vendor", "other", "m-1"), ("other", ACCOUNT, "m-1")])
def test_meetings_of_others_are_not_ours(database: Database, meeting: tuple[str, str, str]) -> None:
    given_call(database, meeting_id="m-1")
    with database.transaction() as connection:
        assert calls.lock_by_meetings(connection, *meeting[:2], [meeting[2]]) == {}


def test_the_running_calls_of_a_channel_come_newest_first(database: Database) -> None:
    for number in range(5):
        given_call(database, f"call-{number}", at=START + timedelta(seconds=number))
    given_call(database, "call-elsewhere", channel_id="C2")
    given_call(database, "call-of-others", team_id="T2")
    told(database, "call-1", ended_at=LATER)
    told(database, "call-2", failure="It could not start.")
    with database.reading() as connection:
        running = calls.running_calls(connection, "T1", "C1")
    assert [call.id for call in running] == ["call-4", "call-3", "call-0"]


def test_a_call_nobody_has_shown_yet_is_shown_nowhere(database: Database) -> None:
    given_call(database)
    with database.reading() as connection:
        assert calls.load_shown(connection, "call-1") == Shown()


def test_what_was_shown_last_is_what_is_shown(database: Database) -> None:
    given_call(database)
    ada = CardUser(external_id="ada", display_name="Ada")
    card = CallCard(title="Weekly sync", join_url="https://meet.example/1", present=frozenset({ada}))
    second = Shown(slack_call_id="R1", posted=True, card=card, unknown_slack_ids=frozenset({"U9"}))
    with database.transaction() as connection:
        calls.save_shown(connection, "call-1", Shown(slack_call_id="R1"))
        calls.save_shown(connection, "call-1", second)
        assert calls.load_shown(connection, "call-1") == second


def test_news_that_cannot_wait_bring_the_turn_forward(database: Database) -> None:
    given_call(database)
    assert claimed(database) is not None
    told(database, reconcile_after=START, ended_at=START)
    assert claimed(database, START + timedelta(seconds=15)) is not None


def test_whatever_the_border_lets_through_can_be_stored(database: Database) -> None:
    longest = "ü" * payloads.LONGEST_KEY
    given_call(database, meeting_id=longest)
    told(database, participants=people(longest), occurrence=Fact(START, longest))
    with database.transaction() as connection:
        call = locked(connection, longest, longest)
        assert call is not None
        assert set(call.snapshot.participants) == {longest}


def test_a_lock_lets_others_wait_until_the_end_of_the_transaction(database: Database) -> None:
    given_call(database)

    def rename(number: int) -> None:
        with database.transaction() as connection:
            call = calls.lock_call(connection, "call-1")
            assert call is not None
            title = Fact(START, f"{call.snapshot.title.value}{number}")
            learn(connection, "call-1", title=title)

    at_once(6, rename)
    assert sorted(known(database).title.value.removeprefix("Weekly sync")) == list("012345")
