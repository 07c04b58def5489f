"""``rotate`` leaves nothing that only an old key can read, and loses nothing that the app writes meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, text

from app.db import calls
from app.db.rotation import BATCH, rotate
from app.db.session import Database
from app.domain.calls import Fact, Participant
from app.errors import StoredUnreadable
from tests.clocks import START
from tests.db.given import found, given_call, known, told
from tests.db.sealed import NEW, OLD, everything, fill, readable, words_in_files


def test_what_was_stored_without_keys_is_encrypted(open_with: Callable[..., Database]) -> None:
    fill(open_with())
    before = everything(open_with())
    database = open_with(NEW)
    assert rotate(database).unreadable == []
    assert readable(database) == set()
    assert everything(database) == before


def test_what_was_stored_without_keys_is_not_left_in_the_file(open_with: Callable[..., Database]) -> None:
    plain = open_with()
    if not plain.is_sqlite:
        pytest.skip("a server has the files")
    fill(plain)
    assert words_in_files(plain) != set()
    rotate(open_with(NEW))
    assert words_in_files(plain) == set()


def test_the_old_key_is_needed_no_more(open_with: Callable[..., Database]) -> None:
    fill(open_with(OLD))
    before = everything(open_with(OLD))
    rotate(open_with(NEW, OLD))
    assert everything(open_with(NEW)) == before


def test_the_second_time_there_is_nothing_to_do(open_with: Callable[..., Database]) -> None:
    fill(open_with())
    assert rotate(open_with(NEW)).rows == 4
    assert rotate(open_with(NEW)).rows == 0


def test_many_rows_are_done_in_several_transactions(open_with: Callable[..., Database]) -> None:
    plain, database = open_with(), open_with(NEW)
    given_call(plain)
    people = {key: Participant(key=key, name=Fact(START, "Ada")) for key in map(str, range(2 * BATCH + 1))}
    told(plain, participants=people)
    commits = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(1))
    assert rotate(database).rows == 2 * BATCH + 2
    assert len(commits) == 4
    assert known(open_with(NEW)).participants == people


class Interrupted(Database):
    """``meanwhile`` happens after the first rows were read, and before they are written."""

    meanwhile: Callable[[], None] | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        with super().transaction() as connection:
            yield connection


def test_what_the_app_writes_meanwhile_stays(open_with: Callable[..., Database], database_url: str) -> None:
    fill(open_with(OLD))
    app, rotating = open_with(NEW, OLD), Interrupted(database_url, keys=(NEW, OLD))
    rotating.meanwhile = lambda: told(app, title=Fact(START + timedelta(1), "Renamed"))
    rotate(rotating)
    rotating.close()
    assert found(app).snapshot.title.value == "Renamed"

    rotate(app)
    assert found(open_with(NEW)).snapshot.title.value == "Renamed"


def test_what_nobody_can_read_is_named_and_the_rest_is_done(open_with: Callable[..., Database]) -> None:
    given_call(open_with(OLD), "call-lost")
    given_call(open_with(), "call-plain")
    came_to = rotate(open_with(NEW))
    assert (came_to.rows, came_to.unreadable) == (1, ["calls call-lost"])
    assert found(open_with(NEW), "call-plain").snapshot.title.value == "Weekly sync"
    with pytest.raises(StoredUnreadable):
        found(open_with(NEW), "call-lost")


def test_what_nobody_can_read_can_be_forgotten(open_with: Callable[..., Database]) -> None:
    fill(open_with(OLD))
    given_call(open_with(NEW), "call-2")
    database = open_with(NEW)
    rotate(database, forget=True)
    with database.reading() as connection:
        assert calls.find_call(connection, "call-1") is None
        assert connection.execute(text("SELECT count(*) FROM participants")).scalar_one() == 0
        assert connection.execute(text("SELECT count(*) FROM deliveries")).scalar_one() == 0
    assert found(database, "call-2").snapshot.title.value == "Weekly sync"
