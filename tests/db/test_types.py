"""Moments come back as they were, in UTC; our own values come back equal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from traceback import format_exception
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError

from app.db.models import CALLS
from app.db.session import Database
from app.db.types import Json, UtcDateTime
from app.domain.calls import Confidence, Connection, Fact, Participant, SlackIdentity
from app.domain.card import CallCard, CardUser
from app.domain.meetings import Meeting
from app.domain.plan import Shown
from app.errors import StoredUnreadable
from tests.clocks import START
from tests.db.given import given_call, known

T = TypeVar("T")
EARLIEST, LATEST = datetime(1970, 1, 2), datetime(2199, 12, 30)  # noqa: DTZ001 - hypothesis wants them without a zone

moments = st.datetimes(EARLIEST, LATEST, timezones=st.sampled_from([UTC, timezone(timedelta(hours=-11))]))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
facts = st.builds(Fact, moments, texts)
identities = st.builds(SlackIdentity, st.sampled_from(Confidence), moments, texts)
connections = st.builds(Connection, joined=st.none() | facts, left_at=st.none() | moments)
participants = st.builds(
    Participant,
    key=texts,
    name=st.none() | facts,
    email=st.none() | facts,
    avatar_url=st.none() | facts,
    slack=st.none() | identities,
    first_joined_at=st.none() | moments,
    connections=st.dictionaries(texts, connections, max_size=3),
)
users = st.builds(CardUser, slack_id=texts, external_id=texts, display_name=texts, avatar_url=texts)
cards = st.builds(
    CallCard,
    title=texts,
    join_url=texts,
    desktop_app_join_url=st.none() | texts,
    present=st.frozensets(users, max_size=3),
    attended=st.frozensets(users, max_size=3),
    duration_seconds=st.none() | st.integers(0, 10**6),
)
shown = st.builds(Shown, slack_call_id=st.none() | texts, posted=st.booleans(), card=st.none() | cards)


def test_microseconds_are_kept(database: Database) -> None:
    moment = START + timedelta(microseconds=1)
    given_call(database, at=moment)
    assert known(database).started_at == moment


def test_a_moment_comes_back_in_utc(database: Database) -> None:
    given_call(database, at=START.astimezone(timezone(timedelta(hours=5, minutes=45))))
    assert known(database).started_at == START
    assert known(database).started_at.tzinfo is UTC


def test_moments_are_compared_as_moments(database: Database) -> None:
    given_call(database, at=START)
    elsewhere = (START + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=-9)))
    with database.reading() as connection:
        earlier = select(CALLS.c.id).where(CALLS.c.started_at < elsewhere)
        assert connection.execute(earlier).scalars().all() == ["call-1"]


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a time zone"):
        given_call(database, at=START.replace(tzinfo=None))


@given(moments)
def test_every_moment_survives_sqlite(moment: datetime) -> None:
    kind, dialect = UtcDateTime(), sqlite.dialect()
    assert kind.process_result_value(kind.process_bind_param(moment, dialect), dialect) == moment


@given(participants)
def test_every_participant_survives(participant: Participant) -> None:
    assert there_and_back(Json[Participant](Participant), participant) == participant


@given(shown)
def test_whatever_was_shown_survives(what: Shown) -> None:
    assert there_and_back(Json[Shown](Shown), what) == what


def test_nothing_stays_nothing() -> None:
    assert there_and_back(Json[Meeting](Meeting), None) is None


@pytest.mark.parametrize("stored", ['{"id": ["Zoë"]}', "Zoë", '{"Zoë": 1}'])
def test_what_cannot_be_read_is_not_quoted(stored: str) -> None:
    with pytest.raises(StoredUnreadable) as caught:
        Json[Meeting](Meeting).process_result_value(stored, sqlite.dialect())
    assert "Zoë" not in "".join(format_exception(caught.value))


def there_and_back(kind: Json[T], value: T | None) -> T | None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return kind.process_result_value(kind.process_bind_param(value, dialect), dialect)


def test_the_same_text_is_read_once_where_it_is_remembered() -> None:
    kind: Json[Participant] = Json(Participant, remembered=10)
    text = kind.process_bind_param(Participant(key="ada"), sqlite.dialect())
    first, second = (kind.process_result_value(text, sqlite.dialect()) for _ in range(2))
    assert first is second
    assert first == Participant(key="ada")
