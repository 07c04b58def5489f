"""Commands, where calls are held at accounts that workspaces have added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.db import accounts, deliveries
from app.db.deliveries import Delivery, Outcome, Taken
from app.db.session import Database
from app.services.account_settings import AccountView
from tests.cli.saying import Say
from tests.clocks import MovedClock
from tests.db.given import given_call, known
from tests.db.sealed import NEW
from tests.providers.standard.reference_server import ReferenceServer, webhook
from tests.providers.standin import nobody_there
from tests.services.settings_of_teams import ADA, EVE, LIVEKIT, services_on

NOW = SystemClock().now()
PUBLIC = {"PUBLIC_URL": "https://calls.example.com"}


@pytest.fixture
def encryption_keys(monkeypatch: pytest.MonkeyPatch) -> Sequence[str]:
    """Without them no accounts are taken; the commands read the same ones."""
    monkeypatch.setenv("ENCRYPTION_KEYS", NEW)
    return [NEW]


@pytest.fixture
def server() -> Iterator[ReferenceServer]:
    with ReferenceServer() as running:
        yield running


@pytest.fixture
def ours(database: Database, server: ReferenceServer) -> AccountView:
    """An account of our team."""
    services = services_on(database, MovedClock(NOW), allow_private_addresses=True)
    settings = {name.removeprefix("STANDARD_").lower(): value for name, value in server.settings().items()}
    return services.accounts.add(ADA, "standard", "Example Meet", settings)


def failed(database: Database, view: AccountView) -> str:
    what = Delivery(
        provider="standard",
        account_id=view.key.account_id,
        dedupe_key="ada",
        meeting_id="m-1",
        received_at=NOW,
        headers={"webhook-id": "msg_ada"},
        body=webhook("participant.joined", NOW, "m-1", participant={"id": "ada", "name": "Ada Lovelace"}),
    )
    with database.transaction() as connection:
        taken = Taken(delivery=what, outcome=Outcome.FAILED, error="KeyError")
        [delivery_id] = deliveries.store(connection, [taken]).values()
    return delivery_id


def test_a_delivery_is_read_again_with_its_account(say: Say, database: Database, ours: AccountView) -> None:
    given_call(database, "call-ours", provider="standard", account_id=ours.key.account_id, meeting_id="m-1")
    given_call(database, "call-shared", provider="standard", account_id="default", meeting_id="m-1")
    said = say("deliveries", "replay", failed(database, ours))
    assert said.code == 0, said.err + said.out
    assert "Applied to call-ours" in said.out
    assert "ada" in known(database, "call-ours").participants
    assert known(database, "call-shared").participants == {}


def test_a_delivery_tells_its_account(say: Say, database: Database, ours: AccountView) -> None:
    said = say("deliveries", "show", failed(database, ours))
    assert ours.key.account_id in said.out
    assert "Ada Lovelace" in said.out.partition("read by the code of today")[2]


def test_a_delivery_of_an_account_that_is_gone_says_so(say: Say, database: Database, ours: AccountView) -> None:
    services_on(database, MovedClock(NOW)).accounts.remove(ADA, ours.key.account_id)
    said = say("deliveries", "replay", failed(database, ours))
    assert said.code == 1
    assert "not set up" in said.out


def test_a_call_is_shown_and_ended_with_its_account(say: Say, database: Database, ours: AccountView) -> None:
    given_call(database, provider="standard", account_id=ours.key.account_id, meeting_id="m-1")
    assert say("calls", "show", "call-1").code == 0
    assert "is asked to end the meeting" in say("calls", "end", "call-1").out


def test_the_list_of_providers_has_them_with_their_workspaces(
    say: Say, database: Database, ours: AccountView, server: ReferenceServer
) -> None:
    theirs = services_on(database, MovedClock(NOW)).accounts.add(EVE, "livekit", "The\x1b[31m other", LIVEKIT)
    for settings in ({}, server.settings()):
        said = say("providers", "list", **PUBLIC, **settings)
        assert said.code == 0
        for view, team_id in ((ours, "T0LOCAL"), (theirs, "T0OTHER")):
            heading = f"({view.key.provider}, {view.key.account_id}), of the workspace {team_id}"
            assert heading in said.out
            assert f"webhooks come to {view.webhook_url}\n" in said.out
        assert ("Standard (standard)\n" in said.out) == bool(settings)
        assert "\x1b" not in said.out
        assert "swordfish" not in said.out


def test_settings_of_an_account_that_are_not_understood_are_told(say: Say, database: Database) -> None:
    view = services_on(database, MovedClock(NOW)).accounts.add(ADA, "livekit", "Berlin", LIVEKIT)
    with database.transaction() as connection:
        accounts.change(connection, view.key.account_id, name="Berlin", settings={"api_secret": "swordfish"})
    said = say("providers", "list", **PUBLIC)
    assert "not understood" in said.out
    assert "swordfish" not in said.out + said.err


def test_one_of_them_can_be_checked(say: Say, ours: AccountView) -> None:
    here = nobody_there()
    said = say("providers", "check", ours.key.account_id, ALLOW_PRIVATE_ADDRESSES="true", PUBLIC_URL=here)
    assert "ok: " in said.out
    assert f"wrong: {here}/webhooks/standard/{ours.key.account_id} cannot be reached" in said.out
    said = say("providers", "check", "acc-0123456789abcdef0123", **PUBLIC)
    assert said.code == 2
    assert "No workspace has an account" in said.err


def test_an_account_is_not_said_to_be_missing_where_none_can_be_looked_up(say: Say, tmp_path: Path) -> None:
    said = say("providers", "check", "acc-0123456789abcdef0123", **PUBLIC, DATABASE_URL=f"sqlite:///{tmp_path}/none.db")
    assert said.code == 2
    assert "none.db yet. Run: python -m app db upgrade" in said.err
    assert not (tmp_path / "none.db").exists()


@pytest.mark.usefixtures("ours")
def test_without_the_key_one_clear_message_is_left(say: Say) -> None:
    said = say("providers", "list", **PUBLIC, ENCRYPTION_KEYS="")
    assert said.code == 2
    assert "ENCRYPTION_KEYS is not set" in said.err
