"""Accounts as admins of a workspace add, change, test and remove them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.db.session import Database
from app.db.workspaces import What
from app.domain.permissions import Role
from app.domain.workspaces import AccountKey
from app.errors import AdminsOnly, CannotTell, NoKeys, NoSuchAccount, NotAsEntered, OfAnotherTeam, TooManyAccounts
from app.services.account_settings import MOST_ACCOUNTS, NAME_FIELD
from app.services.callers import Actor
from tests.clocks import MovedClock
from tests.providers.livekit.server import LiveKitServer
from tests.services.settings_of_teams import (
    ADA,
    EVE,
    GRACE,
    LIVEKIT,
    OURS,
    PUBLIC_URL,
    SHARED,
    Services,
    actor,
    nobody_answers,
    services_on,
)

UNKNOWN = "acc-0123456789abcdef0123"


@pytest.fixture
def services(database: Database, clock: MovedClock) -> Services:
    return services_on(database, clock)


def problems(do: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(NotAsEntered) as refused:
        do()
    return refused.value.problems


def secret_of(services: Services, key: AccountKey) -> str:
    found = services.stored.find(key.provider, key.account_id)
    assert found is not None
    return str(found.account.api_secret.get_secret_value())  # type: ignore[attr-defined]


# --- Adding


def test_an_account_is_shown_without_its_secrets(services: Services) -> None:
    view = services.livekit(name="  The\nBerlin server ")
    assert view.name == "The Berlin server"
    assert view.entered == {"url": "wss://livekit.example.com", "api_key": "key"}
    assert view.secrets_set == {"api_secret"}
    assert view.webhook_url == f"{PUBLIC_URL}/webhooks/livekit/{view.key.account_id}"
    assert view.provider_name == "LiveKit"
    assert view.last_delivery_at is None
    assert "swordfish" not in repr(services.accounts.list(ADA))


def test_the_teams_own_come_before_those_of_the_settings(database: Database, clock: MovedClock) -> None:
    services = services_on(database, clock, shared=SHARED, default="link")
    services.livekit()
    services.clock.move(1)
    services.livekit(name="Paris")
    services.livekit(EVE, name="Elsewhere")
    views = services.accounts.list(ADA)
    assert [(view.name, view.is_shared) for view in views] == [("Berlin", False), ("Paris", False), ("Link", True)]
    services.accounts.make_default(ADA, views[2].key)
    assert [view.is_default for view in services.accounts.list(ADA)] == [False, False, True]


@pytest.mark.parametrize(
    ("changes", "name", "field", "words"),
    [
        ({"url": "nowhere"}, "Berlin", "url", "must be an address"),
        ({"url": ""}, "Berlin", "url", "is needed"),
        ({"api_secret": "sword fish"}, "Berlin", "api_secret", "printable ASCII"),
        ({"api_secret": "s" * 10_001}, "Berlin", "api_secret", "10000 characters"),
        ({}, "", NAME_FIELD, "a name of 1 to 50"),
        ({}, "x" * 51, NAME_FIELD, "a name of 1 to 50"),
        ({}, "bERLIN", NAME_FIELD, "Another account"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    services: Services, changes: dict[str, str], name: str, field: str, words: str
) -> None:
    services.livekit()
    told = problems(lambda: services.accounts.add(ADA, "livekit", name, {**LIVEKIT, **changes}))
    assert list(told) == [field]
    assert words in told[field]
    assert "sword" not in told[field]
    assert len(services.accounts.list(ADA)) == 1


def test_all_that_is_wrong_is_told_at_once(services: Services) -> None:
    assert set(problems(lambda: services.livekit(name="", url="nowhere", api_key=""))) == {"url", "api_key", NAME_FIELD}


def test_a_team_has_so_many_accounts_at_most(services: Services) -> None:
    for number in range(MOST_ACCOUNTS):
        services.livekit(name=f"Server {number}")
    with pytest.raises(TooManyAccounts):
        services.livekit(name="One more")
    services.livekit(EVE)


def test_what_no_field_is_called_is_not_kept(services: Services) -> None:
    assert "other" not in services.livekit(other="thing").entered


# --- Changing


def test_an_edit_leaves_empty_secrets_as_they_are(services: Services) -> None:
    key = services.livekit(previous_api_key="old", previous_api_secret="oldfish").key
    entered = {**LIVEKIT, "url": "wss://other.example.com", "api_secret": "", "previous_api_key": "old"}
    view = services.accounts.change(ADA, key.account_id, "Berlin 2", entered)
    assert (view.name, view.entered["url"]) == ("Berlin 2", "wss://other.example.com")
    assert view.secrets_set == {"api_secret", "previous_api_secret"}
    assert secret_of(services, key) == LIVEKIT["api_secret"]


def test_an_edit_can_replace_and_forget_secrets(services: Services) -> None:
    key = services.livekit(previous_api_key="old", previous_api_secret="oldfish").key
    entered = {**LIVEKIT, "api_secret": "newfish"}
    view = services.accounts.change(ADA, key.account_id, "Berlin", entered, forget=["previous_api_secret"])
    assert view.secrets_set == {"api_secret"}
    assert secret_of(services, key) == "newfish"


def test_a_wrong_edit_changes_nothing(services: Services) -> None:
    key = services.livekit().key
    told = problems(lambda: services.accounts.change(ADA, key.account_id, "Berlin", {"url": "nowhere"}))
    assert set(told) == {"url", "api_key"}
    services.clock.move(60)
    assert secret_of(services, key) == LIVEKIT["api_secret"]


def test_an_account_may_keep_its_own_name(services: Services) -> None:
    key = services.livekit().key
    services.livekit(name="Paris")
    assert services.accounts.change(ADA, key.account_id, "berlin", LIVEKIT).name == "berlin"
    assert problems(lambda: services.accounts.change(ADA, key.account_id, "Paris", LIVEKIT)) == {
        NAME_FIELD: "Another account of this workspace has this name."
    }


def test_an_account_that_is_removed_is_shown_no_more(services: Services) -> None:
    key = services.livekit().key
    services.accounts.make_default(ADA, key)
    services.accounts.remove(ADA, key.account_id)
    assert services.accounts.list(ADA) == []
    assert services.workspaces.settings(OURS).default_account is None


# --- Testing


def test_a_test_tells_what_works(database: Database, clock: MovedClock) -> None:
    services = services_on(database, clock, allow_private_addresses=True)
    with LiveKitServer() as server:
        settings = {name.removeprefix("LIVEKIT_").lower(): value for name, value in server.settings().items()}
        view = services.accounts.add(ADA, "livekit", "Berlin", settings)
        tested = services.accounts.test(ADA, view.key.account_id)
        assert tested.problem == ""
        assert tested.proven
        services.accounts.change(ADA, view.key.account_id, "Berlin", {**settings, "api_secret": "w" * 32})
        tested = services.accounts.test(ADA, view.key.account_id)
    assert "“API key” and “API secret”" in tested.problem
    assert "LIVEKIT_" not in tested.problem


def test_an_account_may_not_lead_into_a_private_network(services: Services) -> None:
    view = services.livekit(url="ws://127.0.0.1:1")
    assert "private network" in services.accounts.test(ADA, view.key.account_id).problem


# --- Who may, and whose


ENTRIES: dict[str, Callable[[Services, Actor, AccountKey], object]] = {
    "list": lambda services, who, _: services.accounts.list(who),
    "find": lambda services, who, key: services.accounts.find(who, key.account_id),
    "add": lambda services, who, _: services.livekit(who, "Another"),
    "change": lambda services, who, key: services.accounts.change(who, key.account_id, "Mine", LIVEKIT),
    "remove": lambda services, who, key: services.accounts.remove(who, key.account_id),
    "test": lambda services, who, key: services.accounts.test(who, key.account_id),
    "make_default": lambda services, who, key: services.accounts.make_default(who, key),
    "choose_for_channel": lambda services, who, key: services.workspaces.choose_for_channel(who, "C0GENERAL", key),
    "channel_accounts": lambda services, who, _: services.workspaces.channel_accounts(who),
    "changes": lambda services, who, _: services.workspaces.changes(who),
}
OF_ONE_ACCOUNT = {"find", "change", "remove", "test", "make_default", "choose_for_channel"}


@pytest.fixture
def unchanged(services: Services) -> Callable[[], bool]:
    """Whether everything of our team is as it was."""
    services.livekit()
    before = services.accounts.list(ADA), services.workspaces.settings(OURS), services.workspaces.changes(ADA)

    def compare() -> bool:
        now = services.accounts.list(ADA), services.workspaces.settings(OURS), services.workspaces.changes(ADA)
        return now == before and services.workspaces.channel_accounts(ADA) == {}

    return compare


@pytest.mark.parametrize("entry", ENTRIES)
def test_only_admins_come_in(services: Services, unchanged: Callable[[], bool], entry: str) -> None:
    [view] = services.accounts.list(ADA)
    for who, refusal in (
        (GRACE, AdminsOnly),
        (actor(Role.GUEST), AdminsOnly),
        (actor(Role.STRANGER), OfAnotherTeam),
        (Actor(team_id=OURS, enterprise_id=None, user_id="U0ADA", role=nobody_answers), CannotTell),
    ):
        with pytest.raises(refusal):
            ENTRIES[entry](services, who, view.key)
    assert unchanged()


@pytest.mark.parametrize("entry", sorted(OF_ONE_ACCOUNT))
def test_an_admin_of_another_team_finds_nothing(services: Services, unchanged: Callable[[], bool], entry: str) -> None:
    [view] = services.accounts.list(ADA)
    unknown = AccountKey("livekit", UNKNOWN)
    for key in (view.key, unknown):
        with pytest.raises(NoSuchAccount):
            ENTRIES[entry](services, EVE, key)
    assert unchanged()


@pytest.mark.parametrize("entry", sorted(set(ENTRIES) - OF_ONE_ACCOUNT))
def test_an_admin_of_another_team_sees_their_own(services: Services, unchanged: Callable[[], bool], entry: str) -> None:
    [view] = services.accounts.list(ADA)
    assert view.key.account_id not in repr(ENTRIES[entry](services, EVE, view.key))
    assert unchanged()


@pytest.mark.parametrize("key", [AccountKey("zoom", "default"), AccountKey("nonsense", UNKNOWN)])
def test_what_there_is_not_can_be_chosen_by_nobody(services: Services, key: AccountKey) -> None:
    services.livekit()
    for entry in ("make_default", "choose_for_channel"):
        with pytest.raises(NoSuchAccount):
            ENTRIES[entry](services, ADA, key)


def test_an_id_of_one_provider_is_not_taken_for_anothers(services: Services) -> None:
    account_id = services.livekit().key.account_id
    with pytest.raises(NoSuchAccount):
        services.accounts.make_default(ADA, AccountKey("zoom", account_id))


# --- Where secrets would stand in the clear


def test_without_keys_no_account_is_added_or_changed(services: Services, database_url: str) -> None:
    key = services.livekit().key
    plain = Database(database_url)
    accounts = services_on(plain, services.clock).accounts
    with pytest.raises(NoKeys):
        accounts.add(ADA, "livekit", "Another", LIVEKIT)
    with pytest.raises(NoKeys):
        accounts.change(ADA, key.account_id, "Berlin", LIVEKIT)
    plain.close()


# --- Who changed what


def test_every_change_is_recorded_without_secrets(services: Services) -> None:
    key = services.livekit().key
    for step in (
        lambda: services.accounts.change(ADA, key.account_id, "Paris", {**LIVEKIT, "api_secret": "newfish"}),
        lambda: services.accounts.make_default(ADA, key),
        lambda: services.workspaces.choose_for_channel(ADA, "C0GENERAL", key),
        lambda: services.accounts.remove(ADA, key.account_id),
    ):
        services.clock.move(1)
        step()
    changes = list(reversed(services.workspaces.changes(ADA)))
    assert [(change.what, change.about, change.details) for change in changes] == [
        (
            What.ACCOUNT_ADDED,
            key.account_id,
            {"provider": "LiveKit", "name": "Berlin", **LIVEKIT, "api_secret": "changed"},
        ),
        (What.ACCOUNT_CHANGED, key.account_id, {"name": "Paris", "api_secret": "changed"}),
        (What.SETTINGS_CHANGED, None, {"default_account": str(key)}),
        (What.CHANNEL_CHANGED, "C0GENERAL", {"account": str(key)}),
        (What.ACCOUNT_REMOVED, key.account_id, {"name": "Paris"}),
    ]
    assert {change.user_id for change in changes} == {"U0ADA"}
    assert "fish" not in repr(changes)


def test_a_team_sees_its_own_changes_alone(services: Services) -> None:
    services.livekit()
    assert services.workspaces.changes(EVE) == []


def test_slack_is_asked_while_no_transaction_is_open(services: Services, database: Database) -> None:
    key, open_when_asked = services.livekit().key, []

    def slow_to_tell() -> Role:
        open_when_asked.append(database.engine.pool.checkedout())  # type: ignore[attr-defined]
        return Role.ADMIN

    who = Actor(team_id=OURS, enterprise_id=None, user_id="U0ADA", role=slow_to_tell)
    for entry in sorted(set(ENTRIES) - {"remove"}):
        ENTRIES[entry](services, who, key)
    assert set(open_when_asked) == {0}
    assert len(open_when_asked) == len(ENTRIES) - 1
