"""Which accounts there are, and where a new call is held."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.db import accounts, workspaces
from app.db.session import Database
from app.domain.workspaces import AccountKey
from app.errors import NoAccount, NoDefaultAccount
from app.services.calls import Start
from tests.clocks import MovedClock
from tests.services.settings_of_teams import ADA, EVE, OURS, PUBLIC_URL, SHARED, THEIRS, Services, caller, services_on

SHARED_LINK = AccountKey("link", "default")


@pytest.fixture
def services(database: Database, clock: MovedClock) -> Services:
    return services_on(database, clock)


@pytest.fixture
def elsewhere(database: Database, clock: MovedClock) -> Services:
    """The same in another process."""
    return services_on(database, clock)


@pytest.fixture
def with_shared(database: Database, clock: MovedClock) -> Services:
    """With an account in the app's own settings."""
    return services_on(database, clock, shared=SHARED, default="link")


def held_at(services: Services, team_id: str = OURS, channel_id: str = "C0GENERAL") -> str:
    return services.stored.choose(team_id, None, channel_id).account_id


# --- Where a new call is held


def test_a_team_without_accounts_is_told_what_to_do(services: Services) -> None:
    services.livekit(EVE)
    with pytest.raises(NoAccount):
        held_at(services)


def test_the_only_account_of_a_team_is_its_default(services: Services) -> None:
    account = services.livekit()
    services.livekit(EVE)
    assert held_at(services) == account.key.account_id


def test_of_several_accounts_one_must_be_chosen(services: Services) -> None:
    services.livekit()
    other = services.livekit(name="Paris")
    with pytest.raises(NoDefaultAccount):
        held_at(services)
    services.accounts.make_default(ADA, other.key)
    assert held_at(services) == other.key.account_id


def test_a_channel_goes_before_its_workspace(services: Services) -> None:
    berlin, paris = services.livekit(), services.livekit(name="Paris")
    services.accounts.make_default(ADA, berlin.key)
    services.workspaces.choose_for_channel(ADA, "C0RANDOM", paris.key)
    assert held_at(services, channel_id="C0RANDOM") == paris.key.account_id
    assert held_at(services) == berlin.key.account_id
    services.workspaces.choose_for_channel(ADA, "C0RANDOM", None)
    assert held_at(services, channel_id="C0RANDOM") == berlin.key.account_id


def test_the_settings_come_last(with_shared: Services) -> None:
    assert held_at(with_shared) == "default"
    account = with_shared.livekit()
    assert held_at(with_shared) == account.key.account_id
    assert held_at(with_shared, THEIRS) == "default"


def test_a_workspace_may_choose_an_account_of_the_settings(with_shared: Services) -> None:
    with_shared.livekit()
    with_shared.accounts.make_default(ADA, SHARED_LINK)
    assert held_at(with_shared) == "default"


def test_an_account_that_is_removed_is_chosen_no_more(services: Services) -> None:
    berlin, paris = services.livekit(), services.livekit(name="Paris")
    services.accounts.make_default(ADA, berlin.key)
    services.workspaces.choose_for_channel(ADA, "C0RANDOM", berlin.key)
    services.accounts.remove(ADA, berlin.key.account_id)
    assert held_at(services) == held_at(services, channel_id="C0RANDOM") == paris.key.account_id


def test_what_stands_in_another_teams_choice_is_not_used(services: Services, database: Database) -> None:
    theirs = services.livekit(EVE)
    with database.transaction() as connection:
        workspaces.save_channel_account(connection, OURS, "C0GENERAL", theirs.key)
    with pytest.raises(NoAccount):
        held_at(services)


# --- Finding an account again


def test_an_account_is_made_once(services: Services) -> None:
    key = services.livekit().key
    found = services.stored.find("livekit", key.account_id)
    assert found is not None
    assert found.webhook_url == f"{PUBLIC_URL}/webhooks/livekit/{key.account_id}"
    services.clock.move(60)
    assert services.stored.find("livekit", key.account_id) is found
    assert services.stored.choose(OURS, None, "C0GENERAL") is found


@pytest.mark.parametrize("account_id", ["acc-0123456789abcdef0123", "default", "", "../../etc", "acc-"])
def test_what_is_no_account_is_not_found(services: Services, account_id: str) -> None:
    assert services.stored.find("livekit", account_id) is None


def test_an_account_is_of_its_own_provider_alone(services: Services) -> None:
    assert services.stored.find("zoom", services.livekit().key.account_id) is None


def test_a_change_elsewhere_is_noticed(services: Services, elsewhere: Services) -> None:
    key = services.livekit().key
    before = elsewhere.stored.find("livekit", key.account_id)
    services.accounts.change(ADA, key.account_id, "Berlin", {"url": "wss://other.example.com", "api_key": "key"})
    services.clock.move(1)
    after = elsewhere.stored.find("livekit", key.account_id)
    assert before is not None
    assert after is not None
    assert (before.account.url, after.account.url) == ("wss://livekit.example.com", "wss://other.example.com")  # type: ignore[attr-defined]


def test_a_change_here_counts_at_once(services: Services) -> None:
    key = services.livekit().key
    before = services.stored.find("livekit", key.account_id)
    services.accounts.change(ADA, key.account_id, "Berlin", {"url": "wss://other.example.com", "api_key": "key"})
    assert services.stored.find("livekit", key.account_id) is not before


def test_a_removal_elsewhere_is_noticed(services: Services, elsewhere: Services) -> None:
    key = services.livekit().key
    assert elsewhere.stored.find("livekit", key.account_id) is not None
    services.accounts.remove(ADA, key.account_id)
    services.clock.move(1)
    assert elsewhere.stored.find("livekit", key.account_id) is None


def test_calls_at_a_removed_account_go_on_until_they_are_over(services: Services, database: Database) -> None:
    key = services.livekit().key
    services.calls.start(caller(), Start(title="Weekly sync", request_key=None, response_url=None))
    services.accounts.remove(ADA, key.account_id)
    assert services.stored.find("livekit", key.account_id) is not None
    with pytest.raises(NoAccount):
        services.calls.start(caller(), Start(title="Another", request_key=None, response_url=None))
    services.clock.move(timedelta(days=1, seconds=1).total_seconds())
    assert services.stored.forget_removed() is False
    services.clock.move(1)
    assert services.stored.find("livekit", key.account_id) is None
    with database.reading() as connection:
        stored = accounts.find(connection, key.account_id)
    assert stored is not None
    assert stored.settings is None


def test_settings_that_a_later_version_does_not_understand_are_no_account(
    services: Services, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    key = services.livekit().key
    with database.transaction() as connection:
        accounts.change(connection, key.account_id, name="Berlin", settings={"api_secret": "swordfish"})
    services.clock.move(1)
    assert services.stored.find("livekit", key.account_id) is None
    printed = capsys.readouterr()
    assert "swordfish" not in printed.out + printed.err


def test_a_delivery_is_noted(services: Services) -> None:
    key = services.livekit().key
    found = services.stored.find("livekit", key.account_id)
    assert found is not None
    noted = []
    for seconds in (0, 30, 31):
        services.clock.move(seconds)
        services.stored.note_delivery(found)
        noted.append(services.accounts.find(ADA, key.account_id).last_delivery_at)
    assert noted[0] == noted[1]
    assert noted[2] == services.clock.now()
