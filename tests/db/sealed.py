"""A call with everything that a call can have, and what can be read of it off the database."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import text

from app.db import calls, deliveries, hosts
from app.db.deliveries import Delivery, Outcome, Taken
from app.db.schema import METADATA
from app.db.session import Database
from app.domain.calls import Fact, Participant
from app.domain.card import CallCard, CardUser
from app.domain.meetings import Meeting
from app.domain.plan import Shown
from tests.clocks import START
from tests.db.given import ACCOUNT, delivery, found, given_call, told

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()
TOKEN = "the-join-token-of-the-call"
WORDS = (
    "Weekly sync",
    "Lovelace",
    "ada@example.com",
    "hooks.slack.com",
    TOKEN,
    "meeting-passcode",
    "weekly-sync-b7c1",
    "host@example.com",
    "the body",
    "user-agent",
    "picture.png",
)


def fill(database: Database) -> None:
    """A call with everything that a call can have, and a delivery about it."""
    given_call(
        database,
        join_token=TOKEN,
        title="Weekly sync",
        response_url="https://hooks.slack.com/commands/T1/2/3",
        provider="zoom",
    )
    ada = Participant(
        key="ada@example.com",
        name=Fact(START, "Ada Lovelace"),
        email=Fact(START, "ada@example.com"),
        avatar_url=Fact(START, "https://example.com/picture.png"),
    )
    told(
        database,
        meeting=Meeting(id="weekly-sync-b7c1", join_url="https://example.com/?pwd=meeting-passcode"),
        join_url=f"https://calls.example.com/join/{TOKEN}",
        meeting_title=Fact(START, "Weekly sync"),
        participants={ada.key: ada},
    )
    user = CardUser(external_id="ada@example.com", display_name="Ada Lovelace")
    card = CallCard(title="Weekly sync", join_url=f"https://x/{TOKEN}", present=frozenset({user}), attended=frozenset())
    with database.transaction() as connection:
        calls.save_shown(connection, "call-1", Shown(card=card))
        assert hosts.allot(connection, "call-1", "zoom", ACCOUNT, ["host@example.com"], 1)
    store(database, about())


def about(key: str = "weekly-sync-b7c1 ada@example.com") -> Delivery:
    return delivery(
        key,
        meeting_id="weekly-sync-b7c1",
        provider="zoom",
        headers={"user-agent": "x"},
        body=b'{"the body": "Ada Lovelace"}',
    )


def store(database: Database, what: Delivery) -> dict[str, str]:
    with database.transaction() as connection:
        return deliveries.store(connection, [Taken(delivery=what, outcome=Outcome.UNMATCHED)])


def dump(database: Database) -> bytes:
    """Every value of every row, as it is stored."""
    whole = b""
    with database.reading() as connection:
        for table in METADATA.tables:
            for row in connection.execute(text(f"SELECT * FROM {table}")):
                whole += b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    return whole


def readable(database: Database, words: Iterable[str] = WORDS) -> set[str]:
    """Which of ``words`` can be read in the rows."""
    stored = dump(database)
    return {word for word in words if word.encode() in stored}


def everything(database: Database) -> tuple[Any, ...]:
    """All that there is to know, by each of the ways to look it up."""
    with database.transaction() as connection:
        [[by_meeting]] = calls.lock_by_meetings(connection, "zoom", ACCOUNT, ["weekly-sync-b7c1"]).values()
        people = calls.load_people(connection, [by_meeting], ["ada@example.com"])
        by_token = calls.find_by_join_token(connection, TOKEN)
        [early] = deliveries.unmatched(connection, "zoom", ACCOUNT, "weekly-sync-b7c1")
        shown = calls.load_shown(connection, "call-1")
    assert by_token == by_meeting
    return found(database), people, early, shown


def words_in_files(database: Database, words: Iterable[str] = WORDS) -> set[str]:
    """Which of ``words`` can be read in the files of SQLite."""
    file = Path(str(database.url.database))
    content = b"".join(path.read_bytes() for path in (file, file.with_name(f"{file.name}-wal")))
    return {word for word in words if word.encode() in content}
