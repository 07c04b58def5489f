"""Accounts of teams: kept apart, noticed when they change, and gone with their secrets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.db import accounts, homes, workspaces
from app.db.accounts import StoredAccount
from app.db.models import CALLS
from app.db.rotation import rotate
from app.db.session import Database
from app.db.workspace_models import ACCOUNTS, HOMES
from app.db.workspaces import Change, What
from app.domain.workspaces import AccountKey, Enders, Preferences, Starters, WorkspaceSettings
from tests.clocks import START
from tests.db.given import ADDED, given_account, given_call, told
from tests.db.sealed import NEW, OLD, words_in_files

OTHER_ID = "acc-ffffffffffffffffffff"
KEY = AccountKey("livekit", ADDED)
CHOSEN = WorkspaceSettings(
    default_account=KEY,
    who_may_start=Starters.ADMINS,
    who_may_end=Enders.EVERYBODY,
    allows_guests=False,
    title_template="Call in #{channel}",
)
MINUTE = timedelta(minutes=1)


def found(database: Database, account_id: str = ADDED) -> StoredAccount | None:
    with database.reading() as connection:
        return accounts.find(connection, account_id)


def remove(database: Database, account_id: str = ADDED) -> None:
    with database.transaction() as connection:
        accounts.remove(connection, account_id, START)


def test_an_account_is_found_as_it_was_stored(database: Database) -> None:
    account = given_account(database)
    assert found(database) == account
    assert "swordfish" not in repr(account)


def test_a_team_finds_its_own_accounts_alone(database: Database) -> None:
    given_account(database)
    given_account(database, OTHER_ID, "T2")
    with database.reading() as connection:
        assert [each.id for each in accounts.list_of_team(connection, "T1")] == [ADDED]
        assert accounts.find_of_team(connection, "T2", ADDED) is None
        assert [each.id for each in accounts.list_all(connection)] == [ADDED, OTHER_ID]


def test_each_change_is_another_revision(database: Database) -> None:
    given_account(database)
    with database.transaction() as connection:
        accounts.change(connection, ADDED, name="Berlin", settings={"api_secret": "other"})
        assert accounts.revision_of(connection, ADDED) == 2


def test_the_secrets_of_an_account_that_nobody_needs_go_at_once(database: Database) -> None:
    given_account(database)
    remove(database)
    account = found(database)
    assert account is not None
    assert (account.settings, account.removed_at) == (None, START)


@pytest.mark.parametrize("kept", [True, False], ids=["the same account", "another account"])
def test_the_secrets_stay_while_a_call_is_held_there(database: Database, kept: bool) -> None:
    given_account(database)
    given_call(database, provider="livekit", account_id=ADDED if kept else OTHER_ID)
    remove(database)
    account = found(database)
    assert account is not None
    assert bool(account.settings) == kept


def test_they_go_when_the_provider_has_been_told_that_the_call_is_over(database: Database) -> None:
    given_account(database)
    given_call(database, provider="livekit", account_id=ADDED)
    remove(database)
    told(database, ended_at=START)
    forgotten = []
    for shown in (False, True):
        with database.transaction() as connection:
            if shown:
                connection.execute(CALLS.update().values(shown_generation=CALLS.c.generation))
            forgotten.append(accounts.forget_removed(connection, START + MINUTE))
    assert forgotten == [0, 1]


def test_a_provider_that_cannot_be_told_keeps_them_for_minutes_only(database: Database) -> None:
    given_account(database)
    given_call(database, provider="livekit", account_id=ADDED)
    told(database, ended_at=START)
    remove(database)
    with database.transaction() as connection:
        assert accounts.forget_removed(connection, START + 9 * MINUTE) == 0
        assert accounts.forget_removed(connection, START + 11 * MINUTE) == 1


def test_they_go_after_a_day_whatever_goes_on(database: Database) -> None:
    given_account(database)
    given_call(database, provider="livekit", account_id=ADDED)
    remove(database)
    with database.transaction() as connection:
        assert accounts.forget_removed(connection, START + timedelta(hours=23)) == 0
        assert accounts.forget_removed(connection, START + timedelta(hours=25)) == 1


def test_a_team_that_is_forgotten_leaves_no_secret_and_no_choice(database: Database) -> None:
    given_account(database)
    given_account(database, OTHER_ID, "T2")
    given_call(database, provider="livekit", account_id=ADDED)
    with database.transaction() as connection:
        for team_id in ("T1", "T2"):
            workspaces.save_settings(connection, team_id, CHOSEN)
            workspaces.save_channel_account(connection, team_id, "C1", KEY)
            workspaces.save_preferences(connection, team_id, "U1", Preferences(title_template="Mine"))
            homes.opened(connection, team_id, None, "U1", START)
        assert accounts.forget_team(connection, "T1", START) == 1
        assert accounts.forget_team(connection, "T1", START) == 0
    with database.reading() as connection:
        assert connection.execute(select(ACCOUNTS.c.settings).where(ACCOUNTS.c.team_id == "T1")).scalars().all() == [
            None
        ]
        assert workspaces.load_settings(connection, "T1") == WorkspaceSettings()
        assert workspaces.channel_account(connection, "T1", "C1") is None
        assert workspaces.load_preferences(connection, "T1", "U1") == Preferences()
        assert connection.execute(select(HOMES.c.team_id)).scalars().all() == ["T2"]
        assert workspaces.load_settings(connection, "T2") == CHOSEN
        assert accounts.find_of_team(connection, "T2", OTHER_ID) is not None


def test_a_team_that_is_forgotten_has_its_meetings_ended_first(database: Database) -> None:
    given_account(database)
    given_call(database, provider="livekit", account_id=ADDED)
    told(database, ended_at=START)
    with database.transaction() as connection:
        assert accounts.forget_team(connection, "T1", START) == 0
        assert accounts.list_of_team(connection, "T1") == []
        connection.execute(CALLS.update().values(shown_generation=CALLS.c.generation))
        assert accounts.forget_removed(connection, START + MINUTE) == 1


def test_deliveries_are_noted_once_in_a_while(database: Database) -> None:
    given_account(database)
    noted = []
    for later in (timedelta(), timedelta(seconds=59), timedelta(seconds=61)):
        now = START + later
        with database.transaction() as connection:
            accounts.note_delivery(connection, ADDED, now, not_since=now - MINUTE)
        account = found(database)
        noted.append(account and account.last_delivery_at)
    assert noted == [START, START, START + timedelta(seconds=61)]


# --- What teams choose


def test_what_a_team_has_chosen_is_found_again(database: Database) -> None:
    with database.transaction() as connection:
        assert workspaces.load_settings(connection, "T1") == WorkspaceSettings()
        for chosen in (WorkspaceSettings(), CHOSEN):
            workspaces.save_settings(connection, "T1", chosen)
            assert workspaces.load_settings(connection, "T1") == chosen
        assert workspaces.load_settings(connection, "T2") == WorkspaceSettings()


def test_a_channel_may_have_an_account_of_its_own(database: Database) -> None:
    other = AccountKey("zoom", "default")
    with database.transaction() as connection:
        for key in (KEY, other):
            workspaces.save_channel_account(connection, "T1", "C1", key)
            assert workspaces.channel_account(connection, "T1", "C1") == key
        assert workspaces.channel_account(connection, "T2", "C1") is None
        assert workspaces.channel_accounts(connection, "T1") == {"C1": other}
        workspaces.save_channel_account(connection, "T1", "C1", None)
        assert workspaces.channel_accounts(connection, "T1") == {}


def test_an_account_that_is_dropped_is_nobodys_default(database: Database) -> None:
    with database.transaction() as connection:
        workspaces.save_settings(connection, "T1", CHOSEN)
        workspaces.save_channel_account(connection, "T1", "C1", KEY)
        workspaces.drop_account(connection, "T1", KEY)
        assert workspaces.load_settings(connection, "T1").default_account is None
        assert workspaces.channel_accounts(connection, "T1") == {}


def test_changes_are_told_newest_first(database: Database) -> None:
    changes = [
        Change(team_id=team, user_id="U1", at=START + at * MINUTE, what=what, about=ADDED, details={"name": "Berlin"})
        for at, team, what in (
            (0, "T1", What.ACCOUNT_ADDED),
            (1, "T2", What.ACCOUNT_ADDED),
            (2, "T1", What.ACCOUNT_REMOVED),
        )
    ]
    with database.transaction() as connection:
        for change in changes:
            workspaces.record(connection, change)
        assert workspaces.list_changes(connection, "T1", most=5) == [changes[2], changes[0]]
        assert workspaces.list_changes(connection, "T1", most=1) == [changes[2]]


# --- Encrypted


def _fill(database: Database) -> None:
    given_account(database)
    with database.transaction() as connection:
        workspaces.save_settings(connection, "T1", CHOSEN)
        workspaces.save_preferences(connection, "T1", "U1", Preferences(title_template="Call of mine"))
        change = Change(
            team_id="T1", user_id="U1", at=START, what=What.ACCOUNT_ADDED, about=ADDED, details={"name": "Berlin"}
        )
        workspaces.record(connection, change)


def test_what_teams_enter_is_encrypted_and_rotated(open_with: Callable[..., Database]) -> None:
    database = open_with(OLD)
    _fill(database)
    assert rotate(open_with(NEW, OLD)).rows == 4
    with open_with(NEW).reading() as connection:
        account = accounts.find(connection, ADDED)
        assert account is not None
        assert account.settings == {"api_secret": "swordfish"}
        assert workspaces.load_settings(connection, "T1") == CHOSEN


def test_no_secret_of_an_account_stands_in_the_file(open_with: Callable[..., Database]) -> None:
    database = open_with(NEW)
    if not database.is_sqlite:
        pytest.skip("a server has the files")
    _fill(database)
    words = ("swordfish", "Berlin", "Call in #", "Call of mine")
    assert words_in_files(database, words) == set()
    plain = open_with()
    given_account(plain, OTHER_ID)
    assert words_in_files(plain, words) == {"swordfish", "Berlin"}
