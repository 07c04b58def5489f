"""Installations and states as Slack's SDK expects its stores to behave."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store import Bot, Installation
from sqlalchemy import select

from app.db import installations
from app.db.installation_models import INSTALLATIONS, OAUTH_STATES
from app.db.oauth_states import Finish
from app.db.session import Database
from app.services.installation_store import STATE_LASTS, InstallationStore, StateStore
from tests.clocks import MovedClock


@pytest.fixture
def store(database: Database, clock: MovedClock) -> InstallationStore:
    return InstallationStore(database, clock)


@pytest.fixture
def states(database: Database, clock: MovedClock) -> StateStore:
    return StateStore(database, clock)


def in_a_team(**other: Any) -> Installation:
    given = {
        "app_id": "A0LOCAL",
        "enterprise_id": "E0ORG",
        "enterprise_name": "The Org",
        "team_id": "T0ACME",
        "team_name": "Acme Ltd",
        "user_id": "U0ADA",
        "bot_id": "B0BOT",
        "bot_user_id": "U0BOT",
        "bot_token": "xoxb-acme",
        "bot_scopes": ["calls:write", "chat:write"],
        "installed_at": 1_800_000_000.25,
    }
    return Installation(**{**given, **other})


def everywhere(**other: Any) -> Installation:
    return in_a_team(team_id=None, team_name=None, bot_token="xoxb-org", is_enterprise_install=True, **other)


def test_what_is_saved_is_found_as_it_was(store: InstallationStore) -> None:
    given = in_a_team(bot_refresh_token="xoxe-1-a", bot_token_expires_at=1_800_043_200)
    store.save(given)
    found = store.find_installation(enterprise_id="E0ORG", team_id="T0ACME")
    assert found is not None
    assert found.to_dict() == {**given.to_dict(), "token_type": "bot"}
    bot = store.find_bot(enterprise_id="E0ORG", team_id="T0ACME")
    assert bot is not None
    assert bot.to_dict() == given.to_bot().to_dict()


@pytest.mark.parametrize(
    ("enterprise_id", "team_id"), [("E0ORG", "T0OTHER"), (None, "T0ACME"), ("E0ORG", None), ("E0OTHER", "T0ACME")]
)
def test_it_is_found_nowhere_else(store: InstallationStore, enterprise_id: str | None, team_id: str | None) -> None:
    store.save(in_a_team())
    assert store.find_bot(enterprise_id=enterprise_id, team_id=team_id) is None
    assert store.find_installation(enterprise_id=enterprise_id, team_id=team_id) is None
    store.delete_all(enterprise_id=enterprise_id, team_id=team_id)
    assert store.find_bot(enterprise_id="E0ORG", team_id="T0ACME")


def test_a_workspace_without_an_organisation_has_no_enterprise(store: InstallationStore) -> None:
    store.save(in_a_team(enterprise_id=None, enterprise_name=None))
    found = store.find_installation(enterprise_id=None, team_id="T0ACME")
    assert found is not None
    assert (found.enterprise_id, found.team_id, found.is_enterprise_install) == (None, "T0ACME", False)


def test_the_installation_of_somebody_else_is_not_found(store: InstallationStore) -> None:
    store.save(in_a_team())
    assert store.find_installation(enterprise_id="E0ORG", team_id="T0ACME", user_id="U0ADA")
    assert store.find_installation(enterprise_id="E0ORG", team_id="T0ACME", user_id="U0GRACE") is None


def test_the_newest_counts(store: InstallationStore) -> None:
    for at, token in [(20, "xoxb-second"), (10, "xoxb-first"), (20, "xoxb-rotated")]:
        store.save(in_a_team(installed_at=1_800_000_000.0 + at, bot_token=token))
    bot = store.find_bot(enterprise_id="E0ORG", team_id="T0ACME")
    assert bot is not None
    assert bot.bot_token == "xoxb-rotated"


def test_an_organisations_installation_is_found_for_each_of_its_teams(store: InstallationStore) -> None:
    store.save(everywhere())
    wide = store.find_bot(enterprise_id="E0ORG", team_id="T0ANY", is_enterprise_install=True)
    assert wide is not None
    assert (wide.bot_token, wide.is_enterprise_install, wide.team_id) == ("xoxb-org", True, None)
    assert store.find_bot(enterprise_id="E0ORG", team_id=None)
    # Slack says of each request which kind it is about; without that it is about the team.
    assert store.find_bot(enterprise_id="E0ORG", team_id="T0ANY") is None
    assert store.find_installation(enterprise_id="E0ORG", team_id="T0ANY", is_enterprise_install=True, user_id="U0ADA")


def test_a_team_and_its_organisation_are_two_places(store: InstallationStore) -> None:
    store.save(in_a_team())
    store.save(everywhere())
    store.delete_all(enterprise_id="E0ORG", team_id="T0ACME")
    assert store.find_bot(enterprise_id="E0ORG", team_id="T0ACME") is None
    assert store.find_bot(enterprise_id="E0ORG", team_id=None)
    store.delete_all(enterprise_id="E0ORG", team_id=None)
    assert store.find_bot(enterprise_id="E0ORG", team_id=None) is None


def test_without_its_bot_an_installation_is_still_one(store: InstallationStore) -> None:
    store.save(in_a_team())
    store.delete_bot(enterprise_id="E0ORG", team_id="T0ACME")
    assert store.find_bot(enterprise_id="E0ORG", team_id="T0ACME") is None
    found = store.find_installation(enterprise_id="E0ORG", team_id="T0ACME")
    assert found is not None
    assert found.bot_token is None


def test_a_bot_takes_the_place_of_the_one_before(store: InstallationStore) -> None:
    store.save(in_a_team())
    bot = store.find_bot(enterprise_id="E0ORG", team_id="T0ACME")
    assert isinstance(bot, Bot)
    bot.bot_token = "xoxb-next"
    store.save_bot(bot)
    found = store.find_installation(enterprise_id="E0ORG", team_id="T0ACME")
    assert found is not None
    assert (found.bot_token, found.user_id) == ("xoxb-next", "U0ADA")
    bot.team_id = "T0OTHER"
    store.save_bot(bot)
    assert store.find_bot(enterprise_id="E0ORG", team_id="T0OTHER") is None


def test_only_the_one_who_installed_it_deletes_it_as_theirs(store: InstallationStore) -> None:
    store.save(in_a_team())
    store.delete_installation(enterprise_id="E0ORG", team_id="T0ACME", user_id="U0GRACE")
    assert store.find_bot(enterprise_id="E0ORG", team_id="T0ACME")
    store.delete_installation(enterprise_id="E0ORG", team_id="T0ACME", user_id="U0ADA")
    assert store.find_installation(enterprise_id="E0ORG", team_id="T0ACME") is None
    assert store.find_bot(enterprise_id="E0ORG", team_id="T0ACME") is None


def test_what_is_deleted_can_be_installed_again(store: InstallationStore, database: Database) -> None:
    store.save(in_a_team())
    store.delete_all(enterprise_id="E0ORG", team_id="T0ACME")
    with database.reading() as connection:
        row = connection.execute(select(INSTALLATIONS)).one()
    assert (row.bot_token, row.bot_refresh_token) == (None, None)
    store.save(in_a_team(installed_at=1_800_000_001.0, bot_token="xoxb-again"))
    bot = store.find_bot(enterprise_id="E0ORG", team_id="T0ACME")
    assert bot is not None
    assert bot.bot_token == "xoxb-again"


def test_tokens_of_people_are_not_kept(store: InstallationStore, database: Database) -> None:
    store.save(in_a_team(user_token="xoxp-ada", user_refresh_token="xoxe-1-ada"))
    with database.reading() as connection:
        assert "ada" not in str(connection.execute(select(INSTALLATIONS)).one())
    found = store.find_installation(enterprise_id="E0ORG", team_id="T0ACME")
    assert found is not None
    assert found.user_token is None


def test_tokens_are_encrypted_and_names_too(database_url: str, clock: MovedClock) -> None:
    database = Database(database_url, keys=[Fernet.generate_key().decode()])
    store = InstallationStore(database, clock)
    store.save(in_a_team(bot_refresh_token="xoxe-1-a", bot_token_expires_at=1_800_043_200))
    with database.reading() as connection:
        raw = str(connection.exec_driver_sql("SELECT * FROM installations").all())
    for secret in ("xoxb-acme", "xoxe-1-a", "Acme Ltd", "The Org"):
        assert secret not in raw
    bot = store.find_bot(enterprise_id="E0ORG", team_id="T0ACME")
    assert bot is not None
    assert (bot.bot_token, bot.bot_refresh_token) == ("xoxb-acme", "xoxe-1-a")
    database.close()


def test_secrets_are_in_no_repr(store: InstallationStore, database: Database) -> None:
    store.save(in_a_team(bot_refresh_token="xoxe-1-a", bot_token_expires_at=1_800_043_200))
    with database.reading() as connection:
        found = installations.find_for(connection, "T0ACME", "E0ORG")
    assert found is not None
    assert "xox" not in repr(found)


# --- For a request, and for a call


def test_a_teams_own_installation_comes_before_its_organisations(store: InstallationStore, database: Database) -> None:
    store.save(everywhere())
    assert tokens_for(database, "T0ACME", "E0ORG") == "xoxb-org"
    store.save(in_a_team())
    assert tokens_for(database, "T0ACME", "E0ORG") == "xoxb-acme"
    assert tokens_for(database, "T0OTHER", "E0ORG") == "xoxb-org"
    assert tokens_for(database, "", "E0ORG") == "xoxb-org"
    assert tokens_for(database, "T0OTHER", None) is None
    assert tokens_for(database, "T0OTHER", "E0OTHER") is None
    assert tokens_for(database, "", None) is None


def test_a_team_that_joins_an_organisation_stays_the_same_team(store: InstallationStore, database: Database) -> None:
    store.save(in_a_team(enterprise_id=None, enterprise_name=None))
    assert tokens_for(database, "T0ACME", "E0ORG") == "xoxb-acme"


def tokens_for(database: Database, team_id: str, enterprise_id: str | None) -> str | None:
    with database.reading() as connection:
        found = installations.find_for(connection, team_id, enterprise_id)
    return found.tokens.bot if found and found.tokens else None


# --- States


def test_a_state_is_good_once(states: StateStore) -> None:
    state, other = states.issue(), states.issue()
    assert states.consume(state) is True
    assert states.consume(state) is False
    assert states.consume(other) is True
    assert states.consume("made up") is False


def test_a_state_lasts_ten_minutes(states: StateStore, clock: MovedClock) -> None:
    state = states.issue(browser="b1")
    clock.move(STATE_LASTS.total_seconds())
    assert states.finish(state, "b1") is Finish.EXPIRED


def test_a_state_belongs_to_a_browser(states: StateStore) -> None:
    state = states.issue(browser="b1")
    assert states.finish(state, "b2") is Finish.ELSEWHERE
    assert states.finish(state, "") is Finish.ELSEWHERE
    # Whoever has got hold of the address cannot spoil it for the right one.
    assert states.finish(state, "b1") is Finish.GOOD
    assert states.finish(state, "b1") is Finish.USED


def test_nobody_can_read_a_state_off_the_database(states: StateStore, database: Database) -> None:
    state = states.issue(browser="a secret of the browser")
    with database.reading() as connection:
        row = str(connection.execute(select(OAUTH_STATES)).one())
    assert state not in row
    assert "a secret" not in row
