"""With keys, what is secret or personal cannot be read off the database; without them all is as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.db import hosts
from app.db.encryption import Cipher
from app.db.models import Base
from app.db.session import Database
from app.domain.calls import Fact
from app.errors import StoredUnreadable
from tests.clocks import START
from tests.db.given import ACCOUNT, found, given_call, known, told
from tests.db.sealed import NEW, OLD, TOKEN, WORDS, about, dump, everything, fill, readable, store, words_in_files


def test_with_keys_nothing_of_a_call_can_be_read_off_the_database(open_with: Callable[..., Database]) -> None:
    database = open_with(NEW)
    fill(database)
    assert readable(database) == set()
    assert NEW.encode() not in dump(database)


def test_the_file_itself_holds_nothing_either(open_with: Callable[..., Database]) -> None:
    database = open_with(NEW)
    if not database.is_sqlite:
        pytest.skip("a server has the files")
    fill(database)
    assert words_in_files(database) == set()


def test_without_keys_all_is_as_it_was(open_with: Callable[..., Database]) -> None:
    database = open_with()
    fill(database)
    assert readable(database) == set(WORDS)


def test_with_the_same_keys_everything_is_found_and_read(open_with: Callable[..., Database]) -> None:
    plain, sealed = open_with(), open_with(NEW)
    fill(plain)
    as_it_was = everything(plain)
    with plain.transaction() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    fill(sealed)
    call, people, early, shown = everything(open_with(NEW))
    assert (call, people, shown) == (as_it_was[0], as_it_was[1], as_it_was[3])
    assert (early.headers, early.body) == (as_it_was[2].headers, as_it_was[2].body)
    assert call.host == "host@example.com"
    assert call.join_token == TOKEN


def test_what_was_stored_before_there_were_keys_is_found_and_goes_on(open_with: Callable[..., Database]) -> None:
    fill(open_with())
    as_it_was = everything(open_with())
    database = open_with(NEW)
    assert everything(database) == as_it_was

    ada = known(database).participants["ada@example.com"]
    later = replace(ada, name=Fact(START + timedelta(1), "Ada King"))
    told(database, participants={"ada@example.com": later})
    assert known(database).participants == {"ada@example.com": later}
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM participants")).scalar_one() == 1


def test_a_delivery_is_known_when_it_comes_again(open_with: Callable[..., Database]) -> None:
    database = open_with(NEW)
    assert len(store(database, about())) == 1
    assert store(database, about()) == {}
    assert store(database, about("another key")).keys() == {"another key"}


def test_a_host_holds_no_more_than_it_can_whenever_its_calls_were_stored(open_with: Callable[..., Database]) -> None:
    plain, sealed = open_with(), open_with(NEW)
    for call_id in ("call-1", "call-2", "call-3"):
        given_call(plain, call_id, provider="zoom")
    allotted = []
    for database, call_id in ((plain, "call-1"), (sealed, "call-2"), (sealed, "call-3")):
        with database.transaction() as connection:
            allotted.append(hosts.allot(connection, call_id, "zoom", ACCOUNT, ["host@example.com"], 2))
    assert allotted == [True, True, False]


def test_keys_are_changed_by_putting_the_new_one_first(open_with: Callable[..., Database]) -> None:
    fill(open_with(OLD))
    both = open_with(NEW, OLD)
    before = everything(both)
    told(both, title=Fact(START + timedelta(1), "Renamed"))
    assert known(open_with(NEW, OLD)).title.value == "Renamed"
    assert everything(both)[1:] == before[1:]
    with pytest.raises(StoredUnreadable):
        found(open_with(OLD))


@pytest.mark.parametrize(
    ("keys", "told_so"), [((OLD,), "not among ENCRYPTION_KEYS"), ((), "ENCRYPTION_KEYS is not set")]
)
def test_without_the_key_it_is_said_what_is_missing(
    open_with: Callable[..., Database], keys: tuple[str, ...], told_so: str
) -> None:
    fill(open_with(NEW))
    with pytest.raises(StoredUnreadable, match=told_so) as caught:
        found(open_with(*keys))
    assert not [secret for secret in (OLD, NEW, *WORDS) if secret in str(caught.value)]


def test_what_one_database_has_read_another_cannot_without_the_key(open_with: Callable[..., Database]) -> None:
    """What is remembered of people who have not changed must not open what the keys do not."""
    keyed = open_with(NEW)
    fill(keyed)
    assert known(keyed).participants
    with keyed.transaction() as connection:
        connection.execute(text("UPDATE calls SET title='x', meeting=NULL, join_url=NULL, meeting_title=NULL"))
        connection.execute(text("UPDATE calls SET response_url=NULL, join_secret=NULL, held_by=NULL"))
    with pytest.raises(StoredUnreadable):
        known(open_with(OLD))


@pytest.mark.parametrize("title", ["$fernet$", "$fernet$gAAAA", "$plain$", "$", "", "$plain$$fernet$"])
@pytest.mark.parametrize("keys", [(), (NEW,)])
def test_a_title_that_looks_encrypted_is_a_title(
    open_with: Callable[..., Database], title: str, keys: tuple[str, ...]
) -> None:
    database = open_with(*keys)
    given_call(database, title=title)
    assert known(database).title.value == title


def test_who_changes_what_is_stored_is_found_out() -> None:
    cipher = Cipher([NEW])
    sealed = cipher.seal(b"Weekly sync")
    changed = sealed[:-5] + bytes([sealed[-5] ^ 1]) + sealed[-4:]
    assert cipher.open(sealed) == b"Weekly sync"
    with pytest.raises(StoredUnreadable):
        cipher.open(changed)
