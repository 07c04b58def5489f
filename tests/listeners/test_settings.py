"""Settings in Slack: accounts at providers, the workspace, its channels, and one's own preferences."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from app.db import workspaces
from app.db.session import Database
from app.db.workspace_models import ACCOUNTS
from tests.clocks import MovedClock
from tests.listeners.hands import Somebody, publish
from tests.providers.jaas.server import Eight
from tests.providers.standard.reference_server import API_KEY, SECRET, ReferenceServer, delivered, webhook
from tests.running import Running

ADA, GRACE = "U0ADA", "U0GRACE"
NEW_SECRET = "whsec_" + base64.b64encode(b"n" * 32).decode()
LINKS = {"LINK_TEMPLATE": "https://meet.example.com/{slug}"}


@pytest.fixture
def app(run_app: Callable[..., Running]) -> Running:
    return run_app(**LINKS, ALLOW_PRIVATE_ADDRESSES="true", ENCRYPTION_KEYS=Fernet.generate_key().decode())


@pytest.fixture
def ada(app: Running) -> Somebody:
    """An admin, with the Home before her."""
    somebody = Somebody(app, ADA)
    somebody.look()
    return somebody


def add_account(ada: Somebody, vendor: ReferenceServer, name: str = "Our calls", **changes: str) -> dict[str, str]:
    ada.press("add_account")
    ada.enter(provider="standard")
    entered = {"url": f"{vendor.url}/api/", "api_key": API_KEY, "webhook_secret": SECRET, "account_name": name}
    problems = ada.enter(**{**entered, **changes})
    publish(ada.app)
    return dict(problems)


def stored_key(database: Database) -> str:
    with database.reading() as connection:
        row = connection.execute(select(ACCOUNTS.c.provider, ACCOUNTS.c.id)).one()
    return f"{row.provider}/{row.id}"


def change(ada: Somebody, verb: str, key: str) -> None:
    ada.press("change_account", f"{verb} {key}")
    publish(ada.app)


def told(app: Running, key: str, at: datetime) -> int:
    body = webhook("meeting.started", at, "meeting/1")
    return app.http.post(f"/webhooks/{key}", content=body, headers=delivered(body, at)).status_code


def test_an_admin_adds_an_account_and_calls_are_held_there(
    app: Running, ada: Somebody, vendor: ReferenceServer
) -> None:
    assert add_account(ada, vendor) == {}
    assert "*Our calls*" in ada.home
    app.slack.slash("/ring", "Weekly sync")
    app.settle()
    assert vendor.meetings
    assert [card["name"] for card in app.slack.cards("C0GENERAL")] == ["Weekly sync"]


def test_whoever_has_added_it_is_told_where_webhooks_go_and_sees_them_come(
    app: Running, ada: Somebody, vendor: ReferenceServer, database: Database, clock: MovedClock
) -> None:
    add_account(ada, vendor)
    key = stored_key(database)
    assert f"{app.url}/webhooks/{key}" in str(ada.form["blocks"])
    assert "None has come yet." in ada.home
    assert told(app, key, clock.now()) == 200
    publish(app)
    assert "Last delivery received" in ada.home


def test_where_secrets_would_stand_in_the_clear_none_are_taken(run_app: Callable[..., Running]) -> None:
    ada = Somebody(run_app(**LINKS), ADA)
    ada.look()
    ada.press("add_account")
    assert "set ENCRYPTION_KEYS" in str(ada.form["blocks"])


def test_what_was_entered_wrongly_is_said_at_its_field(ada: Somebody, vendor: ReferenceServer) -> None:
    problems = add_account(ada, vendor, url="meet.example.com")
    assert list(problems) == ["url"]
    assert "https://" in problems["url"]
    assert "No account" not in ada.home


def test_a_secret_is_never_shown_again_and_stays_when_left_empty(
    app: Running, ada: Somebody, vendor: ReferenceServer, database: Database, clock: MovedClock
) -> None:
    add_account(ada, vendor)
    key = stored_key(database)
    change(ada, "edit", key)
    assert API_KEY not in str(ada.form)
    assert SECRET not in str(ada.form)
    assert ada.enter(account_name="Renamed") == {}
    publish(app)
    assert "*Renamed*" in ada.home
    assert told(app, key, clock.now()) == 200


def test_a_secret_that_is_not_needed_any_more_can_be_taken_away(
    app: Running, ada: Somebody, vendor: ReferenceServer, database: Database, clock: MovedClock
) -> None:
    # As in the middle of a change of secrets: the vendor signs with the old one still.
    add_account(ada, vendor, webhook_secret=NEW_SECRET, previous_webhook_secret=SECRET)
    key = stored_key(database)
    for choice, status in (("false", 200), ("true", 401)):
        change(ada, "edit", key)
        assert ada.enter(forget_previous_webhook_secret=choice) == {}
        publish(app)
        clock.move(1)
        assert told(app, key, clock.now()) == status
    change(ada, "edit", key)
    assert not any(name.startswith("forget_") for name in ada.fields())


@pytest.mark.parametrize("over", [64, 1000])
def test_a_key_that_does_not_fit_into_one_field_goes_on_in_the_next(
    ada: Somebody, clock: MovedClock, over: int
) -> None:
    with Eight(clock) as eight:
        settings = {name.removeprefix("JAAS_").lower(): value for name, value in eight.settings().items()}
        key = settings.pop("private_key")
        ada.press("add_account")
        ada.enter(provider="jaas")
        assert list(ada.enter(**settings, private_key=key[:-over])) == ["private_key"]
        assert ada.enter(**settings, private_key=key[:-over], rest_private_key=key[-over:]) == {}


def test_a_test_says_what_works_and_what_does_not(
    app: Running, ada: Somebody, vendor: ReferenceServer, database: Database
) -> None:
    add_account(ada, vendor)
    change(ada, "test", stored_key(database))
    assert app.slack.wait_until(lambda: "white_check_mark" in str(ada.form["blocks"]))
    change(ada, "edit", stored_key(database))
    ada.enter(api_key="another")
    change(ada, "test", stored_key(database))
    assert app.slack.wait_until(lambda: ":warning:" in str(ada.form["blocks"]))


def test_the_default_is_where_new_calls_are_held(
    app: Running, ada: Somebody, vendor: ReferenceServer, database: Database
) -> None:
    add_account(ada, vendor)
    change(ada, "default", "link/default")
    app.slack.slash("/ring", "Weekly sync")
    app.settle()
    assert not vendor.meetings
    change(ada, "default", stored_key(database))
    app.slack.slash("/ring", "Another")
    app.settle()
    assert vendor.meetings


def test_a_removed_account_is_gone(ada: Somebody, vendor: ReferenceServer, database: Database) -> None:
    add_account(ada, vendor)
    change(ada, "remove", stored_key(database))
    assert "*Our calls* and its secrets are deleted." in str(ada.form["blocks"])
    assert "Our calls" in ada.home
    assert ada.enter() == {}
    publish(ada.app)
    assert "Our calls" not in ada.home
    with database.reading() as connection:
        assert connection.execute(select(ACCOUNTS.c.settings)).scalar_one() is None


def test_a_channel_may_have_its_calls_elsewhere(
    app: Running, ada: Somebody, vendor: ReferenceServer, database: Database
) -> None:
    add_account(ada, vendor)
    change(ada, "default", "link/default")
    ada.press("change_channel")
    assert ada.enter(channel="C0GENERAL", account=stored_key(database)) == {}
    publish(app)
    assert "In <#C0GENERAL>: Our calls" in ada.home
    app.slack.slash("/ring", "Weekly sync")
    app.settle()
    assert vendor.meetings


def test_who_may_start_calls_is_the_workspaces_choice(app: Running, ada: Somebody) -> None:
    ada.press("change_settings")
    assert ada.enter(who_may_start="admins") == {}
    publish(app)
    assert "Only admins may start calls" in ada.home
    assert "Only some people may start calls" in app.slack.slash("/ring", "Weekly sync", user=GRACE).text


def test_a_title_template_that_means_nothing_is_refused_at_its_field(ada: Somebody) -> None:
    ada.press("change_settings")
    problems = ada.enter(title_template="{team} call")
    assert "{team} means nothing here." in problems["title_template"]


def test_everybody_has_preferences_and_no_more(app: Running) -> None:
    grace = Somebody(app, GRACE)
    assert "Add an account" not in grace.look()
    grace.press("change_preferences")
    assert grace.enter(title_template="{channel} with Grace") == {}
    assert app.slack.slash("/ring", "", user=GRACE).text.startswith("Starting *general with Grace*")
    with app.switchboard.database.reading() as connection:
        assert workspaces.load_preferences(connection, "T0LOCAL", GRACE).title_template


def test_preferences_open_by_command_too(app: Running) -> None:
    app.slack.slash("/ring", "settings", user=GRACE)
    grace = Somebody(app, GRACE)
    assert grace.fields() == ["title_template"]


@pytest.mark.parametrize(
    ("action", "value"),
    [("add_account", ""), ("change_settings", ""), ("change_channel", ""), ("change_account", "default link/default")],
)
def test_whoever_is_no_admin_any_more_changes_nothing(app: Running, ada: Somebody, action: str, value: str) -> None:
    app.slack.workspace().users[ADA].is_admin = False
    ada.press(action, value)
    assert "Only admins of this workspace may do this." in str(ada.form["blocks"])


def test_every_change_is_kept_with_who_and_when(ada: Somebody, vendor: ReferenceServer, clock: MovedClock) -> None:
    add_account(ada, vendor)
    with ada.app.switchboard.database.reading() as connection:
        [change] = workspaces.list_changes(connection, "T0LOCAL", most=5)
    assert (change.user_id, change.at, change.what) == (ADA, clock.now(), "account added")
    assert API_KEY not in str(change)
    assert "<@U0ADA>, account added" in ada.home
