"""The whole app with keys: all works as without, nothing of it is readable, and a lost key is nobody else's trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Table, select, text

from app.db.accounts import list_of_team
from app.db.encryption import Cipher
from app.db.installation_models import INSTALLATIONS
from app.db.models import CALLS
from app.db.rotation import rotate
from app.db.schema import METADATA
from app.db.session import Database
from app.db.types import Json, Private, PrivateBytes
from app.emulator import Emulator
from app.reconciler.worker import CallCrashed
from app.services.installations import REDIRECT_PATH
from tests.clocks import MovedClock
from tests.db.sealed import NEW, OLD, readable, words_in_files
from tests.listeners.hands import Somebody, publish
from tests.providers.livekit.server import LiveKitServer
from tests.providers.standard.reference_server import API_KEY, SECRET, ReferenceServer, delivered, webhook
from tests.reconciler.stage import person
from tests.running import Running
from tests.scenarios.livekit_history import ADA, DELIVERIES, GRACE, GUEST, Told, people, start_call
from tests.web.installers import INSTALLABLE, Installer, add_acme
from tests.web.people import send_back_to

ACME = "T0ACME"
INSTALLED = {**INSTALLABLE, "ALLOW_PRIVATE_ADDRESSES": "true"}


def test_a_call_runs_from_the_command_to_the_end(run_app: Callable[..., Running], livekit: LiveKitServer) -> None:
    app = run_app(**livekit.settings(), ENCRYPTION_KEYS=NEW)
    room = start_call(app, livekit, "Weekly sync of Ada")
    Told(app, room, app.clock.now() + timedelta(seconds=1)).deliver_all(range(DELIVERIES))
    app.settle()
    [card] = app.slack.cards("C0GENERAL")
    assert card["name"] == "Weekly sync of Ada"
    assert people(card["all_participants"]) == [GUEST, ADA, GRACE]
    assert card["has_ended"]
    token = card["join_url"].rpartition("/")[2]
    assert app.http.get(f"/join/{token}").status_code == 410, "it is found, and over"
    secrets = ("Lovelace", "Weekly sync", "Hopper", token, "/commands/", "participant_joined", "slack:U0AAAA001")
    assert readable(app.switchboard.database, secrets) == set()


def test_a_call_whose_key_is_lost_does_not_hold_up_the_others(
    run_app: Callable[..., Running], caplog: pytest.LogCaptureFixture
) -> None:
    link = {"LINK_TEMPLATE": "https://meet.example.com/{slug}", "DEFAULT_PROVIDER": "link"}
    before = run_app(**link, ENCRYPTION_KEYS=OLD)
    before.slack.slash("/ring", "Lost", channel="C0RANDOM")
    after = run_app(**link, ENCRYPTION_KEYS=NEW)
    after.slack.slash("/ring", "Weekly sync")
    with pytest.raises(CallCrashed) as crashed:
        after.reconcile()
    assert "not among ENCRYPTION_KEYS" in str(crashed.value.__cause__)
    after.reconcile()
    assert [card["name"] for card in after.slack.cards("C0GENERAL")] == ["Weekly sync"]
    assert OLD not in caplog.text


# --- A workspace that has installed the app, with all that it enters


@pytest.fixture
def secrets(run_app: Callable[..., Running], slack: Emulator, vendor: ReferenceServer) -> list[str]:
    """All that nobody may read of what the workspace has told the app; it is installed, set up, and a call runs."""
    app = run_app(**INSTALLED | {"ENCRYPTION_KEYS": OLD})
    slack.installs.rotates = True
    add_acme(slack, app)
    with Installer(app) as installer:
        assert "is installed in Acme Ltd" in installer.install().text
        begun = httpx.URL(installer.begin().headers["Location"]).params["state"]
    set_up(app, vendor)
    slack.slash("/ring", "Plans of Ada", team=ACME)
    app.settle(within_seconds=5)
    tell_who_came(app)
    with app.switchboard.database.reading() as connection:
        installed = connection.execute(select(INSTALLATIONS)).one()
        call = connection.execute(select(CALLS)).one()
    entered = ["Acme Ltd", "Berlin office", vendor.url, API_KEY, SECRET, "Titles of Acme", "Titles of Ada"]
    of_call = ["Plans of Ada", call.join_secret, "meet.example.com", "Ada Lovelace", "ada@example.com", "ada-1"]
    return [installed.bot_token, installed.bot_refresh_token, begun, *entered, *of_call]


def set_up(app: Running, vendor: ReferenceServer) -> None:
    """An admin does it all from the Home."""
    ada = Somebody(app, team=ACME)
    ada.look()
    ada.press("add_account")
    ada.enter(provider="standard")
    account = {"url": f"{vendor.url}/api/", "api_key": API_KEY, "webhook_secret": SECRET}
    assert ada.enter(account_name="Berlin office", **account) == {}
    for button, template in (("change_settings", "Titles of Acme"), ("change_preferences", "Titles of Ada")):
        ada.press(button)
        assert ada.enter(title_template=template) == {}
    publish(app)
    assert "Berlin office" in ada.home


def tell_who_came(app: Running) -> None:
    now = app.clock.now()
    ada = {**person("Ada"), "name": "Ada Lovelace", "email": "ada@example.com", "email_verified": True}
    body = webhook("participant.joined", now, "meeting/1", participant=ada)
    with app.switchboard.database.reading() as connection:
        [account] = list_of_team(connection, ACME)
    assert app.http.post(f"/webhooks/{account.key}", content=body, headers=delivered(body, now)).text == "applied"
    app.settle(within_seconds=5)


def found_anywhere(database: Database, words: list[str]) -> set[str]:
    """Which of them stand in a row; on SQLite also anywhere in its files."""
    return readable(database, words) | (words_in_files(database, words) if database.is_sqlite else set())


def sealed_values() -> Iterator[tuple[Table, str]]:
    for table in METADATA.sorted_tables:
        for column in table.c:
            kind = column.type
            if isinstance(kind, Private | PrivateBytes) or (isinstance(kind, Json) and kind.is_private):
                yield table, column.name


def test_nothing_that_a_workspace_enters_is_readable(secrets: list[str], database: Database) -> None:
    assert all(secrets)
    assert found_anywhere(database, secrets) == set()
    with database.reading() as connection:
        filled = {
            table.name for table in METADATA.sorted_tables if connection.execute(text(f"SELECT 1 FROM {table}")).first()
        }
    # So that no table with something personal is left out of the story.
    assert {table.name for table, _ in sealed_values()} <= filled


def test_all_of_it_is_written_anew_with_another_key(
    secrets: list[str], run_app: Callable[..., Running], slack: Emulator, database_url: str
) -> None:
    rotating = Database(database_url, keys=(NEW, OLD))
    assert rotate(rotating).unreadable == []
    first = Cipher([NEW])
    with rotating.reading() as connection:
        for table, name in sealed_values():
            for stored in connection.execute(text(f"SELECT {name} FROM {table} WHERE {name} IS NOT NULL")).scalars():
                raw = stored.encode() if isinstance(stored, str) else bytes(stored)
                assert first.is_sealed_with_first(raw), f"{table}.{name}"
    assert found_anywhere(rotating, secrets) == set()
    rotating.close()
    app = run_app(**INSTALLED | {"ENCRYPTION_KEYS": NEW})
    slack.slash("/ring", "", team=ACME)
    app.settle(within_seconds=5)
    assert slack.cards("C0GENERAL", team=ACME)[-1]["name"] == "Titles of Ada"
    seen = Somebody(app, team=ACME).look()
    assert all(words in seen for words in ("Berlin office", "Plans of Ada", "Titles of Acme"))


def test_a_workspace_whose_key_is_lost_does_not_hold_up_the_others(
    secrets: list[str],
    run_app: Callable[..., Running],
    slack: Emulator,
    clock: MovedClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither its people who look at their Home, nor its commands; and each of them is answered."""
    app = run_app(**INSTALLED | {"ENCRYPTION_KEYS": NEW})
    send_back_to(slack, app, REDIRECT_PATH)
    with Installer(app, "T0LOCAL/U0ADA") as installer:
        installer.install()
    clock.move(1)
    slack.open_home("U0ADA", "T0LOCAL")
    slack.open_home("U0ADA", ACME)  # whoever came last is first
    assert publish(app) == 2
    assert "Running now" in Somebody(app, team="T0LOCAL").home
    assert "Something went wrong" in slack.slash("/ring", "Lost", team=ACME).text
    assert "An admin of the workspace can add" in slack.slash("/ring", "Weekly sync", team="T0LOCAL").text
    assert not [secret for secret in (*secrets, OLD, NEW) if secret in caplog.text]
