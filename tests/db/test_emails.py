"""Whose e-mail address something is, remembered for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db import emails
from app.db.emails import NOBODYS, SOMEBODYS
from app.db.models import EMAILS
from app.db.session import Database
from tests.clocks import START

ADA = "ada@example.com"


def remember(database: Database, user_id: str | None, *, email: str = ADA, later: timedelta = timedelta()) -> None:
    with database.transaction() as connection:
        emails.remember(connection, "T1", email, user_id, START + later)


def recall(
    database: Database, *addresses: str, team_id: str = "T1", later: timedelta = timedelta()
) -> dict[str, str | None]:
    with database.reading() as connection:
        return emails.recall(connection, team_id, addresses, START + later)


def test_somebody_is_known_again(database: Database) -> None:
    remember(database, "U1")
    assert recall(database, ADA, "grace@example.com") == {ADA: "U1"}


def test_so_is_nobody(database: Database) -> None:
    remember(database, None)
    assert recall(database, ADA) == {ADA: None}


def test_an_address_may_be_spelt_in_large_letters(database: Database) -> None:
    remember(database, "U1")
    assert recall(database, "Ada@Example.com") == {"Ada@Example.com": "U1"}


def test_another_team_knows_nothing_of_it(database: Database) -> None:
    remember(database, "U1")
    assert recall(database, ADA, team_id="T2") == {}


@pytest.mark.parametrize(("user_id", "while_"), [("U1", SOMEBODYS), (None, NOBODYS)])
def test_it_is_asked_again_after_a_while(database: Database, user_id: str | None, while_: timedelta) -> None:
    remember(database, user_id)
    assert recall(database, ADA, later=while_) == {ADA: user_id}
    assert recall(database, ADA, later=while_ + timedelta(seconds=1)) == {}


def test_the_newer_answer_counts(database: Database) -> None:
    remember(database, None)
    remember(database, "U2", later=timedelta(hours=2))
    assert recall(database, ADA, later=timedelta(hours=2)) == {ADA: "U2"}


def test_the_address_itself_is_not_kept(database: Database) -> None:
    remember(database, "U1")
    with database.reading() as connection:
        [row] = connection.execute(EMAILS.select())
    assert ADA not in str(row)
